import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { migratePostgres, openPostgresStore, postgresMigrationStatus } from "../../src/postgres.ts";
import { migrateSqlite } from "../../src/sqlite.ts";
import { MIGRATIONS_FOLDER } from "../../src/store/postgres/migrate.ts";
import { auditOf, codeOf, createServer, someone, upsert } from "../contract/fixtures.ts";
import { createDatabase, isPostgresThere, type TestDatabase } from "../helpers/postgres/database.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

const MIGRATIONS: readonly string[] = readdirSync(MIGRATIONS_FOLDER)
  .toSorted()
  .map((file) => file.replace(/\.sql$/, ""));
const clock = new TestClock();

describe.skipIf(!isPostgresThere)("migrations of PostgreSQL", () => {
  let folder: TestFolder;
  let database: TestDatabase;
  beforeEach(async () => {
    folder = new TestFolder();
    database = await createDatabase();
  });
  afterEach(async () => {
    folder.remove();
    await database.drop();
  });

  function options(migrations: URL = MIGRATIONS_FOLDER) {
    return { url: new Secret(database.url), clock, random, migrations };
  }

  /** A copy of the migrations that a test may change. */
  function migrationsWith(files: Readonly<Record<string, string | null>> = {}): URL {
    const copy = join(folder.path, "migrations");
    mkdirSync(copy, { recursive: true });
    cpSync(MIGRATIONS_FOLDER, copy, { recursive: true });
    for (const [name, sql] of Object.entries(files)) {
      if (sql === null) {
        rmSync(join(copy, name));
      } else {
        writeFileSync(join(copy, name), sql);
      }
    }
    return pathToFileURL(`${copy}/`);
  }

  async function tables(): Promise<readonly unknown[]> {
    const rows = await database.query(
      "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    );
    return rows.map(({ relname }) => relname);
  }

  it("are applied once, and the status says what is left without changing anything", async () => {
    expect(await postgresMigrationStatus(options())).toEqual({ applied: [], pending: MIGRATIONS });
    expect(await tables()).toEqual([]);
    expect(await migratePostgres(options())).toEqual(MIGRATIONS);
    expect(await migratePostgres(options())).toEqual([]);
    const { applied, pending } = await postgresMigrationStatus(options());
    expect(pending).toEqual([]);
    expect(applied.map(({ name }) => name)).toEqual(MIGRATIONS);
  });

  it("make the same tables and columns as those of SQLite, of the same types", async () => {
    await migratePostgres(options());
    await migrateSqlite({ path: folder.file(), clock, random });
    expect(await postgresColumns(database)).toEqual(sqliteColumns(folder.file()));
  });

  it("keep the audit append only, whoever asks", async () => {
    await migratePostgres(options());
    const store = await openPostgresStore(options());
    await createServer(store);
    await store.close();
    for (const table of ["audit_events", "audit_event_subjects"]) {
      await expect(database.query(`truncate ${table}`)).rejects.toThrow("append only");
    }
    await expect(database.query("delete from audit_events")).rejects.toThrow("append only");
    await expect(database.query("update audit_events set at = 1")).rejects.toThrow("append only");
  });

  it("go on from a database with data in it, and keep the data", async () => {
    const store = await openPostgresStore(options());
    const server = await createServer(store);
    const row = await upsert(store, server, someone("ada"));
    const deploymentId = await store.deploymentId();
    await store.close();

    const newer = migrationsWith({ "9000_note.sql": "alter table header_credentials add column note text;" });
    expect((await postgresMigrationStatus(options(newer))).pending).toEqual(["9000_note"]);
    const upgraded = await openPostgresStore(options(newer));
    expect(await upgraded.readCredential(row)).toEqual(row);
    expect(await upgraded.deploymentId()).toBe(deploymentId);
    expect(await auditOf(upgraded)).toHaveLength(2);
    await upgraded.close();
  });

  it("A68: ten replicas that start at once on an empty database: one migrates, all serve", async () => {
    const replicas = await Promise.all(Array.from({ length: 10 }, () => openPostgresStore(options())));
    expect(new Set(await Promise.all(replicas.map((replica) => replica.deploymentId()))).size).toBe(1);
    await Promise.all(replicas.map((replica) => replica.ping()));
    await Promise.all(replicas.map((replica) => replica.close()));
    expect((await postgresMigrationStatus(options())).applied).toHaveLength(MIGRATIONS.length);
  });

  it("A68: ten replicas that start at once on the previous schema: one migrates, all serve, and so does an old one", async () => {
    const previous = await openPostgresStore(options());
    const server = await createServer(previous);
    const newer = migrationsWith({ "9000_note.sql": "alter table servers add column note text;" });
    const replicas = await Promise.all(Array.from({ length: 10 }, () => openPostgresStore(options(newer))));
    for (const replica of [...replicas, previous]) {
      expect(await replica.findServer(server.id)).toMatchObject({ id: server.id });
    }
    await Promise.all([...replicas, previous].map((replica) => replica.close()));
    expect((await postgresMigrationStatus(options(newer))).applied).toHaveLength(MIGRATIONS.length + 1);
  });

  it("A68: one that is killed in the middle leaves the schema as it was, and the next start migrates", async () => {
    const slow = migrationsWith({ "9000_slow.sql": "create table half (id text); select pg_sleep(60);" });
    const killed = codeOf(migratePostgres(options(slow)));
    while ((await killMigration()) === 0) {
      await new Promise(setImmediate);
    }
    expect(await killed).toBe("credential_store_unavailable");
    expect(await tables()).toEqual([]);
    expect(await migratePostgres(options())).toEqual(MIGRATIONS);
  });

  async function killMigration(): Promise<number> {
    const killed = await database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()",
    );
    return killed.length;
  }

  it("A68: of a newer program are refused by an older one, with both versions named, and nothing is changed", async () => {
    await migratePostgres(options(migrationsWith({ "9000_note.sql": "create table note (text text);" })));
    for (const attempt of [openPostgresStore, migratePostgres, postgresMigrationStatus]) {
      await expect(attempt(options())).rejects.toMatchObject({
        code: "migration_failed",
        message: expect.stringMatching(new RegExp(`9000_note.*${MIGRATIONS.at(-1)}`)),
      });
    }
    expect(await tables()).toContain("note");
  });

  it("A68: that were edited after they had been applied are refused by name", async () => {
    await migratePostgres(options());
    const sql = readFileSync(new URL("0001_init.sql", MIGRATIONS_FOLDER), "utf8");
    const edited = migrationsWith({ "0001_init.sql": `${sql}-- edited` });
    await expect(migratePostgres(options(edited))).rejects.toMatchObject({
      code: "migration_failed",
      message: expect.stringContaining("0001_init was edited"),
    });
  });

  it("that fail leave the schema as it was", async () => {
    const bad = migrationsWith({ "9000_bad.sql": "create table bad (text text); insert into nowhere values (1);" });
    expect(await codeOf(migratePostgres(options(bad)))).toBe("migration_failed");
    expect(await tables()).toEqual([]);
  });

  it("are refused where another program has its tables", async () => {
    await database.query("create table theirs (id text)");
    await expect(migratePostgres(options())).rejects.toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining("tables of another program"),
    });
  });
});

