import { createSecretKey, type KeyObject } from "node:crypto";
import { KeywardError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";
import type { Secret } from "../core/secret.ts";

/** Bytes of every key of Keyward: key-encryption, data and digest keys. */
export const KEY_BYTES = 32;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const BASE64URL = /^[A-Za-z0-9_-]*={0,2}$/;
const HOW_TO_MAKE_ONE = "Make one with `keyward vault generate-key`.";

/** A new key-encryption key as text: base64 of 32 random bytes, 44 characters. */
export function generateKey(random: Random): string {
  return Buffer.from(random.bytes(KEY_BYTES)).toString("base64");
}

/**
 * Reads a key-encryption key: base64 (standard alphabet, with padding) of exactly 32 bytes, and no other form. There is
 * no passphrase: what is derived from one can be guessed from a stolen database.
 *
 * @param source names the setting or file in the error
 * @throws KeywardError `encryption_key_invalid`: says what is wrong and how many bytes there are, never the text
 */
export function parseKeyText(text: Secret<string>, source: string): KeyObject {
  const typed = text.reveal();
  if (!BASE64.test(typed)) {
    throw BASE64URL.test(typed)
      ? invalidKey(source, "is in the URL-safe alphabet; write + for - and / for _")
      : invalidKey(source, `is not base64 (${typed.length} characters); a passphrase is not accepted`);
  }
  const bytes = Buffer.from(typed, "base64");
  try {
    if (bytes.length !== KEY_BYTES) {
      throw invalidKey(source, `has ${bytes.length} bytes`);
    }
    if (bytes.toString("base64") !== typed) {
      throw invalidKey(source, "has 32 bytes, but not in canonical base64: 44 characters, the last one =");
    }
    return createSecretKey(bytes);
  } finally {
    bytes.fill(0);
  }
}

function invalidKey(source: string, what: string): KeywardError {
  return new KeywardError("encryption_key_invalid", {
    message: `${source} ${what}. A key is the base64 of exactly ${KEY_BYTES} random bytes. ${HOW_TO_MAKE_ONE}`,
  });
}
