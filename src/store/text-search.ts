import { sql, type RawBuilder, type SqlBool } from "kysely";

/** Whether the column holds that text somewhere, whatever the letter case. */
export function holdsText(column: string, text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  return sql<SqlBool>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`;
}
