import type { Sealed } from "./ports.ts";

/** A data key as it lies in the store: wrapped by the key-encryption key. */
export interface WrappedKey {
  readonly id: string;
  /** `data` keys seal values, the `digest` key makes token digests. */
  readonly kind: "data" | "digest";
  readonly wrapped: Uint8Array;
  readonly kekId: string;
  /** A retired key has no bytes any more: `wrapped` is empty. */
  readonly state: "current" | "readable" | "retired";
  readonly createdAt: number;
  /** Values sealed under it, as far as they were counted. */
  readonly seals: number;
  /** The same key, wrapped by the key-encryption key that is to come; null unless one is staged. */
  readonly staged: { readonly kekId: string; readonly wrapped: Uint8Array } | null;
}

/** A key that was just made. */
export type NewKey = Pick<WrappedKey, "id" | "kind" | "wrapped" | "kekId" | "state">;

/** What has to be known of a database to open its keys. */
export interface KeyReader {
  /** Random at the first migration: a row copied from another deployment does not open. */
  deploymentId(): Promise<string>;
  listKeys(): Promise<readonly WrappedKey[]>;
  /** The sealed known plaintext that is opened at each start; null before the first. */
  readKeycheck(): Promise<Sealed | null>;
  /** Whether any row is sealed: then a missing key must stop the start rather than make a new one. */
  hasSealedRows(): Promise<boolean>;
}

/** What the key ring needs of a store. Written at the first start only, before there is a vault. */
export interface KeyStore extends KeyReader {
  /** First start: keys and keycheck in one transaction. Two racers: one wins, the other reads what the winner wrote. @returns whether this call won */
  installKeys(keys: readonly NewKey[], keycheck: Sealed): Promise<boolean>;
}
