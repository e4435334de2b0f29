import { KeywardError } from "../core/errors.ts";
import type { Logger, Random, Sealed, SealContext, Vault } from "../core/ports.ts";
import type { Secret } from "../core/secret.ts";
import type { WrappedKey } from "../core/store-port.ts";
import type { TokenPurpose } from "../core/token.ts";
import { associatedData } from "./associated-data.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import { type KeyRing, shownId } from "./keyring.ts";

/** What an operator may know of the keys: names and states, nothing of the keys themselves. */
export interface VaultStatus {
  /** The key-encryption key that is configured now. */
  readonly kekId: string;
  readonly keys: readonly Pick<WrappedKey, "id" | "kind" | "state" | "kekId">[];
  /** `ok`: opened with these keys. `none`: there has been no first start yet. A check that fails is an error instead. */
  readonly keycheck: "ok" | "none";
}

/**
 * The Vault port over a key ring in memory: AES-256-GCM under the data keys, bound to context, deployment and key.
 * Everything is in private fields, which neither inspection nor JSON shows. Made by `openVault`.
 */
export class KeyringVault implements Vault {
  readonly #ring: KeyRing;
  readonly #deploymentId: string;
  readonly #status: VaultStatus;
  readonly #random: Random;
  readonly #logger: Logger;

  constructor(
    ring: KeyRing,
    deploymentId: string,
    status: VaultStatus,
    ports: { readonly random: Random; readonly logger: Logger },
  ) {
    this.#ring = ring;
    this.#deploymentId = deploymentId;
    this.#status = status;
    this.#random = ports.random;
    this.#logger = ports.logger;
  }

  seal(plaintext: Uint8Array, context: SealContext): Sealed {
    const { currentKey } = this.#ring;
    const bound = associatedData(context, this.#deploymentId, currentKey.id);
    return { keyId: currentKey.id, envelope: sealEnvelope(currentKey, this.#random, plaintext, bound) };
  }

  open({ keyId, envelope }: Sealed, context: SealContext): Uint8Array {
    const key = this.#ring.dataKey(keyId);
    if (key === undefined) {
      this.#logger.debug("sealed_value_key_unknown", { key_id: shownId(keyId) });
      throw new KeywardError("credential_unreadable");
    }
    return openEnvelope(key, envelope, associatedData(context, this.#deploymentId, key.id));
  }

  digest(purpose: TokenPurpose, token: Secret<string>): string {
    return this.#ring.mac(purpose, token.reveal());
  }

  status(): VaultStatus {
    return this.#status;
  }
}
