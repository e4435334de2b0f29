import { sql, type RawBuilder, type SqlBool } from "kysely";
import { isKeywardError } from "../core/errors.ts";
import type { Engine } from "./engine.ts";

/** A use is noted at most once in this time: a write for each call would cost more than the call. */
const TOUCH_INTERVAL_MS = 60_000;

/** Best effort: a use that cannot be noted is still a use. The row is read first, so that most calls write nothing. */
export async function touch(engine: Engine, table: "header_credentials" | "virtual_keys", id: string): Promise<void> {
  try {
    const due = await engine.read((db, now) =>
      sql`select 1 from ${sql.table(table)} where id = ${id} and ${isDue(now)}`.execute(db),
    );
    if (due.rows.length > 0) {
      await engine.write(({ db, now }) =>
        sql`update ${sql.table(table)} set last_used_at = ${now} where id = ${id} and ${isDue(sql.val(now))}`.execute(
          db,
        ),
      );
    }
  } catch (error) {
    if (!isKeywardError(error, "credential_store_unavailable")) {
      throw error;
    }
  }
}

function isDue(now: RawBuilder<number>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(last_used_at is null or last_used_at <= ${now} - ${TOUCH_INTERVAL_MS})`;
}
