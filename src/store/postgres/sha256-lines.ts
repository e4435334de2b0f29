import { sql, type RawBuilder } from "kysely";

/** By the lines themselves, byte by byte: the order in which they come is not PostgreSQL's to keep. */
export function sha256OfLines(line: RawBuilder<string>): RawBuilder<string> {
  return sql<string>`encode(sha256(convert_to(
    coalesce(string_agg(${line} || chr(10), '' order by ${line} collate "C"), ''), 'UTF8'
  )), 'hex')`;
}
