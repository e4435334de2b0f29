import type { SealContext } from "../core/ports.ts";

const LENGTH_BYTES = 4;
const BYTES_PER_UNIT = 2;

/**
 * Each field as its length (4 bytes, big-endian) and its UTF-16 units: two different lists never give the same bytes.
 *
 * Length-prefixed, because joined with a separator `a:b` + `c` meets `a` + `b:c`. UTF-16, because UTF-8 writes every
 * lone surrogate as U+FFFD, so that two different strings would meet.
 */
export function encodeFields(fields: readonly string[]): Buffer {
  let size = 0;
  for (const field of fields) {
    size += LENGTH_BYTES + field.length * BYTES_PER_UNIT;
  }
  const bytes = Buffer.alloc(size);
  let at = 0;
  for (const field of fields) {
    at = bytes.writeUInt32BE(field.length * BYTES_PER_UNIT, at);
    at += bytes.write(field, at, "utf16le");
  }
  return bytes;
}

/** What is authenticated with a ciphertext: purpose, deployment id, the context's fields, id of the sealing key. */
export function associatedData(
  context: { readonly purpose: SealContext["purpose"] | "data_key" | "digest_key"; readonly fields: readonly string[] },
  deploymentId: string,
  keyId: string,
): Buffer {
  return encodeFields([context.purpose, deploymentId, ...context.fields, keyId]);
}
