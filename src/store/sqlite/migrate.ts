import { isKeywardError, KeywardError } from "../../core/errors.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { mintId } from "../../core/token.ts";
import { type AppliedMigration, type KnownMigration, planMigrations } from "../migration-plan.ts";
import { DEPLOYMENT_ID } from "../settings.ts";
import { whileBusy } from "./busy.ts";
import type { SqliteConnection } from "./connection.ts";
import { isBusy, isUnwritten } from "./sqlite-error.ts";

/** Where the migrations lie: the same path from `src/store/sqlite/` and from `dist/store/sqlite/`. */
export const MIGRATIONS_FOLDER: URL = new URL("../../../migrations/sqlite/", import.meta.url);

/** The journal of a database; empty when nothing has been applied yet. */
export function readJournal(connection: SqliteConnection): readonly AppliedMigration[] {
  const [journal] = connection.run("select 1 from sqlite_schema where name = 'schema_migrations'", []).rows;
  if (journal === undefined) {
    return [];
  }
  return connection.run("select name, checksum, applied_at as appliedAt from schema_migrations order by name", [])
    .rows as AppliedMigration[];
}

/** Whether there is something in the database that no migration of Keyward has put there. */
export function isForeign(connection: SqliteConnection): boolean {
  const { rows } = connection.run(
    `select 1 from sqlite_schema
     where not exists (select 1 from sqlite_schema where name = 'schema_migrations') limit 1`,
    [],
  );
  return rows.length > 0;
}

/**
 * Brings the schema up to date, in one transaction under the write lock: of any number of processes that start at once
 * one does it, and a kill in the middle leaves the schema as it was. When it fails, close the connection: that rolls back.
 *
 * @returns names of what was applied
 * @throws KeywardError `migration_failed`, `credential_store_unavailable` when another process holds the lock too long
 */
export async function runMigrations(
  connection: SqliteConnection,
  known: readonly KnownMigration[],
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<readonly string[]> {
  if (planMigrations(known, readJournal(connection)).length === 0) {
    return [];
  }
  try {
    await whileBusy(clock, () => {
      connection.exec("begin immediate");
    });
    // Read again: another process may have been at it while this one waited for the lock.
    const pending = planMigrations(known, readJournal(connection));
    apply(connection, pending, clock.now(), random);
    connection.exec("commit");
    return pending.map(({ name }) => name);
  } catch (error) {
    throw isKeywardError(error) ? error : failed(error);
  }
}

function apply(connection: SqliteConnection, pending: readonly KnownMigration[], now: number, random: Random): void {
  connection.exec(`create table if not exists schema_migrations (
    name text not null primary key,
    checksum text not null,
    applied_at integer not null
  ) strict, without rowid`);
  for (const { name, checksum, sql } of pending) {
    connection.exec(sql);
    connection.run("insert into schema_migrations (name, checksum, applied_at) values (?, ?, ?)", [
      name,
      checksum,
      now,
    ]);
  }
  connection.run("insert into settings (key, value, updated_at) values (?, ?, ?) on conflict (key) do nothing", [
    DEPLOYMENT_ID,
    mintId("dep", random),
    now,
  ]);
}

function failed(cause: unknown): KeywardError {
  if (isUnwritten(cause)) {
    return new KeywardError("store_unusable", {
      message:
        "The disk has no room for the database, or cannot be written. Make room, then start again: nothing was changed.",
      cause,
    });
  }
  return isBusy(cause)
    ? new KeywardError("credential_store_unavailable", { cause })
    : new KeywardError("migration_failed", { cause });
}
