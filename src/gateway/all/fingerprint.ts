import { createHash } from "node:crypto";
import type { JsonObject } from "../../core/json.ts";

interface Fingerprint {
  readonly digest: string;
  /** Characters of the list as JSON. */
  readonly length: number;
}

const known = new WeakMap<readonly JsonObject[], Fingerprint>();

/** What tells two lists apart; worked out once for each list object, which is never changed. */
export function fingerprintOf(items: readonly JsonObject[]): Fingerprint {
  const before = known.get(items);
  if (before !== undefined) {
    return before;
  }
  const text = JSON.stringify(items);
  const fingerprint = { digest: createHash("sha256").update(text).digest("base64"), length: text.length };
  known.set(items, fingerprint);
  return fingerprint;
}

export function isSameList(a: readonly JsonObject[], b: readonly JsonObject[]): boolean {
  return a === b || fingerprintOf(a).digest === fingerprintOf(b).digest;
}
