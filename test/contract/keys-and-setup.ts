import { describe, expect, it } from "vitest";
import {
  actionsOf,
  codeOf,
  createKey,
  createServer,
  entry,
  type GetHarness,
  newId,
  upsert,
  USE_OF_NOTHING,
  someone,
} from "./fixtures.ts";

const KEYCHECK = { keyId: "dk_1", envelope: new Uint8Array([1, 2, 3]) };

function keysOf(name: string) {
  return [
    { id: `dk_${name}`, kind: "data", wrapped: new Uint8Array([1]), kekId: "kek_1", state: "current" },
    { id: `dg_${name}`, kind: "digest", wrapped: new Uint8Array([2]), kekId: "kek_1", state: "current" },
  ] as const;
}

function tokenOf(name: string) {
  return { id: newId("adm"), name, digest: `digest of ${name}` };
}

export function describeKeysAndSetup(get: GetHarness): void {
  describe("the keys", () => {
    it("belong to a deployment that keeps its id", async () => {
      const { store, another, reopen } = get();
      const id = await store.deploymentId();
      expect(id).toMatch(/^dep_[A-Za-z0-9_-]{22}$/);
      expect(await (await another()).deploymentId()).toBe(id);
      expect(await (await reopen()).deploymentId()).toBe(id);
    });

    it("are installed once: of two racers one wins, and both read what the winner wrote", async () => {
      const { store, another, now } = get();
      const replica = await another();
      expect(await store.readKeycheck()).toBeNull();
      expect(await store.listKeys()).toEqual([]);
      const won = await Promise.all([
        store.installKeys(keysOf("a"), KEYCHECK),
        replica.installKeys(keysOf("b"), { ...KEYCHECK, keyId: "dk_b" }),
      ]);
      expect(won.filter(Boolean)).toHaveLength(1);
      const winner = won[0] ? "a" : "b";
      const expected = keysOf(winner).map((key) => ({ ...key, createdAt: now(), seals: 0, staged: null }));
      for (const handle of [store, replica]) {
        const keys = await handle.listKeys();
        expect(keys.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual(expected);
        expect(await handle.readKeycheck()).toEqual({ ...KEYCHECK, keyId: winner === "a" ? "dk_1" : "dk_b" });
      }
      expect(await replica.installKeys(keysOf("c"), KEYCHECK)).toBe(false);
    });

    it("A24: are missed by whatever was sealed or digested under them", async () => {
      const { store } = get();
      const server = await createServer(store);
      expect(await store.hasSealedRows()).toBe(false);
      const { id } = await upsert(store, server, someone("ada"));
      expect(await store.hasSealedRows()).toBe(true);
      await store.revokeCredential(id, entry("credential.revoked"));
      expect(await store.hasSealedRows()).toBe(false);
      await createServer(store, { staticHeaderNames: ["x"], staticHeaders: KEYCHECK });
      expect(await store.hasSealedRows()).toBe(true);
    });

    it("A24: are missed by a virtual key, which nobody could present under new ones", async () => {
      const { store } = get();
      await createKey(store);
      expect(await store.hasSealedRows()).toBe(true);
    });

    it("are at most one current of each kind", async () => {
      const { store } = get();
      const two = [...keysOf("a"), ...keysOf("b")];
      expect(await codeOf(store.installKeys(two, KEYCHECK))).toBe("internal");
      expect(await store.listKeys()).toEqual([]);
      expect(await store.readKeycheck()).toBeNull();
    });
  });

  describe("setup", () => {
    it("A48: is done once: of two racers one becomes administrator", async () => {
      const { store, another, now } = get();
      const replica = await another();
      expect(await store.offerSetup("digest of setup")).toBe(true);
      const won = await Promise.all([
        store.completeSetup("digest of setup", tokenOf("a"), entry("setup.completed")),
        replica.completeSetup("digest of setup", tokenOf("b"), entry("setup.completed")),
      ]);
      const admins = won.filter((token) => token !== null);
      expect(admins).toHaveLength(1);
      const [admin] = admins;
      expect(admin).toMatchObject({ createdAt: now() });
      expect(await store.findAdminTokenByDigest(`digest of ${admin?.name}`)).toEqual(admin);
      expect(await store.findAdminTokenByDigest(`digest of ${admin?.name === "a" ? "b" : "a"}`)).toBeNull();
      expect(await actionsOf(store)).toEqual(["setup.completed"]);
    });

    it("A48: is closed for ever afterwards", async () => {
      const { store, reopen } = get();
      await store.offerSetup("digest of setup");
      await store.completeSetup("digest of setup", tokenOf("a"), entry("setup.completed"));
      const reopened = await reopen();
      expect(await reopened.offerSetup("digest of another")).toBe(false);
      for (const digest of ["digest of setup", "digest of another"]) {
        expect(await reopened.completeSetup(digest, tokenOf("b"), entry("setup.completed"))).toBeNull();
      }
      expect(await actionsOf(reopened)).toEqual(["setup.completed"]);
    });

    it("takes only the token that was offered last", async () => {
      const { store } = get();
      expect(await store.completeSetup("", tokenOf("a"), entry("setup.completed"))).toBeNull();
      await store.offerSetup("digest of first");
      expect(await store.offerSetup("digest of second")).toBe(true);
      expect(await store.completeSetup("digest of first", tokenOf("a"), entry("setup.completed"))).toBeNull();
      expect(await store.completeSetup("digest of second", tokenOf("b"), entry("setup.completed"))).not.toBeNull();
    });
  });

  describe("the store itself", () => {
    it("tells the time by which it judges expiry", async () => {
      const { store, advance } = get();
      const before = await store.time();
      advance(90_000);
      const passed = (await store.time()) - before;
      expect(passed).toBeGreaterThanOrEqual(90_000);
      expect(passed).toBeLessThan(150_000);
    });

    it("answers a ping until it is closed, and then says that it is not available", async () => {
      const { store } = get();
      await store.ping();
      await store.ping();
      await Promise.all([store.close(), store.close()]);
      const code = "credential_store_unavailable";
      expect(await codeOf(store.ping())).toBe(code);
      expect(await codeOf(store.findServer("srv_1"))).toBe(code);
      expect(await codeOf(createServer(store))).toBe(code);
      expect(await codeOf(store.touchCredential(USE_OF_NOTHING))).toBe("resolved");
    });

    it("finishes what was under way when it is closed", async () => {
      const { store, reopen } = get();
      const writing = [createServer(store), createServer(store), createServer(store)];
      await store.close();
      const results = await Promise.allSettled(writing);
      const stored = results.filter(({ status }) => status === "fulfilled").length;
      const reopened = await reopen();
      expect((await reopened.listServers({})).items).toHaveLength(stored);
      expect(await actionsOf(reopened)).toHaveLength(stored);
    });
  });
}
