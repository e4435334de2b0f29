import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import {
  claim,
  createKey,
  createServer,
  entry,
  flowOf,
  grantTo,
  identityOfKey,
  upsert,
  someone,
  verifying,
} from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

/*
 * Deleting the flow already stops a submission. The epoch, and the second look at access, stop it even if a flow should
 * have stayed; so these tests reach past the port.
 */

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

function raw<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(folder.file());
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function epochOf({ mode, id }: Identity): unknown {
  const sql = "select epoch from identity_access where auth_mode = ? and identity_id = ?";
  return raw((database) => database.prepare(sql).get(mode, id)?.["epoch"]) ?? 0;
}

describe("the access epoch", () => {
  it("A52: grows by 1 with each revocation, loss and return of access, and with nothing else", async () => {
    const server = await createServer(store, { allowAllIdentities: false });
    const ada = someone("ada");
    await grantTo(store, server, [ada]);
    const { id } = await upsert(store, server, ada);
    await upsert(store, server, ada);
    expect(epochOf(ada)).toBe(0);
    await grantTo(store, server, []);
    expect(epochOf(ada)).toBe(1);
    await grantTo(store, server, []);
    expect(epochOf(ada)).toBe(1);
    await grantTo(store, server, [ada]);
    expect(epochOf(ada)).toBe(2);
    await store.revokeCredential(id, entry("credential.revoked"));
    expect(epochOf(ada)).toBe(3);
    await store.revokeCredential(id, entry("credential.revoked"));
    expect(epochOf(ada)).toBe(3);
  });

  it("grows for each binding of a virtual key that is revoked, with a credential or with only a flow", async () => {
    const [one, two] = [await createServer(store), await createServer(store)];
    const identity = identityOfKey(await createKey(store));
    await upsert(store, one, identity);
    await flowOf(store, one, identity);
    await flowOf(store, two, identity);
    await store.revokeVirtualKey(identity.id, entry("virtual_key.revoked"));
    expect(raw((database) => database.prepare("select server_id, epoch from identity_access").all())).toEqual(
      [one, two].map(({ id }) => ({ server_id: id, epoch: 1 })),
    );
  });

  it("A52: that has moved on makes a commit gone, and a new flow starts from where it is", async () => {
    const server = await createServer(store);
    const { id } = await upsert(store, server, someone("ada"));
    await store.revokeCredential(id, entry("credential.revoked"));
    const first = await verifying(store, server, someone("ada"));
    raw((database) => database.exec("update identity_access set epoch = epoch + 1"));
    expect((await store.commitSubmission(first.submission)).kind).toBe("gone");
    const second = await verifying(store, server, someone("ada"));
    expect((await store.commitSubmission(second.submission)).kind).toBe("committed");
  });
});

describe("access", () => {
  it("A53: is asked again at the claim, whatever became of the flow", async () => {
    const server = await createServer(store);
    const flow = await flowOf(store, server, someone("ada"));
    raw((database) => database.exec("update servers set status = 'disabled'"));
    expect((await claim(store, flow.id)).kind).toBe("gone");
  });

  it("A53: is asked again at the commit, whatever became of the flow", async () => {
    const server = await createServer(store);
    const { flow, submission } = await verifying(store, server, someone("ada"));
    raw((database) => database.exec("update servers set status = 'disabled'"));
    expect((await store.commitSubmission(submission)).kind).toBe("gone");
    expect(await store.readCredential(flow)).toBeNull();
  });

  it("is asked again by a sweep, whatever the row says", async () => {
    const server = await createServer(store);
    const row = await upsert(store, server, someone("ada"));
    raw((database) => database.exec("update header_credentials set orphaned_at = 1"));
    expect(await store.sweepOrphanedCredentials(1, 500)).toBe(0);
    expect(await store.readCredential(row)).toMatchObject({ id: row.id });
  });
});
