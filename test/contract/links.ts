import { describe, expect, it } from "vitest";
import {
  actionsOf,
  addToken,
  auditOf,
  claim,
  createServer,
  entry,
  flowOf,
  type GetHarness,
  initiate,
  newId,
  present,
  TTL_MS,
  someone,
  verifying,
} from "./fixtures.ts";

const MISMATCH = entry("flow.opener_mismatch", { outcome: "refused" });

export function describeLinks(get: GetHarness): void {
  describe("initiating a flow", () => {
    it("takes schema revision and origin from the server, and says who asked", async () => {
      const { store, now, reopen } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      expect(flow).toMatchObject({
        serverId: server.id,
        identity: someone("ada"),
        state: "pending",
        attempts: 0,
        schemaRevision: 1,
        origin: server.origin,
        requestedBy: { clientName: "test-client", clientVersion: "1.0", address: "192.0.2.7" },
        expiresAt: now() + TTL_MS,
        createdAt: now(),
        updatedAt: now(),
      });
      const reopened = await reopen();
      expect(await reopened.findFlow(flow.id)).toEqual(flow);
      expect((await auditOf(reopened)).at(-1)).toMatchObject({ serverId: server.id, identity: someone("ada") });
    });

    it("A15: 50 at once on two replicas give one flow, one event, and at most 3 tokens, all of them usable", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const flows = await Promise.all(
        Array.from({ length: 50 }, (_, i) => flowOf(i % 2 === 0 ? store : replica, server, someone("ada"))),
      );
      const ids = new Set(flows.map(({ id }) => id));
      expect(ids.size).toBe(1);
      expect((await actionsOf(store)).filter((action) => action === "flow.requested")).toHaveLength(1);

      const digests = flows.map(() => newId("digest"));
      const added = await Promise.all(
        digests.map((digest, i) => addToken(i % 2 === 0 ? store : replica, present(flows[i]).id, digest)),
      );
      expect(added.filter(Boolean)).toHaveLength(3);
      for (const [i, digest] of digests.entries()) {
        const token = await replica.findTempToken(digest);
        expect(token).toEqual(added[i] === true ? { scope: "flow", resourceId: flows[0]?.id } : null);
      }
      expect((await claim(replica, present(flows[49]).id)).kind).toBe("claimed");
    });

    it("again keeps a live flow, and moves its end to now + ttl, at most to creation + 2 x ttl", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const first = await flowOf(store, server, someone("ada"));
      const later = async (ms: number) => {
        advance(ms);
        return flowOf(store, server, someone("ada"));
      };
      const kept = { id: first.id, createdAt: first.createdAt, requestedBy: first.requestedBy };
      expect(await later(TTL_MS / 2)).toMatchObject({ ...kept, expiresAt: first.createdAt + 1.5 * TTL_MS });
      expect(await later(TTL_MS - 1)).toMatchObject({ ...kept, expiresAt: first.createdAt + 2 * TTL_MS });
      expect(await later(TTL_MS / 2)).toMatchObject({ ...kept, expiresAt: first.createdAt + 2 * TTL_MS });
      expect((await actionsOf(store)).filter((action) => action === "flow.requested")).toHaveLength(1);
      expect((await later(1)).id).not.toBe(first.id);
    });

    it("keeps a flow that is being verified", async () => {
      const { store } = get();
      const server = await createServer(store);
      const { flow, submission } = await verifying(store, server, someone("ada"));
      expect(await flowOf(store, server, someone("ada"))).toMatchObject({
        id: flow.id,
        state: "verifying",
        attempts: 1,
      });
      expect((await store.commitSubmission(submission)).kind).toBe("committed");
    });

    it("replaces an expired flow: a new id, and no old link comes alive with it", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const old = await flowOf(store, server, someone("ada"));
      await addToken(store, old.id, "digest_old");
      advance(TTL_MS);
      const next = await flowOf(store, server, someone("ada"));
      expect(next.id).not.toBe(old.id);
      expect(await store.findFlow(old.id)).toBeNull();
      expect(await store.findTempToken("digest_old")).toBeNull();
      expect((await claim(store, old.id)).kind).toBe("gone");
      expect(await addToken(store, next.id)).toBe(true);
    });

    it("gives null, and leaves nothing, where there is nothing to ask for", async () => {
      const { store } = get();
      const servers = [
        await createServer(store, { allowAllIdentities: false }),
        await createServer(store, { status: "disabled" }),
        await createServer(store, { status: "pending_verification" }),
        await createServer(store, { authType: "none", headerSchema: [] }),
        await createServer(store, { authType: "headers", headerSchema: [] }),
      ];
      for (const serverId of [...servers.map(({ id }) => id), "srv_unknown"]) {
        expect(await initiate(store, { serverId, identity: someone("ada") })).toBeNull();
      }
      expect(await actionsOf(store)).not.toContain("flow.requested");
    });

    it("A13: session:1 and virtual_key:1 have flows of their own", async () => {
      const { store } = get();
      const server = await createServer(store);
      const [a, b] = [
        await flowOf(store, server, someone("1")),
        await flowOf(store, server, { mode: "virtual_key", id: "1" }),
      ];
      expect(a.id).not.toBe(b.id);
      expect((await store.findFlow(a.id))?.identity).toEqual(someone("1"));
    });
  });

  describe("a link", () => {
    it.each([
      [-1, true],
      [0, false],
      [1, false],
    ])("A07: at its expiry %i ms is live: %s", async (offset, live) => {
      const { store, advance } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      await addToken(store, flow.id, "digest_1");
      advance(TTL_MS + offset);
      expect((await store.findFlow(flow.id)) !== null).toBe(live);
      expect((await store.findTempToken("digest_1")) !== null).toBe(live);
      expect(await addToken(store, flow.id)).toBe(live);
      expect((await claim(store, flow.id)).kind).toBe(live ? "claimed" : "gone");
    });

    it("A07: that was never issued is like one that has expired", async () => {
      const { store } = get();
      expect(await store.findFlow("flow_unknown")).toBeNull();
      expect(await store.findCompletedFlow("flow_unknown")).toBeNull();
      expect(await store.findTempToken("digest_unknown")).toBeNull();
      expect(await addToken(store, "flow_unknown")).toBe(false);
      expect((await claim(store, "flow_unknown")).kind).toBe("gone");
    });

    it("A08: can be looked at any number of times without a change", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      advance(5);
      for (let i = 0; i < 20; i += 1) {
        expect(await store.findFlow(flow.id)).toEqual(flow);
      }
    });

    it("A02: is locked for good by the tenth wrong proof, and counts no more", async () => {
      const { store } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      await addToken(store, flow.id, "digest_1");
      for (let i = 0; i < 9; i += 1) {
        await store.countOpenerMismatch(flow.id, 10, MISMATCH);
      }
      expect(await store.findFlow(flow.id)).not.toBeNull();
      await store.countOpenerMismatch(flow.id, 10, MISMATCH);
      expect(await store.findFlow(flow.id)).toBeNull();
      expect(await store.findTempToken("digest_1")).toBeNull();
      expect((await claim(store, flow.id)).kind).toBe("gone");
      expect(await addToken(store, flow.id)).toBe(false);

      await store.countOpenerMismatch(flow.id, 10, MISMATCH);
      await store.countOpenerMismatch("flow_unknown", 10, MISMATCH);
      const events = (await auditOf(store)).filter(({ action }) => action === "flow.opener_mismatch");
      expect(events).toHaveLength(10);
      expect(events[0]).toMatchObject({ serverId: server.id, identity: someone("ada"), outcome: "refused" });

      const next = await flowOf(store, server, someone("ada"));
      expect(next.id).not.toBe(flow.id);
      expect(await store.findTempToken("digest_1")).toBeNull();
    });

    it("A02: wrong proofs that race are all counted", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          (i % 2 === 0 ? store : replica).countOpenerMismatch(flow.id, 10, MISMATCH),
        ),
      );
      expect(await store.findFlow(flow.id)).toBeNull();
      expect((await actionsOf(store)).filter((action) => action === "flow.opener_mismatch")).toHaveLength(10);
    });

    it("cannot be added twice under one digest", async () => {
      const { store } = get();
      const server = await createServer(store);
      const [mine, theirs] = [await flowOf(store, server, someone("ada")), await flowOf(store, server, someone("bob"))];
      expect(await addToken(store, mine.id, "digest_1")).toBe(true);
      expect(await addToken(store, theirs.id, "digest_1")).toBe(false);
      expect((await store.findTempToken("digest_1"))?.resourceId).toBe(mine.id);
    });
  });
}
