import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import type { VirtualKeyChange } from "../../src/core/virtual-key-port.ts";
import {
  actionsOf,
  addToken,
  allOf,
  auditOf,
  codeOf,
  createKey,
  createServer,
  createUser,
  entry,
  flowOf,
  type GetHarness,
  grantTo,
  identitiesGranted,
  identityOfKey,
  identityOfUser,
  initiate,
  present,
  upsert,
  someone,
} from "./fixtures.ts";

export function describeVirtualKeys(get: GetHarness): void {
  describe("a virtual key", () => {
    it("keeps every field, and is found by id and digest, also over a restart", async () => {
      const { store, now, reopen } = get();
      const owner = await createUser(store);
      const key = await createKey(store, {
        ownerUserId: owner.id,
        expiresAt: 5,
        rateLimitPerMinute: 60,
        isEnabled: false,
      });
      expect(key).toMatchObject({ ownerUserId: owner.id, expiresAt: 5, rateLimitPerMinute: 60, isEnabled: false });
      expect(key).toMatchObject({ createdAt: now(), lastUsedAt: null, revokedAt: null, createdBy: "adm_1" });
      const reopened = await reopen();
      expect(await reopened.findVirtualKey(key.id)).toEqual(key);
      expect(await reopened.findVirtualKeyByDigest(`digest of ${key.id}`)).toEqual({
        ...key,
        isPrevious: false,
        isOwnerEnabled: true,
      });
      expect(await reopened.findVirtualKeyByDigest("unknown")).toBeNull();
      expect(await reopened.findVirtualKey("vk_unknown")).toBeNull();
    });

    it("is one per digest", async () => {
      const { store } = get();
      const key = await createKey(store);
      await expect(
        store.createVirtualKey({ ...key, id: "vk_other", digest: `digest of ${key.id}` }, entry("virtual_key.created")),
      ).rejects.toMatchObject({ code: "internal" });
      expect(await actionsOf(store)).toEqual(["virtual_key.created"]);
    });

    it("is listed newest first, page by page, until it is revoked", async () => {
      const { store, advance } = get();
      const ids: string[] = [];
      for (let i = 0; i < 7; i += 1) {
        advance(i % 2);
        ids.push((await createKey(store)).id);
      }
      await store.revokeVirtualKey(present(ids[3]), entry("virtual_key.revoked"));
      const listed = await allOf((page) => store.listVirtualKeys({}, page), 2);
      expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.filter((_, i) => i !== 3).toSorted());
      const times = listed.map(({ createdAt }) => createdAt);
      expect(times).toEqual(times.toSorted((a, b) => b - a));
    });

    it("changes only what a change names", async () => {
      const { store } = get();
      const key = await createKey(store, { expiresAt: 7, rateLimitPerMinute: 9 });
      const update = async (change: VirtualKeyChange) =>
        (await store.updateVirtualKey(key.id, change, entry("virtual_key.updated")))?.key;
      expect(await update({ name: "new" })).toEqual({ ...key, name: "new" });
      const cleared = { ...key, name: "new", expiresAt: null, rateLimitPerMinute: null };
      expect(await update({ expiresAt: null, rateLimitPerMinute: null })).toEqual(cleared);
      expect(await store.findVirtualKey(key.id)).toEqual(cleared);
      expect(await store.updateVirtualKey("vk_unknown", {}, entry("virtual_key.updated"))).toBeNull();
    });

    it("keeps its grants while disabled; its credentials are orphaned, and reactivated with it", async () => {
      const { store, now } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const everyone = await createServer(store);
      const key = await createKey(store);
      const identity = identityOfKey(key);
      await grantTo(store, server, [identity, someone("ada")]);
      await upsert(store, server, identity);
      await upsert(store, everyone, identity);
      await upsert(store, server, someone("ada"));
      const flow = await flowOf(store, everyone, identity);
      const set = async (isEnabled: boolean) => {
        const detail = { changed: ["enabled"] };
        const change = entry("virtual_key.updated", { detail });
        return (await store.updateVirtualKey(key.id, { isEnabled }, change))?.key;
      };

      expect(await set(false)).toMatchObject({ isEnabled: false });
      expect(await store.readCredential({ serverId: server.id, identity })).toMatchObject({ orphanedAt: now() });
      expect(await store.readCredential({ serverId: everyone.id, identity })).toMatchObject({ orphanedAt: now() });
      expect((await store.readCredential({ serverId: server.id, identity: someone("ada") }))?.orphanedAt).toBeNull();
      expect(await store.listAccess(identity)).toEqual([]);
      expect(await initiate(store, { serverId: everyone.id, identity })).toBeNull();
      expect(await store.findFlow(flow.id)).toBeNull();
      expect(await store.listGrants(server.id)).toHaveLength(2);
      expect((await auditOf(store)).at(-1)?.detail).toMatchObject({
        changed: ["enabled"],
        orphaned: 2,
        reactivated: 0,
        needsUpdate: 0,
      });

      expect(await set(true)).toMatchObject({ isEnabled: true });
      expect(await store.readCredential({ serverId: server.id, identity })).toMatchObject({ orphanedAt: null });
      expect(await store.listAccess(identity)).toHaveLength(2);
    });

    it("that is disabled cannot be helped by a grant", async () => {
      const { store } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const key = await createKey(store, { isEnabled: false });
      await grantTo(store, server, [identityOfKey(key)]);
      expect(await store.findAccess(identityOfKey(key), server.name)).toBeNull();
    });

    it("takes grants, credentials, flows and tokens with it when revoked; the row stays for the audit", async () => {
      const { store, now, advance } = get();
      const [one, two] = [await createServer(store), await createServer(store)];
      const key = await createKey(store);
      const identity = identityOfKey(key);
      const twin: Identity = { mode: "session", id: key.id };
      await grantTo(store, one, [identity, twin]);
      const mine = [(await upsert(store, one, identity)).id, (await upsert(store, two, identity)).id];
      const theirs = await upsert(store, one, twin);
      const flow = await flowOf(store, one, identity);
      await addToken(store, flow.id, "digest_1");
      advance(1);

      const deleted = await store.revokeVirtualKey(key.id, entry("virtual_key.revoked"));

      expect(deleted?.toSorted()).toEqual(mine.toSorted());
      expect(await store.findVirtualKey(key.id)).toMatchObject({ revokedAt: now() });
      expect(await identitiesGranted(store, one)).toEqual([twin]);
      expect(await store.readCredential({ serverId: one.id, identity })).toBeNull();
      expect(await store.findTempToken("digest_1")).toBeNull();
      expect(await store.findFlow(flow.id)).toBeNull();
      expect(await store.listAccess(identity)).toEqual([]);
      expect(await store.readCredential(theirs)).toEqual(theirs);
      expect((await actionsOf(store)).filter((action) => action === "virtual_key.revoked")).toHaveLength(1);
    });

    it("is revoked for good, and once", async () => {
      const { store, another } = get();
      const replica = await another();
      const key = await createKey(store);
      const revoked = await Promise.all(
        [store, replica].map((handle) => handle.revokeVirtualKey(key.id, entry("virtual_key.revoked"))),
      );
      expect(revoked).toEqual([[], []]);
      expect((await actionsOf(store)).filter((action) => action === "virtual_key.revoked")).toHaveLength(1);
      expect(await store.updateVirtualKey(key.id, { isEnabled: true }, entry("virtual_key.updated"))).toBeNull();
      expect(await store.revokeVirtualKey("vk_unknown", entry("virtual_key.revoked"))).toBeNull();
    });

    it("with an owner leaves what is the owner's", async () => {
      const { store } = get();
      const server = await createServer(store);
      const owner = await createUser(store);
      const key = await createKey(store, { ownerUserId: owner.id });
      const row = await upsert(store, server, identityOfUser(owner));
      await store.updateVirtualKey(key.id, { isEnabled: false }, entry("virtual_key.updated"));
      expect(await store.revokeVirtualKey(key.id, entry("virtual_key.revoked"))).toEqual([]);
      expect(await store.readCredential(row)).toEqual(row);
    });

    it("notes its last use at most once a minute", async () => {
      const { store, advance, now, another } = get();
      const { id } = await createKey(store);
      const lastUse = async () => (await store.findVirtualKey(id))?.lastUsedAt;
      // A use at another replica, which writes it down when it is closed.
      const use = async () => {
        const replica = await another();
        await replica.touchVirtualKey(id);
        await replica.close();
      };
      const first = now();
      await use();
      expect(await lastUse()).toBe(first);
      advance(59_999);
      await use();
      expect(await lastUse()).toBe(first);
      advance(1);
      await use();
      expect(await lastUse()).toBe(now());
      expect(await codeOf(store.touchVirtualKey("vk_unknown"))).toBe("resolved");
    });

    it("costs the same number of statements to disable or revoke, whatever hangs on it", async () => {
      const { store, countStatements } = get();
      const costs: number[][] = [];
      for (const rows of [2, 30]) {
        const key = await createKey(store);
        for (let i = 0; i < rows; i += 1) {
          const server = await createServer(store);
          await upsert(store, server, identityOfKey(key));
          await flowOf(store, server, identityOfKey(key));
        }
        const set = (isEnabled: boolean) => () =>
          store.updateVirtualKey(key.id, { isEnabled }, entry("virtual_key.updated"));
        costs.push([
          await countStatements(set(false)),
          await countStatements(set(true)),
          await countStatements(() => store.revokeVirtualKey(key.id, entry("virtual_key.revoked"))),
        ]);
      }
      expect(costs[1]).toEqual(costs[0]);
    });
  });
}
