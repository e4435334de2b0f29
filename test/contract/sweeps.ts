import { describe, expect, it } from "vitest";
import type { Server } from "../../src/core/server.ts";
import type { Store } from "../../src/core/store-port.ts";
import { verifyAuditChain } from "../../src/store/audit-chain.ts";
import {
  addToken,
  allOf,
  auditOf,
  claim,
  codeOf,
  createServer,
  flowOf,
  type GetHarness,
  grantTo,
  LEASE_MS,
  TTL_MS,
  upsert,
  someone,
} from "./fixtures.ts";

const DAY_MS = 86_400_000;

async function sweepAll(sweep: (limit: number) => Promise<number>, limit: number): Promise<number> {
  let total = 0;
  let swept: number;
  do {
    swept = await sweep(limit);
    expect(swept).toBeLessThanOrEqual(limit);
    total += swept;
  } while (swept === limit);
  return total;
}

async function serverWithOrphans(store: Store, count: number, kept: number): Promise<Server> {
  const server = await createServer(store, { allowAllIdentities: false });
  const keep = Array.from({ length: kept }, (_, i) => someone(`kept-${i}`));
  for (let i = 0; i < count; i += 1) {
    await upsert(store, server, someone(`orphan-${i}`));
  }
  for (const identity of keep) {
    await upsert(store, server, identity);
  }
  await grantTo(store, server, keep);
  return server;
}

