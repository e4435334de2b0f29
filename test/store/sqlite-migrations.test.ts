import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrateSqlite, openSqliteStore, sqliteMigrationStatus } from "../../src/sqlite.ts";
import { MIGRATIONS_FOLDER } from "../../src/store/sqlite/migrate.ts";
import { auditOf, codeOf, createServer, upsert, someone } from "../contract/fixtures.ts";
import { runChild } from "./child.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

const clock = new TestClock();
const MIGRATIONS: readonly string[] = [
  "0001_init",
  "0002_people",
  "0003_oauth",
  "0004_credential_life",
  "0005_keys",
  "0006_attempts",
];
let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => {
  folder.remove();
});

/** A copy of the migrations that a test may change. */
function migrationsWith(files: Readonly<Record<string, string>> = {}): URL {
  const copy = join(folder.path, "migrations");
  mkdirSync(copy, { recursive: true });
  cpSync(MIGRATIONS_FOLDER, copy, { recursive: true });
  for (const [name, sql] of Object.entries(files)) {
    writeFileSync(join(copy, name), sql);
  }
  return pathToFileURL(`${copy}/`);
}

function options(migrations: URL = MIGRATIONS_FOLDER) {
  return { path: folder.file(), clock, random, migrations };
}

function tablesOf(path: string): readonly string[] {
  const raw = new DatabaseSync(path);
  const rows = raw.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  raw.close();
  return rows.map((row) => String(row["name"]));
}

describe("migrations", () => {
  it("are applied once, and the status says what is left without creating anything", async () => {
    expect(await sqliteMigrationStatus(options())).toEqual({ applied: [], pending: MIGRATIONS });
    expect(existsSync(folder.file())).toBe(false);
    expect(await migrateSqlite(options())).toEqual(MIGRATIONS);
    expect(await migrateSqlite(options())).toEqual([]);
    const { applied, pending } = await sqliteMigrationStatus(options());
    expect(pending).toEqual([]);
    expect(applied).toEqual(
      MIGRATIONS.map((name) => ({
        name,
        checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
        appliedAt: clock.now(),
      })),
    );
  });

  it("make every table of the design", async () => {
    await migrateSqlite(options());
    expect(tablesOf(folder.file())).toEqual([
      "admin_tokens",
      "attempts",
      "audit_event_subjects",
      "audit_events",
      "data_keys",
      "group_members",
      "header_credentials",
      "identity_access",
      "keycheck",
      "oauth_records",
      "schema_migrations",
      "server_grants",
      "server_group_grants",
      "servers",
      "settings",
      "submission_flows",
      "temp_tokens",
      "user_accounts",
      "user_groups",
      "user_invites",
      "user_sessions",
      "user_verifications",
      "users",
      "virtual_keys",
    ]);
  });

  it("go on from a database with data in it, and keep the data", async () => {
    const store = await openSqliteStore(options());
    const server = await createServer(store);
    const row = await upsert(store, server, someone("ada"));
    const deploymentId = await store.deploymentId();
    await store.close();

    const newer = migrationsWith({ "9000_note.sql": "alter table header_credentials add column note text;" });
    expect((await sqliteMigrationStatus(options(newer))).pending).toEqual(["9000_note"]);
    const upgraded = await openSqliteStore(options(newer));
    expect(await upgraded.readCredential(row)).toEqual(row);
    expect(await upgraded.deploymentId()).toBe(deploymentId);
    expect(await auditOf(upgraded)).toHaveLength(2);
    await upgraded.close();
  });

  it("A68: of a newer program are refused by an older one, with both versions named, and nothing is changed", async () => {
    await migrateSqlite(options(migrationsWith({ "9000_note.sql": "create table note (text text) strict;" })));
    for (const attempt of [openSqliteStore(options()), migrateSqlite(options()), sqliteMigrationStatus(options())]) {
      await expect(attempt).rejects.toMatchObject({
        code: "migration_failed",
        message: expect.stringMatching(new RegExp(`9000_note.*${MIGRATIONS.at(-1)}`)),
      });
    }
    expect(tablesOf(folder.file())).toContain("note");
  });

  it("A68: that were edited after they had been applied are refused by name; line ends do not count", async () => {
    await migrateSqlite(options());
    const sql = readFileSync(new URL("0001_init.sql", MIGRATIONS_FOLDER), "utf8");
    const crlf = migrationsWith({ "0001_init.sql": sql.replaceAll("\n", "\r\n") });
    expect(await migrateSqlite(options(crlf))).toEqual([]);
    const edited = migrationsWith({ "0001_init.sql": `${sql}-- edited` });
    await expect(migrateSqlite(options(edited))).rejects.toMatchObject({
      code: "migration_failed",
      message: expect.stringContaining("0001_init was edited"),
    });
  });

  it("that fail leave the schema as it was, and can be tried again", async () => {
    const bad = migrationsWith({
      "9000_good.sql": "create table good (text text) strict;",
      "9001_bad.sql": "create table bad (text text) strict; insert into nowhere values (1);",
    });
    await expect(migrateSqlite(options(bad))).rejects.toMatchObject({ code: "migration_failed" });
    expect(tablesOf(folder.file())).toEqual([]);
    migrationsWith({ "9001_bad.sql": "create table bad (text text) strict;" });
    expect(await migrateSqlite(options(bad))).toEqual([...MIGRATIONS, "9000_good", "9001_bad"]);
  });

  it("that cannot be found are an error before anything is created", async () => {
    const nowhere = pathToFileURL(`${folder.file("nowhere")}/`);
    expect(await codeOf(openSqliteStore(options(nowhere)))).toBe("migration_failed");
    expect(existsSync(folder.file())).toBe(false);
  });

  it("A68: run once when handles and processes start on a new file at the same moment", async () => {
    const children = Array.from({ length: 3 }, () => runChild("open-child.ts", [folder.file()]));
    const handles = await Promise.all(Array.from({ length: 4 }, () => openSqliteStore(options())));
    const ids = await Promise.all(handles.map((handle) => handle.deploymentId()));
    const outputs = await Promise.all(children.map(({ output }) => output));
    expect(new Set([...ids, ...outputs.map((output) => output.trim())]).size).toBe(1);
    await Promise.all(handles.map((handle) => handle.close()));
    expect((await sqliteMigrationStatus(options())).applied).toHaveLength(MIGRATIONS.length);
  });
});
