import type { Clock, Random } from "../../core/ports.ts";
import { SqliteConnection } from "./connection.ts";
import { findDatabaseFile } from "./database-file.ts";
import { readMigrations } from "../migration-files.ts";
import { type Definitions, differingNames } from "../schema-difference.ts";
import { MIGRATIONS_FOLDER, runMigrations } from "./migrate.ts";

/**
 * Tables, indexes and triggers of a database that are not as its migrations have made them: somebody has been at it. Looks
 * only; what the migrations make is made anew in memory.
 * @returns their names; empty when there is no database
 */
export async function sqliteSchemaDrift(options: {
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
}): Promise<readonly string[]> {
  const path = findDatabaseFile(options.path);
  if (path === undefined) {
    return [];
  }
  const meant = new SqliteConnection({ path: ":memory:", isReadOnly: false });
  const live = new SqliteConnection({ path, isReadOnly: true });
  try {
    await runMigrations(meant, readMigrations(MIGRATIONS_FOLDER), options);
    return differingNames(schemaOf(meant), schemaOf(live));
  } finally {
    meant.close();
    live.close();
  }
}

/** By name; without what SQLite makes by itself. */
function schemaOf(connection: SqliteConnection): Definitions {
  const { rows } = connection.run(
    "select name, sql from sqlite_schema where name not like 'sqlite\\_%' escape '\\'",
    [],
  );
  return new Map((rows as { name: string; sql: string | null }[]).map(({ name, sql }) => [name, normal(sql ?? "")]));
}

/** An older SQLite may have quoted and spaced what a migration has renamed in another way. */
function normal(sql: string): string {
  return sql.replaceAll(/["\s]+/g, " ").trim();
}
