import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { codeOf, createKey, createServer, upsert, someone } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

let folder: TestFolder;
let store: SqliteStore;
let statements: string[];

beforeEach(async () => {
  folder = new TestFolder();
  statements = [];
  const onStatement = (sql: string): void => void statements.push(sql);
  store = await openSqliteStore({ path: folder.file(), clock: new TestClock(), random, onStatement });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

function raw(sql: string): void {
  const database = new DatabaseSync(folder.file());
  database.exec(sql);
  database.close();
}

describe("what a call asks the database", () => {
  it("is only whether anything was committed, until something was", async () => {
    const server = await createServer(store);
    const { id } = await createKey(store);
    const look = async () => {
      await store.findVirtualKeyByDigest(`digest of ${id}`);
      await store.findAccess(someone("ada"), server.name);
      await store.listAccess(someone("ada"));
    };
    await look();
    statements = [];
    await look();
    expect(statements).toEqual(["pragma data_version", "pragma data_version", "pragma data_version"]);
    await createServer(store);
    statements = [];
    await look();
    expect(statements).toHaveLength(6);
  });

  it("is the credential itself, each time", async () => {
    const server = await createServer(store);
    const row = await upsert(store, server, someone("ada"));
    await store.readCredential(row);
    statements = [];
    await store.readCredential(row);
    expect(statements).toHaveLength(1);
    expect(statements[0]).toContain("header_credentials");
  });
});

describe("what was read before", () => {
  it("P8: is not used after a commit that no Keyward made, not even within one turn of the event loop", async () => {
    const server = await createServer(store);
    const { id } = await createKey(store);
    expect(await store.findVirtualKeyByDigest(`digest of ${id}`)).toMatchObject({ isEnabled: true });
    raw("update virtual_keys set is_enabled = 0");
    expect(await store.findVirtualKeyByDigest(`digest of ${id}`)).toMatchObject({ isEnabled: false });
    expect(await store.findAccess(someone("ada"), server.name)).not.toBeNull();
    raw("update servers set status = 'disabled'");
    expect(await store.findAccess(someone("ada"), server.name)).toBeNull();
  });

  it("survives a log that was moved into the database, and what comes after it", async () => {
    const { id } = await createKey(store);
    for (const isEnabled of [0, 1, 0]) {
      raw("pragma wal_checkpoint(truncate)");
      await store.findVirtualKeyByDigest(`digest of ${id}`);
      raw(`update virtual_keys set is_enabled = ${isEnabled}`);
      expect(await store.findVirtualKeyByDigest(`digest of ${id}`)).toMatchObject({ isEnabled: isEnabled === 1 });
    }
  });

  it("is not told once the store is closed", async () => {
    const { id } = await createKey(store);
    await store.findVirtualKeyByDigest(`digest of ${id}`);
    await store.close();
    expect(await codeOf(store.findVirtualKeyByDigest(`digest of ${id}`))).toBe("credential_store_unavailable");
  });

  it("keeps its columns apart when a newer program has added some", async () => {
    const server = await createServer(store, { tools: ["search"] });
    const row = await upsert(store, server, someone("ada"));
    expect(await store.readCredential(row)).toEqual(row);
    raw("alter table header_credentials add column later text default 'x'");
    raw("alter table servers add column later text default '[]'");
    expect(await store.readCredential(row)).toEqual(row);
    expect(await store.findAccess(someone("ada"), server.name)).toEqual({ server, tools: ["search"] });
  });
});
