import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { createServer, createUser, entry, flowOf, identityOfUser, schemaOf, upsert } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

let folder: TestFolder;
let store: SqliteStore;

beforeEach(async () => {
  folder = new TestFolder();
  store = await openSqliteStore({ path: folder.file(), clock: new TestClock(), random });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

/** Every row of every table, and what tells other connections that something was committed. */
function dump(raw: DatabaseSync) {
  const tables = raw.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  return {
    rows: tables.map(({ name }) => [name, raw.prepare(`select * from ${String(name)}`).all()]),
    version: raw.prepare("pragma data_version").get(),
  };
}

it("a preview leaves no byte behind, and no other connection sees that there was one", async () => {
  const server = await createServer(store, { headerSchema: schemaOf("a") });
  const user = await createUser(store);
  await upsert(store, server, identityOfUser(user));
  await flowOf(store, server, identityOfUser(user));
  const raw = new DatabaseSync(folder.file());
  const before = dump(raw);
  const change = { headerSchema: schemaOf("a", "b") };
  await store.updateServer(server.id, 1, change, entry("server.updated"), "preview");
  await store.updateUser(user.id, { isEnabled: false }, "preview", entry("user.updated"));
  await store.deleteUser(user.id, "preview", entry("user.deleted"));
  await store.deleteServer(server.id, entry("server.deleted"), "preview");
  expect(dump(raw)).toEqual(before);
  await store.updateUser(user.id, { isEnabled: false }, "apply", entry("user.updated"));
  expect(dump(raw).version).not.toEqual(before.version);
  raw.close();
});
