import type { Dialect, Driver } from "kysely";
import { KeywardError } from "../../core/errors.ts";
import type { Clock, Logger, Random } from "../../core/ports.ts";
import type { Secret } from "../../core/secret.ts";
import { readMigrations } from "../migration-files.ts";
import type { Engine } from "../engine.ts";
import { type AppliedMigration, planMigrations } from "../migration-plan.ts";
import { type SignInDatabase, signInDatabase } from "../sign-in-database.ts";
import { createSqlStore, type SqlStore } from "../sql-store.ts";
import { Announcements, type StoredListener } from "./announcements.ts";
import { connectionOptions, Connections } from "./connections.ts";
import { PostgresDialect } from "./dialect.ts";
import { isForeign, MIGRATIONS_FOLDER, readJournal, runMigrations } from "./migrate.ts";
import type { PgClient, PgDriver } from "./pg-client.ts";
import { PostgresEngine } from "./postgres-engine.ts";
import { fromDriver, fromEngine, isComing, sqlState } from "./postgres-error.ts";
import { postgresSchemaDrift } from "./schema-drift.ts";
import { Statements, type StatementListener } from "./statements.ts";

/** All ports on one PostgreSQL database. Any number of them, in one process or many, may be open on the same one. */
export type PostgresStore = SqlStore;

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`. PostgreSQL 14 or newer, encoding UTF8. */
  readonly url: Secret<string>;
  /** Timers only: the server's clock judges expiry. */
  readonly clock: Clock;
  /** Source of credential ids and of the deployment id. */
  readonly random: Random;
  readonly logger?: Logger;
  /** Told the text of each statement before it runs, for counting: placeholders, never values. */
  readonly onStatement?: StatementListener;
  /** Another folder of migrations, for tests of upgrades. */
  readonly migrations?: URL;
  /** For tests, which cannot move the server's clock: what stands in for it. Default: the server's own. */
  readonly serverTime?: () => number;
}

/** A store, and the part of it that the sign-in library works on. Closing the store closes both. */
interface OpenedPostgres {
  readonly store: PostgresStore;
  readonly signInDatabase: SignInDatabase;
  /** For what is done to whole tables. */
  readonly engine: Engine;
  /** @returns ends the subscription */
  readonly onStoredElsewhere: (listener: StoredListener) => () => void;
}

export interface PostgresMigrationStatus {
  readonly applied: readonly AppliedMigration[];
  /** Names, in the order in which they will be applied. */
  readonly pending: readonly string[];
}

/** PostgreSQL 14. */
const OLDEST_VERSION = 140_000;

/** A database that starts beside the gateway is waited for so long, and tried again after each pause. */
const AWAIT_MS = 30_000;
const CONNECT_PAUSE_MS = 1_000;

/**
 * Opens the store and brings its schema up to date. Waits for a server that does not answer yet for half a minute.
 *
 * @throws KeywardError `store_unusable` with the address and what to do, never with the password; `migration_failed`;
 *   `credential_store_unavailable` when another replica migrates for longer than two minutes
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  return (await openPostgres(options)).store;
}

/** @throws KeywardError like `openPostgresStore` */
export async function openPostgres(options: PostgresStoreOptions): Promise<OpenedPostgres> {
  const { clock, random, logger, onStatement, serverTime = null } = options;
  await migratePostgres(options);
  const statements = new Statements(onStatement);
  const driver = await loadDriver();
  const url = options.url.reveal();
  const ports = { clock, random, logger };
  const connections = new Connections(driver, url, statements, ports);
  const announcements = new Announcements(() => new driver.Client(connectionOptions(url)), ports);
  const engine = new PostgresEngine({ connections, announcements, statements, clock, random, logger, serverTime });
  const dialectOf = (driver: Driver): Dialect => new PostgresDialect(driver);
  return {
    store: createSqlStore(engine),
    signInDatabase: signInDatabase(engine, dialectOf),
    engine,
    onStoredElsewhere: (listener) => announcements.subscribe(listener),
  };
}

/**
 * Brings the schema of a database up to date.
 * @returns names of the migrations that were applied
 * @throws KeywardError like `openPostgresStore`
 */
export function migratePostgres(options: PostgresStoreOptions): Promise<readonly string[]> {
  const known = readMigrations(options.migrations ?? MIGRATIONS_FOLDER);
  return withClient(options, async (client) => {
    await assertUsable(client, options.url);
    return runMigrations(client, known, options.random);
  });
}

/**
 * What a migration would do. Changes nothing.
 * @throws KeywardError `store_unusable`; `migration_failed` when the database cannot be migrated by this program
 */
export function postgresMigrationStatus(
  options: Pick<PostgresStoreOptions, "url" | "clock" | "logger" | "migrations">,
): Promise<PostgresMigrationStatus> {
  const known = readMigrations(options.migrations ?? MIGRATIONS_FOLDER);
  return withClient(options, async (client) => {
    await assertUsable(client, options.url);
    const applied = await readJournal(client);
    return { applied, pending: planMigrations(known, applied).map(({ name }) => name) };
  });
}

/** @returns names of what is not as the migrations have made it; null when the user may not create what it is compared with */
export function postgresDrift(
  options: Pick<PostgresStoreOptions, "url" | "clock" | "random" | "logger">,
): Promise<readonly string[] | null> {
  return withClient(options, (client) =>
    postgresSchemaDrift(client, readMigrations(MIGRATIONS_FOLDER), options.random),
  );
}

async function withClient<T>(
  options: Pick<PostgresStoreOptions, "url" | "clock" | "logger">,
  work: (client: PgClient) => Promise<T>,
): Promise<T> {
  const client = await connect(options);
  try {
    return await work(client);
  } catch (error) {
    throw fromEngine(fromDriver(error));
  } finally {
    await client.end();
  }
}

async function connect({
  url,
  clock,
  logger,
}: Pick<PostgresStoreOptions, "url" | "clock" | "logger">): Promise<PgClient> {
  const { Client } = await loadDriver();
  const end = clock.now() + AWAIT_MS;
  for (let attempt = 1; ; attempt += 1) {
    const client = new Client(connectionOptions(url.reveal()));
    // Whatever runs on it fails then.
    client.on("error", () => {});
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (!isComing(error) || clock.now() > end) {
        throw unusable(url, `cannot be connected to: ${whyNot(error)}`, error);
      }
      logger?.warn("database_awaited", { attempt });
    }
    await new Promise<void>((resolve) => {
      clock.schedule(CONNECT_PAUSE_MS, resolve);
    });
  }
}

/** In Keyward's own words: the driver's could quote what was configured. */
function whyNot(error: unknown): string {
  const state = sqlState(error) ?? "";
  if (state.startsWith("28")) {
    return "it refuses the user or the password. Check KEYWARD_DATABASE_URL";
  }
  if (state === "3D000") {
    return "it has no such database. Create it: Keyward creates only its tables";
  }
  return "it does not answer. Check its address, its network and that it runs";
}

async function assertUsable(client: PgClient, url: Secret<string>): Promise<void> {
  const { rows } = await client.query({
    text: `select current_setting('server_version_num')::int4 as version,
      current_setting('server_encoding') as encoding, current_schema() as schema`,
  });
  const server = rows[0] as { readonly version: number; readonly encoding: string; readonly schema: string | null };
  if (server.version < OLDEST_VERSION) {
    throw unusable(url, "is older than PostgreSQL 14. Upgrade it");
  }
  if (server.encoding !== "UTF8") {
    throw unusable(url, "does not hold UTF-8. Create one with ENCODING 'UTF8'");
  }
  if (server.schema === null) {
    throw unusable(url, "has no schema on the search path of its user. Grant one");
  }
  if (await isForeign(client)) {
    throw unusable(url, "holds tables of another program. Name a database, or a schema, of its own for Keyward");
  }
}

function unusable(url: Secret<string>, what: string, cause?: unknown): KeywardError {
  return new KeywardError("store_unusable", { message: `The database ${addressOf(url)} ${what}.`, cause });
}

/** Host, port and name: no user, no password, no option. */
function addressOf(url: Secret<string>): string {
  try {
    const { host, pathname } = new URL(url.reveal());
    return `${host}${pathname}`;
  } catch {
    return "of KEYWARD_DATABASE_URL";
  }
}

/** Only where it is needed: an embedded database starts without it. */
async function loadDriver(): Promise<PgDriver> {
  const { Client, Pool } = await import("pg");
  return { Client, Pool };
}
