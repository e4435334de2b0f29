import { isKeywardError, KeywardError } from "../core/errors.ts";
import type { Logger, Random, Sealed, SealContext, Vault } from "../core/ports.ts";
import type { Secret } from "../core/secret.ts";
import type { TokenPurpose } from "../core/token.ts";
import { associatedData } from "./associated-data.ts";
import { type EnvelopeKey, openEnvelope, sealEnvelope } from "./envelope.ts";
import { type KeyRing, shownId } from "./keyring.ts";

export interface KeyringVaultOptions {
  readonly ring: KeyRing;
  readonly deploymentId: string;
  /** The keys as the store has them now. Keys that are known are not unwrapped again. */
  readonly load: (known: KeyRing) => Promise<KeyRing>;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * The Vault port over a key ring in memory: AES-256-GCM under the data keys, bound to context, deployment and key.
 * Everything is in private fields, which neither inspection nor JSON shows. Made by `openVault`.
 *
 * Another process may rotate and retire keys at any moment. `refresh` takes over what it did; a value under a key that is
 * not known yet makes the vault look at once. A failed look changes nothing and is not remembered.
 */
export class KeyringVault implements Vault {
  readonly #deploymentId: string;
  readonly #load: KeyringVaultOptions["load"];
  readonly #random: Random;
  readonly #logger: Logger;
  #ring: KeyRing;
  /** What was retired since the last `refresh`. A value that was read before it was re-sealed may still be on its way here. */
  #fading: KeyRing | null = null;
  #looking: Promise<void> | null = null;
  #seals = new Map<string, number>();

  constructor({ ring, deploymentId, load, random, logger }: KeyringVaultOptions) {
    this.#ring = ring;
    this.#deploymentId = deploymentId;
    this.#load = load;
    this.#random = random;
    this.#logger = logger;
  }

  /** Id of the data key that seals. */
  currentKeyId(): string {
    return this.#ring.currentKey.id;
  }

  seal(plaintext: Uint8Array, context: SealContext): Sealed {
    const { currentKey } = this.#ring;
    const bound = associatedData(context, this.#deploymentId, currentKey.id);
    this.#seals.set(currentKey.id, (this.#seals.get(currentKey.id) ?? 0) + 1);
    return { keyId: currentKey.id, envelope: sealEnvelope(currentKey, this.#random, plaintext, bound) };
  }

  open(sealed: Sealed, context: SealContext): Uint8Array | Promise<Uint8Array> {
    const key = this.#find(sealed.keyId);
    return key === undefined ? this.#openUnderNewKey(sealed, context) : this.#open(key, sealed, context);
  }

  digest(purpose: TokenPurpose, token: Secret<string>): string {
    return this.#ring.mac(purpose, token.reveal());
  }

  /**
   * Takes over what was rotated or retired since. To be called again and again, as long as the process lives.
   * @throws KeywardError what the store or the key encryption throw; everything stays as it was
   */
  async refresh(): Promise<void> {
    const faded = this.#fading;
    await this.#look();
    if (this.#fading === faded) {
      this.#fading = null;
    }
  }

  /** How many values were sealed since the last call, by key. */
  takeSeals(): ReadonlyMap<string, number> {
    const taken = this.#seals;
    this.#seals = new Map();
    return taken;
  }

  /** Callers at the same time share one look. */
  #look(): Promise<void> {
    this.#looking ??= this.#takeOver().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #takeOver(): Promise<void> {
    const before = this.#ring;
    const ring = await this.#load(before);
    if (ring.currentKey.id !== before.currentKey.id) {
      this.#logger.info("vault_key_rotated", { data_key_id: shownId(ring.currentKey.id) });
    }
    if (before.dataKeyIds.some((id) => ring.dataKey(id) === undefined)) {
      this.#fading = before;
    }
    this.#ring = ring;
  }

  #find(id: string): EnvelopeKey | undefined {
    return this.#ring.dataKey(id) ?? this.#fading?.dataKey(id);
  }

  #open(key: EnvelopeKey, { envelope }: Sealed, context: SealContext): Uint8Array {
    return openEnvelope(key, envelope, associatedData(context, this.#deploymentId, key.id));
  }

  async #openUnderNewKey(sealed: Sealed, context: SealContext): Promise<Uint8Array> {
    try {
      await this.#look();
    } catch (error) {
      const code = isKeywardError(error) ? error.code : "internal";
      this.#logger.error("vault_refresh_failed", { code, key_id: shownId(sealed.keyId) });
      // Nobody knows whether the key is there: the same may open in a moment.
      throw new KeywardError("credential_store_unavailable", { cause: error });
    }
    const key = this.#find(sealed.keyId);
    if (key === undefined) {
      this.#logger.debug("sealed_value_key_unknown", { key_id: shownId(sealed.keyId) });
      throw new KeywardError("credential_unreadable");
    }
    return this.#open(key, sealed, context);
  }
}
