import { createHash } from "node:crypto";

/** The hash of `audit-subjects.ts` over the subjects of an event, of rows that have been read, one after the other. */
export class SubjectHash {
  readonly #hash = createHash("sha256");

  add(row: { readonly credential_id: string; readonly effect: string }): void {
    this.#hash.update(`${row.credential_id} ${row.effect}\n`);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}
