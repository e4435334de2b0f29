import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { Secret } from "../../src/core/secret.ts";
import { openPostgresStore } from "../../src/postgres.ts";
import { systemClock, systemRandom } from "../../src/server/system.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import type { KeySources } from "../../src/vault/kms/key-source.ts";
import { betrayingFiles, betrays } from "./canary.ts";
import { connectTo, createDatabase, type TestDatabase } from "./postgres/database.ts";

/** Which engine the gateways of this run have: `KEYWARD_TEST_ENGINE=postgres`, or SQLite. */
export const isOnPostgres: boolean = process.env["KEYWARD_TEST_ENGINE"] === "postgres";

/** The database that belongs to a test's folder. Whoever opens the same folder again has the same database. */
export interface EngineOfFolder {
  /** A configuration for it: with a key, where one is needed and that one names none. */
  envWith(env: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  /** Another handle on it, as another replica has one. */
  openStore(): Promise<SqliteStore>;
  /** The key that its gateways have. */
  readonly keySource: KeySources;
  /** One statement behind Keyward's back, with `?` for each value. */
  query(sql: string, ...values: readonly (string | number | Uint8Array)[]): Promise<readonly Record<string, unknown>[]>;
  /** Keeps everybody from writing the audit log. @returns gives it free */
  lockLog(): Promise<() => Promise<void>>;
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
    envWith: (env) => ({ KEYWARD_DATABASE_URL: `sqlite:${path}`, ...env }),
    openStore: () => openSqliteStore({ path, clock: systemClock, random: systemRandom }),
    keySource: { file: `${path}.key` },
    async query(sql, ...values) {
      const raw = new DatabaseSync(path, { timeout: 5_000 });
      try {
        return raw.prepare(sql).all(...values);
      } finally {
        raw.close();
      }
    },
    async lockLog() {
      // Whoever writes has the whole file.
      const other = new DatabaseSync(path);
      other.exec("begin immediate");
      return async () => other.close();
    },
    betrayed: async () => betrayingFiles(folder),
  };
}

async function postgresOf(folder: string): Promise<EngineOfFolder> {
  const { url, query } = await databaseOf(folder);
  return {
    envWith(env) {
      const hasKey = Object.keys(env).some((name) => name.startsWith("KEYWARD_ENCRYPTION_KEY"));
      return { KEYWARD_DATABASE_URL: url, ...(hasKey ? {} : { KEYWARD_ENCRYPTION_KEY: ENCRYPTION_KEY }), ...env };
    },
    openStore: () => openPostgresStore({ url: new Secret(url), clock: systemClock, random: systemRandom }),
    keySource: { key: new Secret(ENCRYPTION_KEY) },
    query(sql, ...values) {
      let index = 0;
      return query(
        sql.replaceAll("?", () => `$${(index += 1)}`),
        values,
      );
    },
    async lockLog() {
      const other = new Client({ connectionString: url });
      // A test that fails takes the database away under it.
      other.on("error", () => {});
      await other.connect();
      await other.query("begin; lock table audit_events in exclusive mode");
      return () => other.end();
    },
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
