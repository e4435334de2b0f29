import { createHash, type Hash } from "node:crypto";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { sql, type RawBuilder } from "kysely";

/** SQLite has no hash of its own; this one runs in the thread of the connection, so no row is carried to be hashed. */
export function defineSha256OfLines(database: DatabaseSync): void {
  // Between the rows SQLite keeps whatever it is given; the types know of values only.
  const kept = (hash: Hash): SQLInputValue => hash as unknown as SQLInputValue;
  const taken = (value: SQLInputValue): Hash => value as unknown as Hash;
  database.aggregate("keyward_sha256_lines", {
    deterministic: true,
    start: () => kept(createHash("sha256")),
    step: (value, line) => kept(taken(value).update(`${String(line)}\n`)),
    result: (value) => taken(value).digest("hex"),
  });
}

export function sha256OfLines(line: RawBuilder<string>): RawBuilder<string> {
  return sql<string>`keyward_sha256_lines(${line})`;
}
