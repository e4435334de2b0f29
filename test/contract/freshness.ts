import { describe, expect, it } from "vitest";
import {
  createKey,
  createServer,
  entry,
  type GetHarness,
  grantTo,
  identityOfKey,
  upsert,
  someone,
  present,
} from "./fixtures.ts";

/** What one replica has read before is what is there now, whoever changed it (promise P8). */
export function describeFreshness(get: GetHarness): void {
  describe("what was read before", () => {
    it("P8: a key is as any replica has left it, at once", async () => {
      const { store, another } = get();
      const replica = await another();
      const { id } = await createKey(store);
      const readHere = () => store.findVirtualKeyByDigest(`digest of ${id}`);
      expect(await readHere()).toMatchObject({ isEnabled: true, revokedAt: null });
      for (const handle of [replica, store, replica]) {
        for (const isEnabled of [false, true]) {
          await handle.updateVirtualKey(id, { isEnabled }, entry("virtual_key.updated"));
          expect(await readHere()).toMatchObject({ isEnabled });
          expect(await readHere()).toMatchObject(present(await replica.findVirtualKey(id)));
        }
      }
      await replica.revokeVirtualKey(id, entry("virtual_key.revoked"));
      expect((await readHere())?.revokedAt).not.toBeNull();
    });

    it("a key that was not there is found once it is", async () => {
      const { store, another } = get();
      const replica = await another();
      const first = await createKey(store);
      expect(await store.findVirtualKeyByDigest("later")).toBeNull();
      const later = await replica.createVirtualKey(
        { ...first, id: "vk_later", digest: "later" },
        entry("virtual_key.created"),
      );
      expect(await store.findVirtualKeyByDigest("later")).toMatchObject(later);
    });

    it("P8: access and its tools are as any replica has left them, at once", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store, { allowAllIdentities: false });
      const ada = someone("ada");
      const seenHere = async () => {
        const one = await store.findAccess(ada, server.name);
        expect(await store.listAccess(ada)).toEqual(one === null ? [] : [one]);
        return one === null ? null : one.tools;
      };
      for (const handle of [replica, store, replica]) {
        await handle.replaceGrants(server.id, [{ identity: ada, tools: ["search"] }], entry("grants.replaced"));
        expect(await seenHere()).toEqual(["search"]);
        expect(await seenHere()).toEqual(["search"]);
        await handle.replaceGrants(server.id, [{ identity: ada, tools: null }], entry("grants.replaced"));
        expect(await seenHere()).toBeNull();
        expect(await store.findAccess(ada, server.name)).not.toBeNull();
        await grantTo(handle, server, [someone("bob")]);
        expect(await store.findAccess(ada, server.name)).toBeNull();
      }
      await grantTo(replica, server, [ada]);
      expect(await seenHere()).toBeNull();
      await replica.deleteServer(server.id, entry("server.deleted"));
      expect(await store.listAccess(ada)).toEqual([]);
      expect(await store.findAccess(ada, server.name)).toBeNull();
    });

    it("P8: access goes with the key that any replica disables", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const identity = identityOfKey(await createKey(store));
      expect(await store.findAccess(identity, server.name)).not.toBeNull();
      await replica.updateVirtualKey(identity.id, { isEnabled: false }, entry("virtual_key.updated"));
      expect(await store.findAccess(identity, server.name)).toBeNull();
      expect(await store.listAccess(identity)).toEqual([]);
    });

    it("of one identity or name is never told to another", async () => {
      const { store } = get();
      const [one, two] = [await createServer(store, { name: "one" }), await createServer(store, { name: "two" })];
      const only = { identity: someone("ada"), tools: ["mine"] };
      await store.replaceGrants(one.id, [only], entry("grants.replaced"));
      const twin = { mode: "virtual_key", id: "ada" } as const;
      for (let round = 0; round < 2; round += 1) {
        expect(await store.findAccess(someone("ada"), "one")).toEqual({ server: one, tools: ["mine"] });
        expect(await store.findAccess(twin, "one")).toEqual({ server: one, tools: null });
        expect(await store.findAccess(someone("ada"), "two")).toEqual({ server: two, tools: null });
        expect((await store.listAccess(someone("ada")))[0]?.tools).toEqual(["mine"]);
        expect((await store.listAccess(twin))[0]?.tools).toBeNull();
      }
    });

    it("is seen anew by every look that starts after a change was acknowledged, among many at once", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const keys = await Promise.all(Array.from({ length: 5 }, () => createKey(store)));
      await Promise.all(keys.map((key) => upsert(store, server, identityOfKey(key))));
      const work = { isDone: false };
      const looks = keys.map(async ({ id }) => {
        while (!work.isDone) {
          await store.findVirtualKeyByDigest(`digest of ${id}`);
          await new Promise(setImmediate);
        }
      });
      for (let round = 0; round < 8; round += 1) {
        for (const { id } of keys) {
          const isEnabled = round % 2 === 1;
          await (round < 4 ? store : replica).updateVirtualKey(id, { isEnabled }, entry("virtual_key.updated"));
          expect(await store.findVirtualKeyByDigest(`digest of ${id}`)).toMatchObject({ isEnabled });
        }
      }
      work.isDone = true;
      await Promise.all(looks);
    });
  });
}
