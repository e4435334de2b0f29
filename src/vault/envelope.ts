import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { KeywardError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";

/*
 * An envelope: 0x01 | key id length (1), key id | iv (12) | tag (16) | ciphertext.
 * AES-256-GCM with random 96-bit nonces: at most 2^32 seals under one key (NIST SP 800-38D section 8.3).
 */

const FORMAT = 0x01;
const FORMAT_OFFSET = 0;
const KEY_ID_LENGTH_OFFSET = 1;
const KEY_ID_OFFSET = 2;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const CIPHER = "aes-256-gcm";
// Without it Node takes tags of 4 bytes and up, which a forger guesses in 2^32 tries.
const CIPHER_OPTIONS = { authTagLength: TAG_BYTES } as const;

/** A 256-bit key and the name under which an envelope refers to it: 1 to 255 ASCII characters. */
export interface EnvelopeKey {
  readonly id: string;
  readonly key: KeyObject;
}

function offsetsOf(keyId: string): { readonly iv: number; readonly tag: number; readonly ciphertext: number } {
  const iv = KEY_ID_OFFSET + keyId.length;
  return { iv, tag: iv + IV_BYTES, ciphertext: iv + IV_BYTES + TAG_BYTES };
}

export function sealEnvelope(
  { id, key }: EnvelopeKey,
  random: Random,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  const iv = random.bytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, CIPHER_OPTIONS);
  cipher.setAAD(associatedData);
  const ciphertext = cipher.update(plaintext);
  cipher.final();

  const offsets = offsetsOf(id);
  const envelope = Buffer.alloc(offsets.ciphertext + ciphertext.length);
  envelope[FORMAT_OFFSET] = FORMAT;
  envelope[KEY_ID_LENGTH_OFFSET] = id.length;
  envelope.write(id, KEY_ID_OFFSET, "latin1");
  envelope.set(iv, offsets.iv);
  envelope.set(cipher.getAuthTag(), offsets.tag);
  envelope.set(ciphertext, offsets.ciphertext);
  return envelope;
}

/**
 * @param key the key that the envelope has to name
 * @throws KeywardError `credential_unreadable`, the same whatever is wrong: a reader who can tell a bad tag from a bad
 *   length has an oracle
 */
export function openEnvelope(key: EnvelopeKey, envelope: Uint8Array, associatedData: Uint8Array): Uint8Array {
  try {
    return decipher(key, envelope, associatedData);
  } catch {
    throw new KeywardError("credential_unreadable");
  }
}

function decipher({ id, key }: EnvelopeKey, envelope: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const offsets = offsetsOf(id);
  if (!namesKey(envelope, id) || envelope.length < offsets.ciphertext) {
    throw new KeywardError("credential_unreadable");
  }
  const cipher = createDecipheriv(CIPHER, key, envelope.subarray(offsets.iv, offsets.tag), CIPHER_OPTIONS);
  cipher.setAAD(associatedData);
  cipher.setAuthTag(envelope.subarray(offsets.tag, offsets.ciphertext));
  const plaintext = cipher.update(envelope.subarray(offsets.ciphertext));
  // Compares the tag: nothing may look at the plaintext before.
  cipher.final();
  return plaintext;
}

function namesKey(envelope: Uint8Array, id: string): boolean {
  if (envelope[FORMAT_OFFSET] !== FORMAT || envelope[KEY_ID_LENGTH_OFFSET] !== id.length) {
    return false;
  }
  for (let i = 0; i < id.length; i += 1) {
    if (envelope[KEY_ID_OFFSET + i] !== id.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}
