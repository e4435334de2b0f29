import type { Random } from "../../core/ports.ts";
import { isKeywardError, KeywardError } from "../../core/errors.ts";
import { mintId } from "../../core/token.ts";
import { type AppliedMigration, type KnownMigration, planMigrations } from "../migration-plan.ts";
import { DEPLOYMENT_ID } from "../settings.ts";
import type { PgClient } from "./pg-client.ts";
import { fromDriver, fromEngine, isConnectionLost, sqlState } from "./postgres-error.ts";
import type { StatementListener } from "./statements.ts";

/** Where the migrations lie: the same path from `src/store/postgres/` and from `dist/store/postgres/`. */
export const MIGRATIONS_FOLDER: URL = new URL("../../../migrations/postgres/", import.meta.url);

/** Beside the lock of the writers: a migration waits for none of them, and they may not wait for it. */
const MIGRATION_LOCK = "1262838610, 2";

/** How long a replica waits while another one migrates. */
const LOCK_TIMEOUT_MS = 120_000;
const LOCK_NOT_AVAILABLE = "55P03";

type QueryClient = Pick<PgClient, "query">;

/** The journal of a database; empty when nothing has been applied yet. */
export async function readJournal(client: QueryClient): Promise<readonly AppliedMigration[]> {
  if (!(await hasJournal(client))) {
    return [];
  }
  const { rows } = await client.query({
    text: `select name, checksum, applied_at as "appliedAt" from schema_migrations order by name`,
  });
  return rows as AppliedMigration[];
}

/**
 * Read from the catalog as from any table. `to_regclass` asks a cache of the server process, which within a transaction may
 * still know that there was none before the other replica, which was waited for, had made it.
 */
async function hasJournal(client: QueryClient): Promise<boolean> {
  const { rows } = await client.query({
    text: `select count(*) > 0 as is_there from pg_class
      where relname = 'schema_migrations' and relkind in ('r', 'p') and pg_table_is_visible(oid)`,
  });
  return (rows[0] as { readonly is_there: number }).is_there !== 0;
}

/**
 * Whether there are tables in the schema, but no journal of Keyward's. In one statement, which sees one moment: between two
 * of them another replica may have made both, and would be taken for another program.
 */
export async function isForeign(client: QueryClient): Promise<boolean> {
  const { rows } = await client.query({
    text: `select count(*) > 0 and not coalesce(bool_or(relname = 'schema_migrations'), false) as is_foreign
      from pg_class
      where relnamespace = to_regnamespace(quote_ident(current_schema())) and relkind in ('r', 'p')`,
  });
  return (rows[0] as { readonly is_foreign: number }).is_foreign !== 0;
}

/**
 * Brings the schema up to date, in one transaction under a lock: of any number of replicas that start at once one does it,
 * and a kill in the middle leaves the schema as it was.
 *
 * @param connection for this alone; closing it rolls back what has failed
 * @returns names of what was applied
 * @throws KeywardError `migration_failed`, `credential_store_unavailable` when another replica holds the lock too long
 */
export async function runMigrations(
  connection: QueryClient,
  known: readonly KnownMigration[],
  random: Random,
  onStatement: StatementListener = () => {},
): Promise<readonly string[]> {
  if (planMigrations(known, await readJournal(connection)).length === 0) {
    return [];
  }
  const client: QueryClient = {
    query(query) {
      onStatement(query.text);
      return connection.query(query);
    },
  };
  try {
    await client.query({
      text: `begin; set local lock_timeout = ${LOCK_TIMEOUT_MS}; set local statement_timeout = 0;
        select pg_advisory_xact_lock(${MIGRATION_LOCK})`,
      query_timeout: LOCK_TIMEOUT_MS + 1_000,
    });
    // Read again: another replica may have been at it while this one waited for the lock.
    const pending = planMigrations(known, await readJournal(client));
    if (pending.length > 0) {
      await applyMigrations(client, pending, random);
    }
    await client.query({ text: "commit" });
    return pending.map(({ name }) => name);
  } catch (error) {
    throw isKeywardError(error) ? error : failed(fromDriver(error));
  }
}

/** Within a transaction, in the first schema of the search path. */
export async function applyMigrations(
  client: QueryClient,
  pending: readonly KnownMigration[],
  random: Random,
): Promise<void> {
  await client.query({
    text: `create table if not exists schema_migrations (
      name text collate "C" not null primary key,
      checksum text collate "C" not null,
      applied_at int8 not null
    )`,
  });
  const now = "(extract(epoch from clock_timestamp()) * 1000)::int8";
  for (const { name, checksum, sql } of pending) {
    // However long it takes: whoever watches sees it in the server's list of activities.
    await client.query({ text: sql, query_timeout: 2 ** 31 - 1 });
    await client.query({
      text: `insert into schema_migrations (name, checksum, applied_at) values ($1, $2, ${now})`,
      values: [name, checksum],
    });
  }
  await client.query({
    text: `insert into settings (key, value, updated_at) values ($1, $2, ${now}) on conflict (key) do nothing`,
    values: [DEPLOYMENT_ID, mintId("dep", random)],
  });
}

function failed(cause: unknown): unknown {
  return isConnectionLost(cause) || sqlState(cause) === LOCK_NOT_AVAILABLE
    ? fromEngine(cause)
    : new KeywardError("migration_failed", { cause });
}
