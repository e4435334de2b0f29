import { sql, type RawBuilder, type SqlBool } from "kysely";
import type { ColumnTypes, JsonSql } from "../engine.ts";
import { assertStorable } from "./values.ts";

/** https://www.postgresql.org/docs/current/functions-json.html */
export const postgresJson: JsonSql = {
  holdsAll(column: string, texts: readonly string[]): RawBuilder<SqlBool> {
    return sql<SqlBool>`(${sql.ref(column)}::jsonb @> ${JSON.stringify(texts)}::jsonb)`;
  },

  rows<T extends object>(rows: readonly T[], columns: ColumnTypes<T>): RawBuilder<T> {
    // Within JSON, U+0000 is an escape that the server would meet only later.
    assertStorable(rows.flatMap((row) => Object.values<unknown>(row as Record<string, unknown>)));
    const names = Object.keys(columns) as (keyof T & string)[];
    const types = names.map((name) => sql`${sql.id(name)} ${sql.raw(columns[name] === "integer" ? "int8" : "text")}`);
    return sql<T>`(
      select ${sql.join(names.map((name) => sql.id(name)))}
      from json_to_recordset(${JSON.stringify(rows)}::json) as given (${sql.join(types)})
    )`;
  },
};