export function describeSweeps(get: GetHarness): void {
  describe("the sweep of flows", () => {
    it("takes expired flows with their tokens, from the moment of expiry on, and no live one", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const old = await flowOf(store, server, someone("old"));
      await addToken(store, old.id, "digest_old");
      advance(1);
      const young = await flowOf(store, server, someone("young"));
      await addToken(store, young.id, "digest_young");
      advance(TTL_MS - 2);
      expect(await store.sweepExpiredFlows(500)).toBe(0);
      advance(1);
      expect(await store.countSweepable(0)).toMatchObject({ expiredFlows: 1 });
      expect(await store.sweepExpiredFlows(500)).toBe(1);
      expect(await store.sweepExpiredFlows(500)).toBe(0);
      expect(await store.findTempToken("digest_young")).not.toBeNull();
      expect(await store.findFlow(young.id)).not.toBeNull();
    });

    it("leaves an expired flow that is being verified until its lease has run out", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      advance(TTL_MS - 1);
      await claim(store, flow.id);
      advance(LEASE_MS - 1);
      expect(await store.sweepExpiredFlows(500)).toBe(0);
      advance(1);
      expect(await store.sweepExpiredFlows(500)).toBe(1);
    });

    it("takes exactly as many as it is asked to, also more than one step of them", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      for (let i = 0; i < 230; i += 1) {
        await flowOf(store, server, someone(`old-${i}`));
      }
      advance(TTL_MS);
      expect(await store.sweepExpiredFlows(105)).toBe(105);
      expect(await store.countSweepable(0)).toMatchObject({ expiredFlows: 125 });
      expect(await store.sweepExpiredFlows(500)).toBe(125);
    });

    it("goes in batches, on two replicas at once, and each flow goes once", async () => {
      const { store, another, advance } = get();
      const replica = await another();
      const server = await createServer(store);
      for (let i = 0; i < 40; i += 1) {
        await flowOf(store, server, someone(`old-${i}`));
      }
      advance(TTL_MS);
      const live = await flowOf(store, server, someone("live"));
      const swept = await Promise.all(
        [store, replica].map((handle) => sweepAll((limit) => handle.sweepExpiredFlows(limit), 7)),
      );
      expect((swept[0] ?? 0) + (swept[1] ?? 0)).toBe(40);
      expect(await store.countSweepable(DAY_MS)).toEqual({ expiredFlows: 0, orphanedCredentials: 0 });
      expect(await store.findFlow(live.id)).not.toBeNull();
    });
  });

  describe("the sweep of credentials", () => {
    it("takes what has been orphaned for longer than the retention, with one event each", async () => {
      const { store, advance } = get();
      const server = await serverWithOrphans(store, 2, 1);
      const [orphan] = await allOf((page) => store.listCredentials({ status: "orphaned" }, page));
      advance(DAY_MS);
      expect(await store.sweepOrphanedCredentials(DAY_MS, 500)).toBe(0);
      expect(await store.countSweepable(DAY_MS)).toMatchObject({ orphanedCredentials: 0 });
      advance(1);
      expect(await store.countSweepable(DAY_MS)).toMatchObject({ orphanedCredentials: 2 });
      expect(await store.sweepOrphanedCredentials(DAY_MS, 1)).toBe(1);
      expect(await store.sweepOrphanedCredentials(DAY_MS, 500)).toBe(1);
      expect(await store.sweepOrphanedCredentials(DAY_MS, 500)).toBe(0);
      const left = await allOf((page) => store.listCredentials({}, page));
      expect(left.map(({ identity }) => identity.id)).toEqual(["kept-0"]);
      const events = await auditOf(store);
      expect(events.slice(-2)).toMatchObject([
        { action: "credential.swept", actor: { kind: "system" }, serverId: server.id, version: 1 },
        { action: "credential.swept", actor: { kind: "system" }, serverId: server.id, version: 1 },
      ]);
      expect(events.slice(-2).map(({ credentialId }) => credentialId)).toContain(orphan?.id);
      expect(verifyAuditChain(events).isIntact).toBe(true);
    });

    it("spares what regained access, however long it had none", async () => {
      const { store, advance } = get();
      const server = await serverWithOrphans(store, 1, 0);
      advance(10 * DAY_MS);
      await grantTo(store, server, [someone("orphan-0")]);
      expect(await store.sweepOrphanedCredentials(DAY_MS, 500)).toBe(0);
      await grantTo(store, server, []);
      advance(DAY_MS);
      expect(await store.sweepOrphanedCredentials(DAY_MS, 500)).toBe(0);
    });

    it.each([0, -1])("is off with a retention of %i", async (retention) => {
      const { store, advance } = get();
      await serverWithOrphans(store, 1, 0);
      advance(1_000 * DAY_MS);
      expect(await store.sweepOrphanedCredentials(retention, 500)).toBe(0);
      expect(await store.countSweepable(retention)).toEqual({ expiredFlows: 0, orphanedCredentials: 0 });
    });

    it("goes in batches, on two replicas at once, and each row goes once, with one event", async () => {
      const { store, another, advance } = get();
      const replica = await another();
      await serverWithOrphans(store, 30, 10);
      advance(DAY_MS + 1);
      const swept = await Promise.all(
        [store, replica].map((handle) => sweepAll((limit) => handle.sweepOrphanedCredentials(DAY_MS, limit), 4)),
      );
      expect((swept[0] ?? 0) + (swept[1] ?? 0)).toBe(30);
      const left = await allOf((page) => store.listCredentials({}, page));
      expect(left.every(({ identity, orphanedAt }) => identity.id.startsWith("kept-") && orphanedAt === null)).toBe(
        true,
      );
      expect(left).toHaveLength(10);
      const events = await auditOf(store);
      const gone = events.filter(({ action }) => action === "credential.swept").map(({ credentialId }) => credentialId);
      expect(new Set(gone).size).toBe(30);
      expect(gone).toHaveLength(30);
      expect(verifyAuditChain(events).isIntact).toBe(true);
    });

    it.each([0, 501, 0.5])("refuses a batch of %s", async (limit) => {
      const { store } = get();
      expect(await codeOf(store.sweepExpiredFlows(limit))).toBe("invalid_request");
      expect(await codeOf(store.sweepOrphanedCredentials(DAY_MS, limit))).toBe("invalid_request");
    });
  });
}