type Columns = Readonly<Record<string, Readonly<Record<string, string>>>>;

async function postgresColumns(database: TestDatabase): Promise<Columns> {
  const rows = await database.query(
    "select table_name, column_name, data_type, is_nullable, collation_name from information_schema.columns where table_schema = 'public'",
  );
  const types: Readonly<Record<string, string>> = { bigint: "integer", text: "text", bytea: "blob" };
  return grouped(
    rows.map((row) => {
      const type = types[String(row["data_type"])] ?? String(row["data_type"]);
      // By its bytes, or another order than on SQLite.
      const collated = type === "text" && row["collation_name"] !== "C" ? " not by bytes" : "";
      const isNullable = row["is_nullable"] === "YES";
      return [String(row["table_name"]), String(row["column_name"]), `${type}${isNullable ? " null" : ""}${collated}`];
    }),
  );
}

function sqliteColumns(path: string): Columns {
  const raw = new DatabaseSync(path);
  const rows = raw
    .prepare(
      `select m.name as table_name, c.name as column_name, lower(c.type) as type, c."notnull" as not_null
       from sqlite_schema as m join pragma_table_xinfo(m.name) as c where m.type = 'table'`,
    )
    .all();
  raw.close();
  return grouped(
    rows.map((row) => {
      const type = row["type"] === "date" ? "text" : String(row["type"]).replace(/ generated always$/, "");
      return [String(row["table_name"]), String(row["column_name"]), `${type}${row["not_null"] === 1 ? "" : " null"}`];
    }),
  );
}

function grouped(rows: readonly (readonly [string, string, string] | readonly string[])[]): Columns {
  const columns: Record<string, Record<string, string>> = {};
  for (const [table = "", column = "", type = ""] of rows) {
    (columns[table] ??= {})[column] = type;
  }
  return columns;
}
