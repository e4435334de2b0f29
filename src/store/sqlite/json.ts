import { sql, type RawBuilder, type SqlBool } from "kysely";
import type { ColumnTypes, JsonSql } from "../engine.ts";

/** https://sqlite.org/json1.html */
export const sqliteJson: JsonSql = {
  holdsAll(column: string, texts: readonly string[]): RawBuilder<SqlBool> {
    return sql<SqlBool>`(not exists (
      select 1 from json_each(${JSON.stringify(texts)}) as wanted
      where wanted.value not in (select held.value from json_each(${sql.ref(column)}) as held)
    ))`;
  },

  rows<T extends object>(rows: readonly T[], columns: ColumnTypes<T>): RawBuilder<T> {
    const fields = Object.keys(columns).map((column) => sql`value ->> ${sql.lit(`$.${column}`)} as ${sql.id(column)}`);
    return sql<T>`(select ${sql.join(fields)} from json_each(${JSON.stringify(rows)}))`;
  },
};
