import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { createServer, entry, upsert, someone } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

const CREDENTIALS = 20_000;

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

it("calls go on reading while one transaction changes 20,000 rows", async () => {
  const server = await createServer(store, { allowAllIdentities: true });
  const first = await upsert(store, server, someone("first"));
  const database = new DatabaseSync(folder.file());
  database.exec("begin");
  const copy = database.prepare(`
    insert into header_credentials (id, server_id, auth_mode, identity_id, origin, schema_revision, field_names, sealed,
      key_id, version, status, status_changed_at, created_at, updated_at)
    select ?, server_id, auth_mode, ?, origin, schema_revision, field_names, sealed, key_id, version, status,
      status_changed_at, created_at, updated_at from header_credentials where id = ?`);
  for (let i = 0; i < CREDENTIALS; i += 1) {
    copy.run(`cred_${i}`, `user_${i}`, first.id);
  }
  database.exec("commit");
  database.close();

  let isDone = false;
  const change = store
    .updateServer(server.id, server.version, { status: "disabled" }, entry("server.updated"))
    .finally(() => (isDone = true));
  let reads = 0;
  const during = async (): Promise<void> => {
    await store.readCredential({ identity: someone("first"), serverId: server.id });
    reads += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return isDone ? undefined : during();
  };
  await during();
  expect((await change).reconciliation.orphaned).toBe(CREDENTIALS + 1);
  // On the thread of the calls it would be a handful: one for each statement of the change.
  expect(reads).toBeGreaterThan(100);
});
