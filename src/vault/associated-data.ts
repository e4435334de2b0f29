import type { SealContext } from "../core/ports.ts";

const BYTES_PER_UNIT = 2;

/**
 * Each field as its length (4 bytes, big-endian) and its UTF-16 units: two different lists never give the same bytes.
 *
 * Length-prefixed, because joined with a separator `a:b` + `c` meets `a` + `b:c`. UTF-16, because UTF-8 writes every
 * lone surrogate as U+FFFD, so that two different strings would meet.
 */
export function encodeFields(fields: readonly string[]): Buffer {
  let text = "";
  for (const field of fields) {
    const length = field.length * BYTES_PER_UNIT;
    text += unitOf(length >>> 16) + unitOf(length & 0xffff) + field;
  }
  // All at once: a call into the engine for each field costs more than the rest.
  return Buffer.from(text, "utf16le");
}

/** The UTF-16 unit that little-endian writes as these 16 bits big-endian. */
function unitOf(bits: number): string {
  return String.fromCharCode(((bits & 0xff) << 8) | (bits >>> 8));
}

/** What is authenticated with a ciphertext: purpose, deployment id, the context's fields, id of the sealing key. */
export function associatedData(
  context: { readonly purpose: SealContext["purpose"] | "data_key" | "digest_key"; readonly fields: readonly string[] },
  deploymentId: string,
  keyId: string,
): Buffer {
  return encodeFields([context.purpose, deploymentId, ...context.fields, keyId]);
}
