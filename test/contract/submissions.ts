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
  LEASE_MS,
  MAX_ATTEMPTS,
  newId,
  present,
  release,
  sealedFor,
  submission,
  TTL_MS,
  upsert,
  someone,
  verifying,
} from "./fixtures.ts";

export function describeSubmissions(get: GetHarness): void {
  describe("a claim", () => {
    it("gives flow and server as they are, and counts an attempt", async () => {
      const { store } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      expect(await claim(store, flow.id)).toEqual({
        kind: "claimed",
        flow: { ...flow, state: "verifying", attempts: 1 },
        server,
      });
      expect(await store.findFlow(flow.id)).toMatchObject({ state: "verifying", attempts: 1 });
    });

    it("A14: is won once by 50 racers on two replicas; its commit is one version step and one event", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      await upsert(store, server, someone("ada"));
      const flow = await flowOf(store, server, someone("ada"));
      const claims = Array.from({ length: 50 }, () => newId("claim"));
      const outcomes = await Promise.all(
        claims.map((claimId, i) => claim(i % 2 === 0 ? store : replica, flow.id, claimId)),
      );
      const winner = outcomes.findIndex(({ kind }) => kind === "claimed");
      expect(outcomes.filter(({ kind }) => kind === "busy")).toHaveLength(49);

      const commits = await Promise.all(
        claims.map((claimId, i) => (i % 2 === 0 ? replica : store).commitSubmission(submission(flow.id, claimId))),
      );
      expect(commits.filter(({ kind }) => kind === "committed")).toHaveLength(1);
      expect(commits[winner]?.kind).toBe("committed");
      expect(await store.readCredential(flow)).toMatchObject({ version: 2, status: "active" });
      const stored = (await auditOf(store)).filter(({ action }) => action === "credential.stored");
      expect(stored.map(({ version }) => version)).toEqual([1, 2]);
    });

    it("protects itself until its lease has run out, then passes to the next", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const first = await verifying(store, server, someone("ada"));
      advance(LEASE_MS - 1);
      expect((await claim(store, first.flow.id)).kind).toBe("busy");
      advance(1);
      const claimId = newId("claim");
      expect(await claim(store, first.flow.id, claimId)).toMatchObject({ kind: "claimed", flow: { attempts: 2 } });
      expect((await store.commitSubmission(first.submission)).kind).toBe("gone");
      expect((await store.commitSubmission(submission(first.flow.id, claimId))).kind).toBe("committed");
    });

    it("that a crash left behind in the last attempt does not stand in the way of a new flow", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        expect((await claim(store, flow.id)).kind).toBe("claimed");
        advance(LEASE_MS);
      }
      expect((await claim(store, flow.id)).kind).toBe("gone");
      expect((await flowOf(store, server, someone("ada"))).id).not.toBe(flow.id);
    });
  });

  describe("a commit", () => {
    it("stores the values, ends the flow and its links, and writes one event", async () => {
      const { store, advance, now, reopen } = get();
      const server = await createServer(store);
      const { flow, submission: values } = await verifying(store, server, someone("ada"));
      await addToken(store, flow.id, "digest_1");
      advance(9);
      const outcome = await store.commitSubmission(values);
      const row = present(await store.readCredential(flow));
      expect(outcome).toEqual({ kind: "committed", credential: row });
      expect(row).toMatchObject({
        version: 1,
        status: "active",
        origin: flow.origin,
        schemaRevision: flow.schemaRevision,
        fieldNames: ["x-api-key"],
        verification: "proven",
        verifiedAt: now(),
      });
      expect(sealedFor(row)).toBe(`${row.id}#1`);
      const reopened = await reopen();
      expect(await reopened.findFlow(flow.id)).toBeNull();
      expect(await reopened.findTempToken("digest_1")).toBeNull();
      expect((await auditOf(reopened)).at(-1)).toMatchObject({
        action: "credential.stored",
        outcome: "ok",
        actor: { kind: "link", flowId: flow.id },
        requestId: "req_2",
        address: "192.0.2.9",
        serverId: server.id,
        identity: someone("ada"),
        credentialId: row.id,
        version: 1,
        detail: { fields: ["x-api-key"], verification: "proven" },
      });
    });

    it("A04: is the last thing that a link does: nothing that is sent again changes the credential", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const { flow, claimId, submission: values } = await verifying(store, server, someone("ada"));
      await addToken(store, flow.id, "digest_1");
      await store.commitSubmission(values);
      const row = await store.readCredential(flow);
      for (const handle of [store, replica]) {
        expect((await handle.commitSubmission(values)).kind).toBe("gone");
        expect((await claim(handle, flow.id, claimId)).kind).toBe("gone");
        expect(await release(handle, flow.id, claimId, "refused")).toBe(0);
        expect(await handle.findFlow(flow.id)).toBeNull();
        expect(await handle.findTempToken("digest_1")).toBeNull();
        expect(await addToken(handle, flow.id)).toBe(false);
      }
      expect(await store.readCredential(flow)).toEqual(row);
      expect((await actionsOf(store)).filter((action) => action === "credential.stored")).toHaveLength(1);
    });

    it("can be told from an unknown link by its flow id, as long as its value is the newest", async () => {
      const { store } = get();
      const server = await createServer(store);
      const { flow, submission: values } = await verifying(store, server, someone("ada"));
      expect(await store.findCompletedFlow(flow.id)).toBeNull();
      await store.commitSubmission(values);
      expect(await store.findCompletedFlow(flow.id)).toMatchObject({ identity: someone("ada"), version: 1 });
      const second = await verifying(store, server, someone("ada"));
      await store.commitSubmission(second.submission);
      expect(await store.findCompletedFlow(flow.id)).toBeNull();
      expect(await store.findCompletedFlow(second.flow.id)).toMatchObject({ version: 2 });
      await upsert(store, server, someone("ada"));
      expect(await store.findCompletedFlow(second.flow.id)).toBeNull();
    });

    it("heals a credential in any state", async () => {
      const { store } = get();
      const server = await createServer(store);
      const { id } = await upsert(store, server, someone("ada"));
      await store.rejectCredential(id, 1, "401", entry("credential.rejected"));
      const { submission: values } = await verifying(store, server, someone("ada"));
      expect(await store.commitSubmission(values)).toMatchObject({
        credential: { id, version: 2, status: "active", statusReason: null },
      });
    });

    it("still counts after the flow's expiry while its lease runs, and after the lease before the expiry", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("late"));
      advance(TTL_MS - 1);
      await claim(store, flow.id, "claim_late");
      advance(LEASE_MS - 1);
      expect(await store.sweepExpiredFlows(500)).toBe(0);
      expect((await store.commitSubmission(submission(flow.id, "claim_late"))).kind).toBe("committed");

      const slow = await verifying(store, server, someone("slow"));
      advance(LEASE_MS + 1);
      expect((await store.commitSubmission(slow.submission)).kind).toBe("committed");
    });

    it("is gone when both lease and flow have run out", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const { flow, submission: values } = await verifying(store, server, someone("ada"));
      advance(TTL_MS);
      expect((await store.commitSubmission(values)).kind).toBe("gone");
      expect(await store.readCredential(flow)).toBeNull();
    });

    it("leaves everything as it was when sealing fails: the claim can still be committed", async () => {
      const { store } = get();
      const server = await createServer(store);
      const { flow, submission: values } = await verifying(store, server, someone("ada"));
      const failing = () => {
        throw new Error("no key");
      };
      await expect(store.commitSubmission({ ...values, seal: failing })).rejects.toThrow("no key");
      expect(await store.readCredential(flow)).toBeNull();
      expect((await store.commitSubmission(values)).kind).toBe("committed");
    });
  });

  describe("a release", () => {
    it("A55: after a refusal keeps the attempt, and the fifth ends the flow; the old value stays", async () => {
      const { store } = get();
      const server = await createServer(store);
      const old = await upsert(store, server, someone("ada"));
      const flow = await flowOf(store, server, someone("ada"));
      await addToken(store, flow.id, "digest_1");
      const left: number[] = [];
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const claimId = newId("claim");
        await claim(store, flow.id, claimId);
        left.push(await release(store, flow.id, claimId, "refused"));
      }
      expect(left).toEqual([4, 3, 2, 1, 0]);
      expect(await store.findFlow(flow.id)).toBeNull();
      expect(await store.findTempToken("digest_1")).toBeNull();
      expect(await store.readCredential(flow)).toEqual(old);
      const events = (await auditOf(store)).filter(({ action }) => action === "flow.verification_refused");
      expect(events).toHaveLength(5);
      expect(events[0]).toMatchObject({ serverId: server.id, identity: someone("ada") });
    });

    it("A56: after an unknown outcome takes the attempt back", async () => {
      const { store } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      for (let attempt = 0; attempt < MAX_ATTEMPTS + 2; attempt += 1) {
        const claimId = newId("claim");
        expect((await claim(store, flow.id, claimId)).kind).toBe("claimed");
        expect(await release(store, flow.id, claimId, "unknown")).toBe(MAX_ATTEMPTS);
      }
      expect(await store.findFlow(flow.id)).toMatchObject({ state: "pending", attempts: 0 });
    });

    it("does nothing when the claim has passed to another", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const { flow, claimId } = await verifying(store, server, someone("ada"));
      advance(LEASE_MS);
      const next = newId("claim");
      await claim(store, flow.id, next);
      const before = await store.findFlow(flow.id);
      expect(await release(store, flow.id, claimId, "refused")).toBe(3);
      expect(await store.findFlow(flow.id)).toEqual(before);
      expect(await actionsOf(store)).not.toContain("flow.verification_refused");
      expect(await release(store, "flow_unknown", claimId, "refused")).toBe(0);
    });

    it("of a flow that has expired meanwhile ends it", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const { flow, claimId } = await verifying(store, server, someone("ada"));
      advance(TTL_MS);
      expect(await release(store, flow.id, claimId, "unknown")).toBe(0);
      expect(await store.countSweepable(0)).toEqual({ expiredFlows: 0, orphanedCredentials: 0 });
    });
  });
}
