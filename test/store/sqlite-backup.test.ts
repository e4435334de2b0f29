import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeywardError } from "../../src/core/errors.ts";
import { migrateSqlite, openSqliteStore, sqliteMigrationStatus, type SqliteStore } from "../../src/sqlite.ts";
import { backupSqlite } from "../../src/store/sqlite/backup.ts";
import { MIGRATIONS_FOLDER } from "../../src/store/sqlite/migrate.ts";
import { createServer, entry, present, someone, upsert } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

const clock = new TestClock();
let folder: TestFolder;
let store: SqliteStore;

beforeEach(async () => {
  folder = new TestFolder();
  store = await openSqliteStore({ path: folder.file(), clock, random });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

/** The migrations up to one, as an earlier version came with them. */
function migrationsUpTo(last: string): URL {
  const copy = folder.file("earlier");
  cpSync(MIGRATIONS_FOLDER, copy, {
    recursive: true,
    filter: (path) => !/\d{4}_/.test(basename(path)) || basename(path) < `${last}~`,
  });
  return pathToFileURL(`${copy}/`);
}

function backup(to = folder.file("copy.db"), verify: () => Promise<unknown> = async () => null) {
  return backupSqlite({ path: folder.file(), to, verify });
}

async function openCopy(): Promise<SqliteStore> {
  return openSqliteStore({ path: folder.file("copy.db"), clock, random });
}

describe("a backup of a database in use", () => {
  it("is one moment of it: every transaction is in it wholly or not at all, and writers go on meanwhile", async () => {
    const server = await createServer(store);
    const copied = new AbortController();
    let written = 0;
    const writing = (async () => {
      while (!copied.signal.aborted || written < 50) {
        await upsert(store, server, someone(`who-${written}`));
        written += 1;
      }
    })();
    const { bytes } = await backup();
    copied.abort();
    await writing;
    expect(bytes).toBe(statSync(folder.file("copy.db")).size);

    const copy = await openCopy();
    const { events, isIntact } = await copy.verifyAudit();
    const [counts] = await copy.countCredentials();
    await copy.close();
    // Each credential came with its event: one for the server, and as many as there are credentials.
    expect([isIntact, events]).toEqual([true, 1 + (counts?.active ?? 0)]);
    expect(events).toBeLessThanOrEqual(1 + written);
  });

  it("is readable by its owner only, from the first byte on, and leaves no other file", async () => {
    await backup(folder.file("copy.db"), async () => {
      expect(statSync(folder.file("copy.db.new")).mode & 0o777).toBe(0o600);
    });
    expect(statSync(folder.file("copy.db")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path).filter((name) => name.startsWith("copy"))).toEqual(["copy.db"]);
  });

  it("replaces nothing: a file of that name, or of another backup under way, is refused and stays as it is", async () => {
    for (const taken of ["copy.db", "other.db.new"]) {
      writeFileSync(folder.file(taken), "mine");
      await expect(backup(folder.file(taken.replace(".new", "")))).rejects.toMatchObject({
        code: "backup_failed",
        message: expect.stringContaining("already"),
      });
      expect(readFileSync(folder.file(taken), "utf8")).toBe("mine");
    }
    expect(existsSync(folder.file("other.db"))).toBe(false);
  });

  it("that two make at once under one name is made by one", async () => {
    const made = await Promise.allSettled([backup(), backup()]);
    expect(made.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await (await openCopy()).close();
  });

  it("is not there when it does not pass its verification", async () => {
    const refuse = async () => {
      throw new KeywardError("encryption_key_wrong");
    };
    await expect(backup(folder.file("copy.db"), refuse)).rejects.toMatchObject({ code: "encryption_key_wrong" });
    expect(readdirSync(folder.path).filter((name) => name.startsWith("copy"))).toEqual([]);
  });

  it.each([
    ["a folder that is not there", "absent/copy.db"],
    ["a folder", "."],
  ])("to %s says so", async (_, name) => {
    await expect(backup(folder.file(name))).rejects.toMatchObject({ code: "backup_failed" });
  });

  it("of no database, or another program's, is refused and makes nothing", async () => {
    const from = (path: string) => backupSqlite({ path, to: folder.file("copy.db"), verify: async () => null });
    await expect(from(folder.file("absent.db"))).rejects.toMatchObject({ code: "store_unusable" });
    const foreign = new DatabaseSync(folder.file("foreign.db"));
    foreign.exec("create table of_somebody (text text)");
    foreign.close();
    await expect(from(folder.file("foreign.db"))).rejects.toMatchObject({ code: "store_unusable" });
    writeFileSync(folder.file("garbage.db"), "no database ".repeat(500));
    await expect(from(folder.file("garbage.db"))).rejects.toMatchObject({ code: "backup_failed" });
    expect(readdirSync(folder.path).filter((name) => name.startsWith("copy") || name === "absent.db")).toEqual([]);
  });

  it("is made of a database of before an upgrade, as it is", async () => {
    const old = { path: folder.file("old.db"), migrations: migrationsUpTo("0004") };
    await migrateSqlite({ ...old, clock, random });
    const raw = new DatabaseSync(old.path);
    raw.exec("insert into data_keys values ('dk_1', 'data', x'01', 'kek_1', 'current', 1)");
    raw.close();
    const { verified } = await backupSqlite({ ...old, to: folder.file("copy.db"), verify: (keys) => keys.listKeys() });
    expect(verified).toMatchObject([{ id: "dk_1", staged: null }]);
    expect((await sqliteMigrationStatus(old)).pending).toEqual([]);
    expect((await sqliteMigrationStatus({ path: folder.file("copy.db") })).pending).toContain("0005_keys");
  });

  it("does not take along what was deleted before", async () => {
    const server = await createServer(store);
    const seal = (n: number) => () => ({ keyId: "dk_1", envelope: Buffer.from(`ciphertext ${n} `.repeat(200)) });
    const binding = (n: number) => ({ serverId: server.id, identity: someone(`who-${n}`) });
    for (let n = 0; n < 20; n += 1) {
      const row = { ...binding(n), origin: server.origin, schemaRevision: 1, fieldNames: [] } as const;
      const more = { verification: "proven", status: "active" } as const;
      await store.upsertCredential({ ...row, ...more }, seal(n), entry("credential.stored"));
    }
    for (let n = 0; n < 20; n += 2) {
      const { id } = present(await store.readCredential(binding(n)));
      await store.revokeCredential(id, entry("credential.revoked"));
    }
    await backup();
    const bytes = readFileSync(folder.file("copy.db"));
    const found = Array.from({ length: 20 }, (_, n) => bytes.includes(`ciphertext ${n} ciphertext ${n} `));
    expect(found).toEqual(found.map((_, n) => n % 2 === 1));
  });
});
