import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ERROR_TABLE } from "../../src/core/errors.ts";
import { openSqliteStore, type SqliteStore, verifyAuditChain } from "../../src/sqlite.ts";
import {
  allOf,
  auditOf,
  codeOf,
  createServer,
  entry,
  sealSlot,
  toStore,
  upsert,
  someone,
} from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

let folder: TestFolder;
let store: SqliteStore;
let waitedMs: number;

class EagerClock extends TestClock {
  override schedule(delayMs: number, task: () => void): () => void {
    waitedMs += delayMs;
    const immediate = setImmediate(task);
    return () => clearImmediate(immediate);
  }
}

beforeEach(async () => {
  folder = new TestFolder();
  waitedMs = 0;
  store = await openSqliteStore({ path: folder.file(), clock: new EagerClock(), random });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe("calls at the same time on one handle", () => {
  it("never share a transaction: what fails takes nothing of another along, what succeeds is kept", async () => {
    const server = await createServer(store);
    const failing = () => {
      throw new Error("no key");
    };
    const identities = Array.from({ length: 60 }, (_, i) => someone(`user-${i}`));
    const results = await Promise.allSettled(
      identities.map((identity, i) =>
        store.upsertCredential(toStore(server, identity), i % 3 === 0 ? failing : sealSlot, entry("credential.stored")),
      ),
    );
    const stored = await allOf((page) => store.listCredentials({}, page));
    const acknowledged = identities.filter((_, i) => results[i]?.status === "fulfilled").map(({ id }) => id);
    expect(acknowledged).toHaveLength(40);
    expect(stored.map(({ identity }) => identity.id).toSorted()).toEqual(acknowledged.toSorted());
    expect(verifyAuditChain(await auditOf(store))).toEqual({ isIntact: true, events: 41 });
  });

  it("show a reader nothing of a transaction before it is acknowledged, and all of it afterwards", async () => {
    const server = await createServer(store);
    const binding = { serverId: server.id, identity: someone("ada") };
    let seenInside: Promise<unknown> | undefined;
    const seal = () => {
      seenInside = store.readCredential(binding);
      return sealSlot({ credentialId: "cred", version: 1 });
    };
    const row = await store.upsertCredential(toStore(server, someone("ada")), seal, entry("credential.stored"));
    expect(await seenInside).toBeNull();
    expect(await store.readCredential(binding)).toEqual(row);
  });

  it("let the event loop turn between the transactions of a long queue", async () => {
    const server = await createServer(store);
    let turns = 0;
    const countTurns = (): void => {
      turns += 1;
      turning = setImmediate(countTurns);
    };
    let turning = setImmediate(countTurns);
    await Promise.all(Array.from({ length: 40 }, (_, i) => upsert(store, server, someone(`u${i}`))));
    clearImmediate(turning);
    expect(turns).toBeGreaterThanOrEqual(39);
  });
});

describe("a write lock of another process", () => {
  let other: DatabaseSync;
  beforeEach(() => {
    other = new DatabaseSync(folder.file());
    other.exec("begin immediate");
  });
  afterEach(() => {
    other.close();
  });

  it("is waited for without holding up the event loop, and reads go on meanwhile", async () => {
    let isDone = false;
    const writing = createServer(store).finally(() => {
      isDone = true;
    });
    for (let turn = 0; turn < 20; turn += 1) {
      await turnOfTheLoop();
      expect((await store.listServers({})).items).toEqual([]);
    }
    expect(isDone).toBe(false);
    other.exec("commit");
    expect(await store.findServer((await writing).id)).not.toBeNull();
  });

  it("A63: that is held for 5 s makes the write fail, in Keyward's words, and the next one work", async () => {
    await expect(createServer(store)).rejects.toMatchObject({
      code: "credential_store_unavailable",
      message: ERROR_TABLE.credential_store_unavailable.message,
    });
    expect(waitedMs).toBeGreaterThan(4_900);
    expect(waitedMs).toBeLessThanOrEqual(5_000);
    expect(await codeOf(store.ping())).toBe("credential_store_unavailable");
    expect((await store.listServers({})).items).toEqual([]);
    other.exec("rollback");
    expect(await codeOf(createServer(store))).toBe("resolved");
    expect(await codeOf(store.ping())).toBe("resolved");
  });
});

describe("a ping", () => {
  it("does not trust a commit from before a failure", async () => {
    await createServer(store);
    const other = new DatabaseSync(folder.file());
    other.exec("begin immediate");
    expect(await codeOf(store.ping())).toBe("resolved");
    expect(await codeOf(createServer(store))).toBe("credential_store_unavailable");
    expect(await codeOf(store.ping())).toBe("credential_store_unavailable");
    other.close();
    expect(await codeOf(store.ping())).toBe("resolved");
  });
});

describe("time", () => {
  it("A64: never runs backwards along the audit log, even if a replica's clock is behind", async () => {
    const ahead = new TestClock();
    ahead.advance(600_000);
    const replica = await openSqliteStore({ path: folder.file(), clock: ahead, random });
    await createServer(replica);
    await createServer(store);
    await createServer(replica);
    const times = (await auditOf(store)).map(({ at }) => at);
    expect(times).toEqual([ahead.now(), ahead.now(), ahead.now()]);
    expect((await store.listAudit({ since: ahead.now() }, {})).items).toHaveLength(3);
    await replica.close();
  });

  it("A64: that jumps back brings no expired link back to life", async () => {
    const clock = new TestClock();
    const handle = await openSqliteStore({ path: folder.file(), clock, random });
    const server = await createServer(handle);
    const flow = await handle.initiateFlow(
      {
        serverId: server.id,
        identity: someone("ada"),
        newFlowId: "flow_1",
        ttlMs: 1_000,
        requestedBy: { clientName: null, clientVersion: null, address: null },
      },
      entry("flow.requested"),
    );
    clock.advance(1_000);
    expect(await handle.findFlow(flow!.id)).toBeNull();
    clock.advance(-3_600_000);
    expect(await handle.findFlow(flow!.id)).toBeNull();
    await handle.close();
  });
});

describe("the audit table", () => {
  it.each(["update audit_events set outcome = 'refused'", "delete from audit_events"])(
    "refuses to be rewritten: %s",
    async (statement) => {
      await createServer(store);
      const raw = new DatabaseSync(folder.file());
      expect(() => raw.exec(statement)).toThrow(/append only/);
      raw.close();
      expect(verifyAuditChain(await auditOf(store))).toEqual({ isIntact: true, events: 1 });
    },
  );

  it("tells when it was rewritten after all", async () => {
    const server = await createServer(store);
    await upsert(store, server, someone("ada"));
    const raw = new DatabaseSync(folder.file());
    raw.exec("drop trigger audit_events_no_update; update audit_events set identity_id = 'bob' where id = 2");
    raw.close();
    expect(verifyAuditChain(await auditOf(store))).toEqual({ isIntact: false, brokenAt: 2 });
  });
});
