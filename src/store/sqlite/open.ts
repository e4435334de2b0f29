import type { Dialect, Driver } from "kysely";
import type { Clock, Logger, Random } from "../../core/ports.ts";
import { readMigrations } from "../migration-files.ts";
import type { Engine } from "../engine.ts";
import { type AppliedMigration, planMigrations } from "../migration-plan.ts";
import { type SignInDatabase, signInDatabase } from "../sign-in-database.ts";
import { createSqlStore, type SqlStore } from "../sql-store.ts";
import { whileBusy } from "./busy.ts";
import { SqliteConnection, type StatementListener } from "./connection.ts";
import { FileWatch, findDatabaseFile, prepareDatabaseFile, unusable } from "./database-file.ts";
import { NodeSqliteDialect } from "./dialect.ts";
import { isForeign, MIGRATIONS_FOLDER, readJournal, runMigrations } from "./migrate.ts";
import { CONNECTION_PRAGMAS } from "./pragmas.ts";
import { isBusy, sqliteCode } from "./sqlite-error.ts";
import { SqliteEngine } from "./sqlite-engine.ts";
import { ThreadedConnection } from "./threaded-connection.ts";

/** All ports on one SQLite file. Any number of them, in one process or many, may be open on the same file. */
export type SqliteStore = SqlStore;

export interface SqliteStoreOptions {
  /** A file on a local disk. It and missing folders are created, readable by their owner only. */
  readonly path: string;
  /** Judges expiry. */
  readonly clock: Clock;
  /** Source of credential ids and of the deployment id. */
  readonly random: Random;
  readonly logger?: Logger;
  /** Told the text of each statement before it runs, for counting: placeholders, never values. */
  readonly onStatement?: StatementListener;
  /** Another folder of migrations, for tests of upgrades. */
  readonly migrations?: URL;
}

/** A store, and the part of it that the sign-in library works on. Closing the store closes both. */
export interface OpenedSqlite {
  readonly store: SqliteStore;
  readonly signInDatabase: SignInDatabase;
  /** For what is done to whole tables. */
  readonly engine: Engine;
}

export interface SqliteMigrationStatus {
  readonly applied: readonly AppliedMigration[];
  /** Names, in the order in which they will be applied. */
  readonly pending: readonly string[];
}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Opens the store and brings its schema up to date.
 *
 * @throws KeywardError `store_unusable` with the path and what to do; `migration_failed`; `credential_store_unavailable`
 *   when another process holds the write lock for 5 s
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  return (await openSqlite(options)).store;
}

/** @throws KeywardError like `openSqliteStore` */
export async function openSqlite(options: SqliteStoreOptions): Promise<OpenedSqlite> {
  const { clock, random, logger, onStatement } = options;
  const { path, writer: first } = await openWriter(options);
  let writer: ThreadedConnection | undefined;
  try {
    writer = await ThreadedConnection.open(path, onStatement);
    first.close();
    const reader = new SqliteConnection({ path, isReadOnly: true, onStatement });
    reader.exec("pragma temp_store = memory");
    // A first read now, so that a log which cannot be opened is found at the start rather than by a caller.
    readJournal(reader);
    const files = new FileWatch(path);
    const engine = new SqliteEngine({ writer, reader, files, clock, random, logger });
    const dialectOf = (driver: Driver): Dialect => new NodeSqliteDialect(driver);
    return { store: createSqlStore(engine), signInDatabase: signInDatabase(engine, dialectOf), engine };
  } catch (error) {
    first.close();
    await writer?.close();
    throw explain(path, error);
  }
}

/**
 * Brings the schema of a database up to date, and creates the file when there is none.
 * @returns names of the migrations that were applied
 * @throws KeywardError like `openSqliteStore`
 */
export async function migrateSqlite(options: SqliteStoreOptions): Promise<readonly string[]> {
  const { writer, applied } = await openWriter(options);
  writer.close();
  return applied;
}

/**
 * What a migration would do. Creates and changes nothing.
 * @throws KeywardError `store_unusable`; `migration_failed` when the database cannot be migrated by this program
 */
export async function sqliteMigrationStatus(options: {
  readonly path: string;
  readonly migrations?: URL;
}): Promise<SqliteMigrationStatus> {
  const known = readMigrations(options.migrations ?? MIGRATIONS_FOLDER);
  const path = findDatabaseFile(options.path);
  if (path === undefined) {
    return { applied: [], pending: known.map(({ name }) => name) };
  }
  let connection: SqliteConnection | undefined;
  try {
    connection = new SqliteConnection({ path, isReadOnly: true });
    refuseForeign(path, connection);
    const applied = readJournal(connection).map(({ name, checksum, appliedAt }) => ({ name, checksum, appliedAt }));
    return { applied, pending: planMigrations(known, applied).map(({ name }) => name) };
  } catch (error) {
    throw explain(path, error);
  } finally {
    connection?.close();
  }
}

async function openWriter(options: SqliteStoreOptions) {
  const { clock, random, logger, onStatement } = options;
  const known = readMigrations(options.migrations ?? MIGRATIONS_FOLDER);
  const { path, isNew } = prepareDatabaseFile(options.path);
  let writer: SqliteConnection | undefined;
  try {
    writer = new SqliteConnection({ path, isReadOnly: false, onStatement });
    await configure(path, writer, clock);
    refuseForeign(path, writer);
    const applied = await runMigrations(writer, known, { clock, random });
    if (isNew) {
      logger?.info("database_created", { path });
    }
    return { path, writer, applied };
  } catch (error) {
    writer?.close();
    throw explain(path, error);
  }
}

async function configure(path: string, connection: SqliteConnection, clock: Clock): Promise<void> {
  // Several processes may start on a new file at once, and the switch to WAL needs the file for itself.
  const [mode] = await whileBusy(clock, () => connection.run("pragma journal_mode = wal", []).rows);
  if ((mode as { readonly journal_mode?: unknown } | undefined)?.journal_mode !== "wal") {
    throw unusable(path, "lies on a file system without shared memory, which SQLite's log needs. Use a local disk");
  }
  for (const pragma of CONNECTION_PRAGMAS) {
    connection.exec(pragma);
  }
}

function refuseForeign(path: string, connection: SqliteConnection): void {
  if (isForeign(connection)) {
    throw unusable(path, "belongs to another program. Name another file");
  }
}

function explain(path: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === null) {
    return error;
  }
  if (isBusy(error)) {
    return unusable(path, "is locked by another process. Find out which, and end it", error);
  }
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(code & 0xff)
    ? unusable(path, "is not a SQLite database, or is damaged. Name another file, or restore a backup", error)
    : unusable(path, "cannot be opened. Check its permissions, its disk and its mount", error);
}
