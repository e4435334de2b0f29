/**
 * What a wrapped key is bound to: wrapped for one context, a key opens in no other. A row of another deployment, or a
 * digest key put in the place of a data key, does not unwrap.
 */
export interface KeyContext {
  readonly purpose: "data_key" | "digest_key";
  readonly deploymentId: string;
  readonly keyId: string;
}

/** The key-encryption key, or the service that holds it. It wraps the few keys that lie in the database. */
export interface KeyEncryption {
  /** Tells one key-encryption key from another and reveals nothing of it. */
  readonly id: string;
  /**
   * @param key 32 bytes
   * @throws KeywardError `credential_store_unavailable` when the service cannot be asked: the same may succeed later;
   *   `encryption_key_invalid` when its answer makes no sense
   */
  wrap(key: Uint8Array, context: KeyContext): Promise<Uint8Array>;
  /**
   * @returns bytes that are the caller's own: it overwrites them after use
   * @throws KeywardError `encryption_key_wrong` when this key-encryption key did not wrap it for this context;
   *   otherwise as `wrap`
   */
  unwrap(wrapped: Uint8Array, context: KeyContext): Promise<Uint8Array>;
}
