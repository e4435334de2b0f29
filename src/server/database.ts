import { existsSync } from "node:fs";
import { KeywardError } from "../core/errors.ts";
import type { Binding } from "../core/credential.ts";
import type { Clock, Logger, Random } from "../core/ports.ts";
import {
  migratePostgres,
  openPostgres,
  openPostgresStore,
  postgresDrift,
  postgresMigrationStatus,
} from "../store/postgres/open.ts";
import type { Engine } from "../store/engine.ts";
import type { SqlStore } from "../store/sql-store.ts";
import type { SignInDatabase } from "../store/sign-in-database.ts";
import { migrateSqlite, openSqlite, openSqliteStore, sqliteMigrationStatus } from "../store/sqlite/open.ts";
import { sqliteSchemaDrift } from "../store/sqlite/schema-drift.ts";
import type { DatabaseSource } from "./config/database-source.ts";

/* The one place that knows which engine is meant. Everything else has a store. */

interface DatabasePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface OpenedDatabase {
  readonly store: SqlStore;
  readonly signInDatabase: SignInDatabase;
  /** Calls back when another gateway has stored values. @returns ends it */
  readonly onStoredElsewhere: (listener: (binding: Binding) => void) => () => void;
  readonly engine: Engine;
}

interface MigrationStatus {
  readonly applied: readonly { readonly name: string }[];
  /** Names, in the order in which they will be applied. */
  readonly pending: readonly string[];
}

/**
 * Opens the database and brings its schema up to date.
 * @throws KeywardError `store_unusable`, `migration_failed`, `credential_store_unavailable`
 */
export async function openDatabase(
  source: DatabaseSource,
  { clock, random, logger, databaseTime }: DatabasePorts & { readonly databaseTime?: () => number },
): Promise<OpenedDatabase> {
  const ports = { clock, random, logger };
  if (source.kind === "sqlite") {
    const opened = await openSqlite({ path: source.path, ...ports });
    return { ...opened, onStoredElsewhere: () => () => {} };
  }
  const serverTime = databaseTime === undefined ? {} : { serverTime: databaseTime };
  return openPostgres({ url: source.url, ...ports, ...serverTime });
}

/** The same for one that is there. @throws KeywardError `store_unusable` when it is not: looking at one makes none */
export async function openExistingStore(source: DatabaseSource, ports: DatabasePorts): Promise<SqlStore> {
  if (!(await isDatabaseThere(source, ports))) {
    throw new KeywardError("store_unusable", {
      message: `${whyNotThere(source)} Run keyward serve, or keyward migrate.`,
    });
  }
  return source.kind === "sqlite"
    ? openSqliteStore({ path: source.path, ...ports })
    : openPostgresStore({ url: source.url, ...ports });
}

/** @returns names of the migrations that were applied */
export function migrateDatabase(source: DatabaseSource, ports: DatabasePorts): Promise<readonly string[]> {
  return source.kind === "sqlite"
    ? migrateSqlite({ path: source.path, ...ports })
    : migratePostgres({ url: source.url, ...ports });
}

/** What a migration would do. Changes nothing. */
export function migrationStatus(source: DatabaseSource, ports: DatabasePorts): Promise<MigrationStatus> {
  return source.kind === "sqlite"
    ? sqliteMigrationStatus({ path: source.path })
    : postgresMigrationStatus({ url: source.url, ...ports });
}

/**
 * What is not as the migrations have made it. Changes nothing.
 * @returns names; null when the database lets nobody compare
 */
export function schemaDrift(source: DatabaseSource, ports: DatabasePorts): Promise<readonly string[] | null> {
  return source.kind === "sqlite"
    ? sqliteSchemaDrift({ path: source.path, ...ports })
    : postgresDrift({ url: source.url, ...ports });
}

/** Whether Keyward has made tables there. */
export async function isDatabaseThere(source: DatabaseSource, ports: DatabasePorts): Promise<boolean> {
  return source.kind === "sqlite" ? existsSync(source.path) : (await migrationStatus(source, ports)).applied.length > 0;
}

export function whyNotThere(source: DatabaseSource): string {
  return source.kind === "sqlite"
    ? `There is no database at ${source.path} yet.`
    : "Keyward has no tables in the PostgreSQL database yet.";
}
