import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../../src/core/secret.ts";
import { openPostgresStore } from "../../src/postgres.ts";
import { systemClock, systemRandom } from "../../src/server/system.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { betrayingFiles, betrays } from "./canary.ts";
import { connectTo, createDatabase, type TestDatabase } from "./postgres/database.ts";

/** Which engine the gateways of this run have: `KEYWARD_TEST_ENGINE=postgres`, or SQLite. */
export const isOnPostgres: boolean = process.env["KEYWARD_TEST_ENGINE"] === "postgres";

/** The database that belongs to a test's folder. Whoever opens the same folder again has the same database. */
export interface EngineOfFolder {
  readonly databaseUrl: string;
  /** What has to be configured beside it. */
  readonly env: Readonly<Record<string, string>>;
  /** Another handle on it, as another replica has one. */
  openStore(): Promise<SqliteStore>;
  /** Where in the database a canary stands: in which files, or in which tables. */
  betrayed(): Promise<readonly string[]>;
}

const ENCRYPTION_KEY = Buffer.alloc(32, 7).toString("base64");

export async function engineOf(folder: string): Promise<EngineOfFolder> {
  return isOnPostgres ? postgresOf(folder) : sqliteOf(folder);
}

function sqliteOf(folder: string): EngineOfFolder {
  const path = join(folder, "keyward.db");
  return {
    databaseUrl: `sqlite:${path}`,
    env: {},
    openStore: () => openSqliteStore({ path, clock: systemClock, random: systemRandom }),
    betrayed: async () => betrayingFiles(folder),
  };
}

async function postgresOf(folder: string): Promise<EngineOfFolder> {
  const { url, query } = await databaseOf(folder);
  return {
    databaseUrl: url,
    env: { KEYWARD_ENCRYPTION_KEY: ENCRYPTION_KEY },
    openStore: () => openPostgresStore({ url: new Secret(url), clock: systemClock, random: systemRandom }),
    async betrayed() {
      const tables = await query(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
      );
      const found: string[] = [];
      for (const { relname } of tables) {
        const rows = await query(`select row_to_json(t)::text as text from ${String(relname)} as t`);
        if (rows.some(({ text }) => betrays(Buffer.from(String(text))))) {
          found.push(String(relname));
        }
      }
      return found;
    },
  };
}

async function databaseOf(folder: string): Promise<TestDatabase> {
  const note = join(folder, "database");
  if (existsSync(note)) {
    return connectTo(readFileSync(note, "utf8"));
  }
  const database = await createDatabase();
  writeFileSync(note, database.name);
  return database;
}
