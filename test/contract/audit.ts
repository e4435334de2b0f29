import { describe, expect, it } from "vitest";
import { type Actor, actorKey, type AuditEntry } from "../../src/core/audit.ts";
import type { AuditFilter } from "../../src/core/audit-port.ts";
import { verifyAuditChain } from "../../src/store/audit-chain.ts";
import { allOf, auditOf, codeOf, createServer, entry, type GetHarness, upsert, someone } from "./fixtures.ts";

export function describeAudit(get: GetHarness): void {
  describe("the audit log", () => {
    it("keeps every field of an event", async () => {
      const { store, now } = get();
      const entries: readonly AuditEntry[] = [
        entry("server.created", { actor: { kind: "system" }, requestId: null, address: null }),
        entry("credential.revoked", {
          actor: { kind: "identity", identity: { mode: "session", id: "s1" } },
          outcome: "refused",
          serverId: "srv_1",
          identity: someone("ada"),
          credentialId: "cred_1",
          version: 3,
          detail: { name: 'quote " and ☃', fields: ["a", "b"], reason: "401", orphaned: 0 },
        }),
        entry("flow.opener_mismatch", { actor: { kind: "link", flowId: "flow_1" } }),
      ];
      for (const one of entries) {
        await store.appendAudit(one);
      }
      const events = await auditOf(store);
      expect(events).toMatchObject(entries.map((one, i) => ({ ...one, id: i + 1, at: now() })));
      expect(events[0]).not.toHaveProperty("serverId");
      expect(events[0]).not.toHaveProperty("detail");
    });

    it("keeps no detail that is not on the list of keys", async () => {
      const { store } = get();
      const detail = { reason: "401", value: "s3cr3t" } as AuditEntry["detail"] & object;
      await store.appendAudit(entry("credential.rejected", { detail }));
      await store.appendAudit(entry("credential.rejected", { detail: { value: "s3cr3t" } as typeof detail }));
      const events = await auditOf(store);
      expect(events[0]?.detail).toEqual({ reason: "401" });
      expect(events[1]).not.toHaveProperty("detail");
      expect(verifyAuditChain(events)).toEqual({ isIntact: true, events: 2 });
    });

    it("is one chain, whoever writes: 60 events of two replicas at once", async () => {
      const { store, another, advance, reopen } = get();
      const replica = await another();
      const server = await createServer(store);
      await Promise.all(
        Array.from({ length: 60 }, async (_, i) => {
          advance(i % 7 === 0 ? 1 : 0);
          const handle = i % 2 === 0 ? store : replica;
          await (i % 3 === 0
            ? handle.appendAudit(entry("server.verified"))
            : upsert(handle, server, someone(`u${i % 5}`)));
        }),
      );
      const events = await auditOf(await reopen());
      expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1));
      expect(verifyAuditChain(events)).toEqual({ isIntact: true, events: 61 });
      const times = events.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    it("has no event of a mutation that failed", async () => {
      const { store } = get();
      const server = await createServer(store);
      await codeOf(createServer(store, { name: server.name }));
      await codeOf(store.updateServer(server.id, 9, {}, entry("server.updated")));
      expect(verifyAuditChain(await auditOf(store))).toEqual({ isIntact: true, events: 1 });
    });

    it("is newest first, pages without gap, and filters", async () => {
      const { store, advance, now } = get();
      const start = now();
      for (let i = 0; i < 12; i += 1) {
        await store.appendAudit(
          entry(i % 2 === 0 ? "server.updated" : "server.verified", {
            serverId: `srv_${i % 3}`,
            identity: i < 6 ? someone("ada") : { mode: "user", id: "ada" },
            ...(i === 4 ? { credentialId: "cred_1" } : {}),
          }),
        );
        advance(i % 4 === 3 ? 10 : 0);
      }
      const ids = async (filter: AuditFilter, limit = 3) =>
        (await allOf((page) => store.listAudit(filter, page), limit)).map(({ id }) => id);
      expect(await ids({})).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      expect(await ids({ action: "server.verified" })).toEqual([12, 10, 8, 6, 4, 2]);
      expect(await ids({ serverId: "srv_0" })).toEqual([10, 7, 4, 1]);
      expect(await ids({ identity: { mode: "user", id: "ada" } })).toEqual([12, 11, 10, 9, 8, 7]);
      expect(await ids({ credentialId: "cred_1" })).toEqual([5]);
      expect(await ids({ since: start + 10 })).toEqual([12, 11, 10, 9, 8, 7, 6, 5]);
      expect(await ids({ since: start + 11, action: "server.updated" })).toEqual([11, 9]);
      expect(await ids({ since: start + 1_000 })).toEqual([]);
      expect(await ids({ until: start })).toEqual([]);
      expect(await ids({ until: start + 10 })).toEqual([4, 3, 2, 1]);
      expect(await ids({ since: start + 10, until: start + 20 })).toEqual([8, 7, 6, 5]);
      expect(await codeOf(store.listAudit({}, { limit: 0 }))).toBe("invalid_request");
      expect(await codeOf(store.listAudit({}, { cursor: "WyJhIl0" }))).toBe("invalid_request");
    });

    it("finds what somebody has done, and what was refused", async () => {
      const { store } = get();
      const actors: readonly Actor[] = [
        { kind: "admin", id: "1" },
        { kind: "identity", identity: { mode: "user", id: "1" } },
        { kind: "identity", identity: { id: "1", mode: "virtual_key" } },
        { kind: "link", flowId: "1" },
        { kind: "system" },
      ];
      for (const [index, actor] of [...actors, ...actors].entries()) {
        await store.appendAudit(
          entry("flow.opened", { actor, outcome: index < 5 ? "ok" : "refused", serverId: `srv_${index % 2}` }),
        );
      }
      const ids = async (filter: AuditFilter) =>
        (await allOf((page) => store.listAudit(filter, page), 2)).map(({ id }) => id);
      for (const [index, actor] of actors.entries()) {
        expect(await ids({ actor: actorKey(actor) })).toEqual([index + 6, index + 1]);
        expect(await ids({ actor: actorKey(actor), outcome: "ok" })).toEqual([index + 1]);
      }
      expect(await ids({ outcome: "refused" })).toEqual([10, 9, 8, 7, 6]);
      expect(await ids({ outcome: "ok", serverId: "srv_0" })).toEqual([5, 3, 1]);
      for (const stranger of ["1", "user:", "session:1", "user:11", "", "link"]) {
        expect(await ids({ actor: stranger })).toEqual([]);
      }
    });

    it("is read whole and found as it was written, over any number of pages", async () => {
      const { store } = get();
      const zeros = "0".repeat(64);
      expect(await store.verifyAudit()).toEqual({ isIntact: true, events: 0, brokenAt: null, lastHash: zeros });
      for (let i = 0; i < 401; i += 1) {
        await store.appendAudit(entry("server.updated", i % 2 === 0 ? { detail: { changed: ["name"] } } : {}));
      }
      const last = (await auditOf(store)).at(-1);
      expect(await store.verifyAudit()).toEqual({
        isIntact: true,
        events: 401,
        brokenAt: null,
        lastHash: last?.hash,
      });
    });
  });
}
