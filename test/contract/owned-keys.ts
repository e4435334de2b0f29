import { describe, expect, it } from "vitest";
import type { Store } from "../../src/core/store-port.ts";
import { isUsable, type VirtualKey } from "../../src/core/virtual-key.ts";
import {
  actionsOf,
  allOf,
  auditOf,
  codeOf,
  createKey,
  createServer,
  createUser,
  entry,
  type GetHarness,
  identityOfKey,
  identityOfUser,
  newId,
  present,
  upsert,
} from "./fixtures.ts";

const ROTATED = entry("virtual_key.rotated");
const UPDATED = entry("virtual_key.updated");

function rotate(store: Store, key: VirtualKey, overlapMs: number, digest = newId("digest")) {
  return store.rotateVirtualKey(key.id, { digest, prefix: `kw_${digest.slice(-5)}` }, overlapMs, ROTATED);
}

export function describeOwnedKeys(get: GetHarness): void {
  /** Whether a secret proves anything now. */
  async function works(digest: string): Promise<boolean> {
    const { store, now } = get();
    const key = await store.findVirtualKeyByDigest(digest);
    return key !== null && isUsable(key, now());
  }

  describe("a virtual key that is rotated", () => {
    it("answers to both secrets until the overlap ends, and then to the new one only", async () => {
      const { store, advance, now } = get();
      const key = await createKey(store);
      advance(1);
      const rotated = present(await rotate(store, key, 1_000, "second"));
      expect(rotated).toEqual({
        ...key,
        prefix: "kw_econd",
        rotatedAt: now(),
        previousExpiresAt: now() + 1_000,
      });
      expect(await store.findVirtualKey(key.id)).toEqual(rotated);
      const first = `digest of ${key.id}`;
      expect(await store.findVirtualKeyByDigest(first)).toMatchObject({ id: key.id, isPrevious: true });
      expect(await store.findVirtualKeyByDigest("second")).toMatchObject({ id: key.id, isPrevious: false });
      advance(999);
      expect([await works(first), await works("second")]).toEqual([true, true]);
      advance(1);
      expect([await works(first), await works("second")]).toEqual([false, true]);
      expect((await auditOf(store)).at(-1)).toMatchObject({ action: "virtual_key.rotated" });
    });

    it("without an overlap, or a second time, drops the older secret at once", async () => {
      const { store } = get();
      const key = await createKey(store);
      const first = `digest of ${key.id}`;
      await rotate(store, key, 1_000_000, "second");
      await rotate(store, key, 1_000_000, "third");
      expect(await store.findVirtualKeyByDigest(first)).toBeNull();
      expect([await works("second"), await works("third")]).toEqual([true, true]);
      expect(await rotate(store, key, 0, "fourth")).toMatchObject({ previousExpiresAt: null });
      expect([await works("second"), await works("third"), await works("fourth")]).toEqual([false, false, true]);
    });

    it("is disabled, expired and revoked with both secrets", async () => {
      const { store, now, advance } = get();
      const key = await createKey(store);
      const secrets = [`digest of ${key.id}`, "second"];
      const both = () => Promise.all(secrets.map(works));
      await rotate(store, key, 1_000_000, "second");
      await store.updateVirtualKey(key.id, { isEnabled: false }, UPDATED);
      expect(await both()).toEqual([false, false]);
      await store.updateVirtualKey(key.id, { isEnabled: true, expiresAt: now() + 5 }, UPDATED);
      expect(await both()).toEqual([true, true]);
      advance(5);
      expect(await both()).toEqual([false, false]);
      await store.updateVirtualKey(key.id, { expiresAt: null }, UPDATED);
      await store.revokeVirtualKey(key.id, entry("virtual_key.revoked"));
      expect(await both()).toEqual([false, false]);
      expect(await rotate(store, key, 0)).toBeNull();
      expect(await rotate(store, { ...key, id: "vk_unknown" }, 0)).toBeNull();
    });

    it("keeps what is stored under it", async () => {
      const { store } = get();
      const server = await createServer(store);
      const key = await createKey(store);
      const row = await upsert(store, server, identityOfKey(key));
      await rotate(store, key, 0);
      expect(await store.readCredential(row)).toEqual(row);
      expect(await store.findAccess(identityOfKey(key), server.name)).not.toBeNull();
    });

    it("by two racers has the later secret, and the earlier one until the overlap ends", async () => {
      const { store, another } = get();
      const replica = await another();
      const key = await createKey(store);
      await Promise.all([rotate(store, key, 1_000, "a"), rotate(replica, key, 1_000, "b")]);
      expect([await works("a"), await works("b")]).toEqual([true, true]);
      expect(await works(`digest of ${key.id}`)).toBe(false);
      expect((await actionsOf(store)).filter((action) => action === "virtual_key.rotated")).toHaveLength(2);
    });

    it("counts at another replica from its next look on", async () => {
      const { store, another } = get();
      const replica = await another();
      const key = await createKey(store);
      const first = `digest of ${key.id}`;
      expect(await replica.findVirtualKeyByDigest(first)).toMatchObject({ isPrevious: false });
      await rotate(store, key, 0, "second");
      expect(await replica.findVirtualKeyByDigest(first)).toBeNull();
      expect(await replica.findVirtualKeyByDigest("second")).not.toBeNull();
    });
  });

  describe("a virtual key with an owner", () => {
    it("has an owner who exists", async () => {
      const { store } = get();
      expect(await codeOf(createKey(store, { ownerUserId: "usr_unknown" }))).toBe("user_not_found");
      expect(await actionsOf(store)).toEqual([]);
    });

    it("works while the owner is enabled, at every replica from the next look on", async () => {
      const { store, another } = get();
      const replica = await another();
      const owner = await createUser(store);
      const key = await createKey(store, { ownerUserId: owner.id });
      const digest = `digest of ${key.id}`;
      const seen = async () =>
        Promise.all(
          [store, replica].map(async (handle) => (await handle.findVirtualKeyByDigest(digest))?.isOwnerEnabled),
        );
      const set = (isEnabled: boolean) =>
        store.updateUser(owner.id, { isEnabled }, "apply", entry("user.updated", { identity: identityOfUser(owner) }));
      expect(await seen()).toEqual([true, true]);
      await set(false);
      expect(await seen()).toEqual([false, false]);
      expect(await works(digest)).toBe(false);
      await set(true);
      expect(await works(digest)).toBe(true);
    });

    it("A59: is revoked with its owner, and each revocation stands in the log", async () => {
      const { store, now } = get();
      const [owner, other] = [await createUser(store), await createUser(store)];
      const keys = [
        await createKey(store, { ownerUserId: owner.id }),
        await createKey(store, { ownerUserId: owner.id, isEnabled: false }),
        await createKey(store, { ownerUserId: other.id }),
        await createKey(store),
      ];
      const gone = [present(keys[0]).id, present(keys[1]).id];
      const removal = await store.deleteUser(owner.id, "apply", entry("user.deleted"));
      expect(removal?.virtualKeyIds.toSorted()).toEqual(gone.toSorted());
      for (const { id } of keys) {
        const revokedAt = gone.includes(id) ? now() : null;
        expect(await store.findVirtualKey(id)).toMatchObject({ revokedAt });
      }
      const revocations = (await auditOf(store)).filter(({ action }) => action === "virtual_key.revoked");
      expect(revocations.map(({ identity }) => present(identity).id).toSorted()).toEqual(gone.toSorted());
    });

    it("A12: is changed, rotated and revoked by its owner and by nobody else's wish", async () => {
      const { store } = get();
      const [owner, other] = [await createUser(store), await createUser(store)];
      const key = await createKey(store, { ownerUserId: owner.id });
      const ownerless = await createKey(store);
      const secret = { digest: "new", prefix: "kw_new__" };
      const tryAll = async (id: string, onlyOwner: string) => [
        await store.updateVirtualKey(id, { name: "mine" }, UPDATED, { onlyOwner }),
        await store.rotateVirtualKey(id, secret, 0, ROTATED, { onlyOwner }),
        await store.revokeVirtualKey(id, entry("virtual_key.revoked"), { onlyOwner }),
      ];
      expect(await tryAll(key.id, other.id)).toEqual([null, null, null]);
      expect(await tryAll(ownerless.id, owner.id)).toEqual([null, null, null]);
      expect(await store.findVirtualKey(key.id)).toEqual(key);
      expect(await tryAll(key.id, owner.id)).toMatchObject([{ key: { name: "mine" } }, { prefix: "kw_new__" }, []]);
    });

    it("keeps the limit that it has, unless its owner tightens it", async () => {
      const { store } = get();
      const owner = await createUser(store);
      const limited = await createKey(store, { ownerUserId: owner.id, rateLimitPerMinute: 60 });
      const set = (rateLimitPerMinute: number | null, key = limited) =>
        store.updateVirtualKey(key.id, { rateLimitPerMinute }, UPDATED, { onlyOwner: owner.id });
      expect(await codeOf(set(61))).toBe("forbidden");
      expect(await codeOf(set(null))).toBe("forbidden");
      expect((await set(60))?.key).toMatchObject({ rateLimitPerMinute: 60 });
      expect((await set(5))?.key).toMatchObject({ rateLimitPerMinute: 5 });
      const free = await createKey(store, { ownerUserId: owner.id });
      expect((await set(7, free))?.key).toMatchObject({ rateLimitPerMinute: 7 });
      // An administrator may.
      const raised = await store.updateVirtualKey(limited.id, { rateLimitPerMinute: null }, UPDATED);
      expect(raised?.key).toMatchObject({ rateLimitPerMinute: null });
    });

    it("is listed by owner and by what its name or visible characters hold", async () => {
      const { store } = get();
      const [owner, other] = [await createUser(store), await createUser(store)];
      const named = async (name: string, rest: Partial<VirtualKey> = {}) => createKey(store, { name, ...rest });
      await named("Laptop", { ownerUserId: owner.id });
      await named("laptop of Bob", { ownerUserId: other.id });
      await named("CI", { prefix: "kw_LAPxx" });
      const list = async (filter: Parameters<Store["listVirtualKeys"]>[0]) =>
        (await allOf((page) => store.listVirtualKeys(filter, page), 1)).map(({ name }) => name).toSorted();
      expect(await list({ ownerUserId: owner.id })).toEqual(["Laptop"]);
      expect(await list({ q: "lap" })).toEqual(["CI", "Laptop", "laptop of Bob"]);
      expect(await list({ q: "lap", ownerUserId: other.id })).toEqual(["laptop of Bob"]);
      expect(await list({ q: "_" })).toEqual(["CI", "Laptop", "laptop of Bob"]);
      expect(await list({ q: "nobody" })).toEqual([]);
    });

    it("is granted nothing of its own: it acts as its owner", async () => {
      const { store } = get();
      const server = await createServer(store);
      const owner = await createUser(store);
      const key = await createKey(store, { ownerUserId: owner.id });
      const grants = [{ identity: identityOfKey(key), tools: null }];
      expect(await codeOf(store.replaceGrants(server.id, grants, entry("grants.replaced")))).toBe("invalid_request");
    });
  });
}
