import { createHmac, type KeyObject } from "node:crypto";
import { KeywardError } from "../../core/errors.ts";
import type { Random } from "../../core/ports.ts";
import { associatedData } from "../associated-data.ts";
import { type EnvelopeKey, openEnvelope, sealEnvelope } from "../envelope.ts";
import type { KeyContext, KeyEncryption } from "./key-encryption.ts";

const ID_LABEL = "keyward/key-encryption-key-id/v1";
const ID_HEX_LENGTH = 16;

/** A key-encryption key in this process. It wraps with the same envelope as values, the context authenticated. */
export class LocalKeyEncryption implements KeyEncryption {
  readonly id: string;
  readonly #key: EnvelopeKey;
  readonly #random: Random;

  constructor(key: KeyObject, random: Random) {
    this.id = `kek_${createHmac("sha256", key).update(ID_LABEL).digest("hex").slice(0, ID_HEX_LENGTH)}`;
    this.#key = { id: this.id, key };
    this.#random = random;
  }

  async wrap(key: Uint8Array, context: KeyContext): Promise<Uint8Array> {
    return sealEnvelope(this.#key, this.#random, key, this.#bind(context));
  }

  async unwrap(wrapped: Uint8Array, context: KeyContext): Promise<Uint8Array> {
    try {
      return openEnvelope(this.#key, wrapped, this.#bind(context));
    } catch {
      throw new KeywardError("encryption_key_wrong");
    }
  }

  #bind({ purpose, deploymentId, keyId }: KeyContext): Uint8Array {
    return associatedData({ purpose, fields: [keyId] }, deploymentId, this.id);
  }
}
