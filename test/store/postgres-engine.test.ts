import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/ports.ts";
import { Secret } from "../../src/core/secret.ts";
import { openPostgresStore, type PostgresStore } from "../../src/postgres.ts";
import { systemClock } from "../../src/server/system.ts";
import { auditOf, codeOf, createServer, entry, grantTo, initiate, someone, upsert } from "../contract/fixtures.ts";
import { type HalfOpenProxy, startHalfOpenProxy } from "../helpers/half-open-proxy.ts";
import { isPostgresThere } from "../helpers/postgres/database.ts";
import { openPostgresHarness, type PostgresHarness } from "./postgres-harness.ts";
import { random } from "./sqlite-harness.ts";

const UNAVAILABLE = "credential_store_unavailable";

describe.skipIf(!isPostgresThere)("the store on PostgreSQL", () => {
  let harness: PostgresHarness;
  let proxy: HalfOpenProxy;
  let store: PostgresStore;
  beforeEach(async () => {
    harness = await openPostgresHarness();
    proxy = await startHalfOpenProxy(harness.database.url);
    store = await openPostgresStore({ url: new Secret(proxy.url), clock: systemClock, random });
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
    await harness.close();
  });

  /** Everybody's connections to the database but this question's own. */
  async function cutAll(): Promise<void> {
    await harness.database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
  }

  it("A64: expiry is judged by the server's clock, whatever this process thinks the time is", async () => {
    const ahead = { ...systemClock, now: () => systemClock.now() + 24 * 60 * 60_000 };
    const skewed = await openPostgresStore({ url: new Secret(harness.database.url), clock: ahead, random });
    const server = await createServer(store);
    const flow = await initiate(skewed, { serverId: server.id, identity: someone("ada") });
    expect(Math.abs((flow?.createdAt ?? 0) - systemClock.now())).toBeLessThan(60_000);
    expect(await skewed.findFlow(flow?.id ?? "")).not.toBeNull();
    await harness.database.query("update submission_flows set expires_at = created_at + 1");
    expect(await store.findFlow(flow?.id ?? "")).toBeNull();
    await skewed.close();
  });

  it("writers of several replicas take turns: one chain, one version at a time", async () => {
    const others = await Promise.all([harness.another(), harness.another()]);
    const server = await createServer(store);
    const replicas = [store, harness.store, ...others];
    const writes = Array.from({ length: 40 }, (_, index) => replicas[index % 4] ?? store);
    await Promise.all(writes.map((replica) => upsert(replica, server, someone("ada"))));
    expect((await upsert(store, server, someone("ada"))).version).toBe(41);
    expect(await store.verifyAudit()).toMatchObject({ isIntact: true, events: 42 });
  });

  it("a text with U+0000 is refused before the server is asked, and finds nothing", async () => {
    const server = await createServer(store);
    expect(await codeOf(createServer(store, { name: "a\0b" }))).toBe("invalid_request");
    expect(await store.findVirtualKeyByDigest("a\0b")).toBeNull();
    expect(await store.findServer(server.id)).toEqual(server);
  });

  it("A62: connections that the server has cut are made anew, and nobody notices", async () => {
    const server = await createServer(store);
    const row = await upsert(store, server, someone("ada"));
    for (let round = 0; round < 3; round += 1) {
      await cutAll();
      expect(await store.readCredential(row)).toEqual(row);
      expect(await store.findServer(server.id)).toEqual(server);
      await cutAll();
      expect((await upsert(store, server, someone("bob"))).version).toBe(round + 1);
    }
  });

  it.each([
    ["swallows everything", { kind: "blackhole" }],
    ["takes 5 s each way", { kind: "delay", ms: 5_000 }],
  ] as const)("A62: a network that %s is an outage within bounds, and over when it is", async (_, weather) => {
    const server = await createServer(store);
    const row = await upsert(store, server, someone("ada"));
    proxy.become(weather);
    const codes = await Promise.all([
      codeOf(store.readCredential(row)),
      codeOf(store.findServer(server.id)),
      codeOf(upsert(store, server, someone("ada"))),
      codeOf(store.ping()),
    ]);
    expect(codes).toEqual([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
    proxy.heal();
    await expect
      .poll(
        () =>
          store.ping().then(
            () => "up",
            () => "down",
          ),
        { timeout: 10_000 },
      )
      .toBe("up");
    expect(await store.readCredential(row)).toEqual(row);
    expect((await upsert(store, server, someone("ada"))).version).toBe(2);
  });

  it("A62: is not ready before the reads of a call are answered again", async () => {
    const later: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      schedule: (delayMs, task, options) =>
        options?.isBackground === true ? (later.push(task), () => {}) : systemClock.schedule(delayMs, task, options),
    };
    const waiting = await openPostgresStore({ url: new Secret(proxy.url), clock, random });
    const server = await createServer(waiting);
    const row = await upsert(waiting, server, someone("ada"));
    proxy.become({ kind: "blackhole" });
    expect(await codeOf(waiting.readCredential(row))).toBe(UNAVAILABLE);
    expect(await codeOf(waiting.readCredential(row))).toBe(UNAVAILABLE);
    proxy.heal();
    // For a moment nobody tries to connect, so that replicas do not all come back at once.
    expect([await codeOf(waiting.readCredential(row)), await codeOf(waiting.ping())]).toEqual([
      UNAVAILABLE,
      UNAVAILABLE,
    ]);
    later.forEach((task) => task());
    await waiting.ping();
    expect(await waiting.readCredential(row)).toEqual(row);
    await waiting.close();
  });

  it("A62: a database that takes no writes says so, and can still be read", async () => {
    const server = await createServer(store);
    const name = harness.database.name;
    await harness.database.query(`alter database ${name} set default_transaction_read_only = on`);
    await cutAll();
    expect(await codeOf(upsert(store, server, someone("ada")))).toBe(UNAVAILABLE);
    expect(await codeOf(store.ping())).toBe(UNAVAILABLE);
    expect(await store.findServer(server.id)).toEqual(server);
    await harness.database.query(
      `begin read write; alter database ${name} reset default_transaction_read_only; commit`,
    );
    await cutAll();
    expect((await upsert(store, server, someone("ada"))).version).toBe(1);
  });

  it("A62: a COMMIT whose answer is lost is told as neither success nor failure, and is done once", async () => {
    const server = await createServer(store);
    await upsert(store, server, someone("ada"));
    proxy.become({ kind: "lose_answer", to: "commit\0" });
    expect(await codeOf(upsert(store, server, someone("ada")))).toBe(UNAVAILABLE);
    // It was done, and not twice: whoever reloads sees it.
    expect((await upsert(store, server, someone("ada"))).version).toBe(3);
    expect(await store.verifyAudit()).toMatchObject({ isIntact: true });
    expect(await auditOf(store)).toHaveLength(4);
  });

  it("A62: a replica that hangs in a transaction holds up nobody for ever", async () => {
    const server = await createServer(store);
    const hanging = harness.database.query("begin; select pg_advisory_xact_lock(1262838610, 1); select pg_sleep(60)");
    const ended = hanging.catch(() => "ended");
    await expect.poll(() => holders(), { timeout: 10_000 }).toBe(1);
    expect(await codeOf(upsert(store, server, someone("ada")))).toBe(UNAVAILABLE);
    expect(await store.findServer(server.id)).toEqual(server);
    await harness.database.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'");
    expect(await ended).toBe("ended");
    expect((await upsert(store, server, someone("ada"))).version).toBe(1);
  });

  async function holders(): Promise<number> {
    return (await harness.database.query("select 1 from pg_locks where locktype = 'advisory' and granted")).length;
  }

  it("A52: a revoke made through one replica counts on the other at once", async () => {
    const other = await harness.another();
    const server = await createServer(store);
    const row = await upsert(store, server, someone("ada"));
    expect(await other.readCredential(row)).not.toBeNull();
    await store.revokeCredential(row.id, {
      actor: { kind: "admin", id: "adm_1" },
      action: "credential.revoked",
      outcome: "ok",
      requestId: null,
      address: null,
    });
    expect(await other.readCredential(row)).toBeNull();
  });

  it("A58: five replicas that sweep at once, beside submissions, take each dead row once and no live one", async () => {
    const replicas = [harness.store, ...(await Promise.all(Array.from({ length: 4 }, () => harness.another())))];
    const server = await createServer(harness.store, { allowAllIdentities: false });
    const people = Array.from({ length: 40 }, (_, index) => someone(`person-${index}`));
    await grantTo(harness.store, server, people);
    for (const person of people) {
      await upsert(harness.store, server, person);
    }
    const staying = people.slice(0, 10);
    await grantTo(harness.store, server, staying);
    harness.advance(2_000);
    const sweeps = replicas.map((replica) => replica.sweepOrphanedCredentials(1_000, 500));
    const edits = staying.map((person, index) => upsert(replicas[index % 5] ?? harness.store, server, person));
    const [swept] = await Promise.all([Promise.all(sweeps), Promise.all(edits)]);
    expect(swept.reduce((sum, count) => sum + count, 0)).toBe(30);
    for (const person of staying) {
      const binding = { serverId: server.id, identity: person };
      expect(await harness.store.readCredential(binding)).toMatchObject({ version: 2, orphanedAt: null });
    }
    expect(await harness.store.verifyAudit()).toMatchObject({ isIntact: true });
  });

  it("closes while the network swallows everything", async () => {
    await createServer(store);
    proxy.become({ kind: "blackhole" });
    await store.close();
    expect(await codeOf(store.listServers({}))).toBe(UNAVAILABLE);
  });

  it("a value of the audit is as it was written, also where it looks like something else", async () => {
    await store.appendAudit(entry("server.created", { detail: { name: '{"a": 1}' }, requestId: "2026-01-01" }));
    expect((await auditOf(store)).at(-1)).toMatchObject({ detail: { name: '{"a": 1}' }, requestId: "2026-01-01" });
  });
});
