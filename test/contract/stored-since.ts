import { describe, expect, it } from "vitest";
import { claim, createServer, entry, flowOf, type GetHarness, newId, someone, submission, upsert } from "./fixtures.ts";

/** What tells a process of values that another one has stored, when no hint does. */
export function describeStoredSince(get: GetHarness): void {
  describe("what was stored since", () => {
    it("is known on every handle, in its order, however it was stored, and nothing of before", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      await upsert(store, server, someone("before"));
      const begun = await replica.listStoredSince(null);
      expect(begun.bindings).toEqual([]);
      expect(await replica.listStoredSince(begun.position)).toEqual(begun);

      await upsert(store, server, someone("ada"));
      const flow = await flowOf(store, server, someone("bob"));
      const claimId = newId("claim");
      await claim(store, flow.id, claimId);
      expect((await store.commitSubmission(submission(flow.id, claimId))).kind).toBe("committed");
      await upsert(store, server, someone("ada"));
      const found = await replica.listStoredSince(begun.position);
      const bindings = ["ada", "bob", "ada"].map((id) => ({ serverId: server.id, identity: someone(id) }));
      expect(found.bindings).toEqual(bindings);
      expect((await store.listStoredSince(begun.position)).bindings).toEqual(bindings);
      expect((await replica.listStoredSince(found.position)).bindings).toEqual([]);
    });

    it("is no other event, and moves on past those", async () => {
      const { store } = get();
      const server = await createServer(store);
      const { id } = await upsert(store, server, someone("ada"));
      const begun = await store.listStoredSince(null);
      await store.revokeCredential(id, entry("credential.revoked"));
      await store.appendAudit(entry("credential.verified"));
      const later = await store.listStoredSince(begun.position);
      expect([later.bindings, later.position > begun.position]).toEqual([[], true]);
    });

    it("of an empty log is nothing", async () => {
      const { store } = get();
      expect(await store.listStoredSince(null)).toEqual({ position: 0, bindings: [] });
      expect(await store.listStoredSince(0)).toEqual({ position: 0, bindings: [] });
    });
  });
}
