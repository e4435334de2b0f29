import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import {
  actionsOf,
  auditOf,
  codeOf,
  createKey,
  createServer,
  createUser,
  DISCOVERED,
  entry,
  flowOf,
  type GetHarness,
  grantTo,
  identitiesGranted,
  identityOfKey,
  initiate,
  upsert,
  someone,
} from "./fixtures.ts";

export function describeAccess(get: GetHarness): void {
  describe("access", () => {
    const cases = (["ready", "disabled", "pending_verification"] as const).flatMap((status) =>
      [false, true].flatMap((allowAllIdentities) =>
        [false, true].map((isGranted) => ({ status, allowAllIdentities, isGranted })),
      ),
    );
    it.each(cases)("$status, for all: $allowAllIdentities, granted: $isGranted", async (c) => {
      const { store } = get();
      const { status, allowAllIdentities, isGranted } = c;
      const server = await createServer(store, { status, allowAllIdentities });
      await grantTo(store, server, isGranted ? [someone("ada")] : [someone("bob")]);
      const mayUse = status === "ready" && (allowAllIdentities || isGranted);

      expect(await store.findAccess(someone("ada"), server.name)).toEqual(mayUse ? { server, tools: null } : null);
      expect(await store.listAccess(someone("ada"))).toHaveLength(mayUse ? 1 : 0);
      expect((await initiate(store, { serverId: server.id, identity: someone("ada") })) !== null).toBe(mayUse);
    });

    it("to an unknown server and to a forbidden one is the same null", async () => {
      const { store } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      expect(await store.findAccess(someone("ada"), server.name)).toBeNull();
      expect(await store.findAccess(someone("ada"), "unknown")).toBeNull();
    });

    it("gives the tools that server and grant both allow", async () => {
      const { store } = get();
      const server = await createServer(store, { name: "tools", tools: ["a", "b"], allowAllIdentities: false });
      const open = await createServer(store, { name: "open", allowAllIdentities: false });
      const both = [
        { identity: someone("some"), tools: ["b", "c"] },
        { identity: someone("all"), tools: null },
        { identity: someone("none"), tools: [] },
      ];
      await store.replaceGrants(server.id, both, entry("grants.replaced"));
      await store.replaceGrants(open.id, both, entry("grants.replaced"));
      const toolsOf = async (id: string) => [
        (await store.findAccess(someone(id), "tools"))?.tools,
        (await store.findAccess(someone(id), "open"))?.tools,
      ];
      expect(await toolsOf("some")).toEqual([["b"], ["b", "c"]]);
      expect(await toolsOf("all")).toEqual([["a", "b"], null]);
      expect(await toolsOf("none")).toEqual([[], []]);
      const named = [both[1], both[2], both[0]].map((grant) => ({ ...grant, name: null }));
      expect(await store.listGrants(server.id)).toEqual(named);
    });

    it("shows a server as it is now, whoever changed it", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store, { name: "before", discovered: DISCOVERED });
      expect((await store.findAccess(someone("ada"), "before"))?.server).toEqual(server);
      const change = { name: "after", tools: ["search"], discovered: null };
      const updated = await replica.updateServer(server.id, 1, change, entry("server.updated"));
      expect(await store.findAccess(someone("ada"), "before")).toBeNull();
      expect(await store.findAccess(someone("ada"), "after")).toEqual({ server: updated.server, tools: ["search"] });
      expect((await store.listAccess(someone("ada")))[0]?.server).toEqual(updated.server);
    });

    it("to one server opens no other", async () => {
      const { store } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const other = await createServer(store, { allowAllIdentities: false });
      await upsert(store, other, someone("ada"));
      await grantTo(store, server, [someone("ada")]);
      expect((await store.listAccess(someone("ada"))).map((access) => access.server.id)).toEqual([server.id]);
      expect(await initiate(store, { serverId: other.id, identity: someone("ada") })).toBeNull();
      expect(await grantTo(store, other, [someone("bob")])).toMatchObject({ orphaned: 1 });
    });

    it("is listed by server name", async () => {
      const { store } = get();
      for (const name of ["c", "a", "b"]) {
        await createServer(store, { name });
      }
      await createServer(store, { name: "d", allowAllIdentities: false });
      expect((await store.listAccess(someone("ada"))).map(({ server }) => server.name)).toEqual(["a", "b", "c"]);
    });

    it("A13: user:1, virtual_key:1 and session:1 are three identities", async () => {
      const { store } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      await createUser(store, { id: "1" });
      const [asUser, asKey, asSession] = (["user", "virtual_key", "session"] as const).map(
        (mode): Identity => ({ mode, id: "1" }),
      ) as [Identity, Identity, Identity];
      await grantTo(store, server, [asUser]);
      expect(await store.findAccess(asUser, server.name)).not.toBeNull();
      expect(await store.findAccess(asKey, server.name)).toBeNull();
      expect(await store.findAccess(asSession, server.name)).toBeNull();
      expect(await initiate(store, { serverId: server.id, identity: asUser })).not.toBeNull();
      expect(await initiate(store, { serverId: server.id, identity: asKey })).toBeNull();
      expect(await initiate(store, { serverId: server.id, identity: asSession })).toBeNull();

      const mine = await upsert(store, server, asUser);
      const theirs = await upsert(store, server, asSession);
      expect(theirs.id).not.toBe(mine.id);
      expect(await store.readCredential({ serverId: server.id, identity: asKey })).toBeNull();
      expect((await store.listCredentials({ identity: asSession }, {})).items.map(({ id }) => id)).toEqual([theirs.id]);
    });

    it.each(["", " ", "a b", "a\u0000", "ａda", "ada ", "e\u0301", "x".repeat(256)])(
      "A13: the identity id %j is refused by everything that would write it",
      async (id) => {
        const { store } = get();
        const server = await createServer(store);
        expect(await codeOf(grantTo(store, server, [someone(id)]))).toBe("invalid_identity");
        expect(await codeOf(upsert(store, server, someone(id)))).toBe("invalid_identity");
        expect(await codeOf(initiate(store, { serverId: server.id, identity: someone(id) }))).toBe("invalid_identity");
        expect(await store.readCredential({ serverId: server.id, identity: someone(id) })).toBeNull();
      },
    );

    it.each(["Ada", "ada", "ada%", "_da", "a'da", 'a"da', "a:b", "a/b", "~".repeat(255)])(
      "A13: the identity id %j is itself only",
      async (id) => {
        const { store } = get();
        const server = await createServer(store, { allowAllIdentities: false });
        await grantTo(store, server, [someone(id)]);
        for (const other of ["Ada", "ada", "aba", "a'da", "a:b"].filter((candidate) => candidate !== id)) {
          expect(await store.findAccess(someone(other), server.name)).toBeNull();
        }
        expect(await store.findAccess(someone(id), server.name)).not.toBeNull();
        expect((await identitiesGranted(store, server)).map(({ id }) => id)).toEqual([id]);
      },
    );
  });

  describe("replacing grants", () => {
    it("orphans, reactivates and deletes flows in the same step", async () => {
      const { store, advance, now } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      await grantTo(store, server, [someone("ada"), someone("bob")]);
      const flow = await flowOf(store, server, someone("ada"));
      await upsert(store, server, someone("ada"));
      advance(3);
      expect(await grantTo(store, server, [someone("bob")])).toEqual({
        orphaned: 1,
        reactivated: 0,
        needsUpdate: 0,
        people: 1,
      });
      const binding = { serverId: server.id, identity: someone("ada") };
      expect(await store.readCredential(binding)).toMatchObject({ orphanedAt: now(), version: 1, status: "active" });
      expect(await store.findFlow(flow.id)).toBeNull();

      expect(await grantTo(store, server, [someone("ada")])).toEqual({
        orphaned: 0,
        reactivated: 1,
        needsUpdate: 0,
        people: 1,
      });
      expect(await store.readCredential(binding)).toMatchObject({ orphanedAt: null, status: "active" });
      expect((await auditOf(store)).at(-1)).toMatchObject({ serverId: server.id, detail: { reactivated: 1 } });
    });

    it("keeps the moment of orphaning while others come and go", async () => {
      const { store, advance } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      await upsert(store, server, someone("ada"));
      await upsert(store, server, someone("bob"));
      await grantTo(store, server, [someone("bob")]);
      const before = await store.readCredential({ serverId: server.id, identity: someone("ada") });
      advance(60_000);
      expect(await grantTo(store, server, [someone("bob")])).toEqual({
        orphaned: 0,
        reactivated: 0,
        needsUpdate: 0,
        people: 0,
      });
      expect(await grantTo(store, server, [])).toEqual({ orphaned: 1, reactivated: 0, needsUpdate: 0, people: 1 });
      expect(await store.readCredential({ serverId: server.id, identity: someone("ada") })).toEqual(before);
    });

    it("is refused whole for an unknown server, an unknown or revoked key, or an identity named twice", async () => {
      const { store } = get();
      const server = await createServer(store);
      const [kept, revoked] = [await createKey(store), await createKey(store)];
      await store.revokeVirtualKey(revoked.id, entry("virtual_key.revoked"));
      await grantTo(store, server, [identityOfKey(kept)]);
      const before = await actionsOf(store);
      const refused = async (identities: readonly Identity[]) => codeOf(grantTo(store, server, identities));

      expect(await codeOf(grantTo(store, { ...server, id: "srv_unknown" }, []))).toBe("server_not_found");
      expect(await refused([someone("ada"), { mode: "virtual_key", id: "vk_unknown" }])).toBe("invalid_request");
      expect(await refused([identityOfKey(revoked)])).toBe("invalid_request");
      expect(await refused([someone("ada"), someone("ada")])).toBe("invalid_request");
      expect(await identitiesGranted(store, server)).toEqual([identityOfKey(kept)]);
      expect(await actionsOf(store)).toEqual(before);
    });

    it("of two racers leaves the grants of one of them, whole", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store, { allowAllIdentities: false });
      const sets = ["a", "b"].map((set) => Array.from({ length: 20 }, (_, i) => someone(`${set}${i}`)));
      for (let round = 0; round < 5; round += 1) {
        await Promise.all([grantTo(store, server, sets[0] ?? []), grantTo(replica, server, sets[1] ?? [])]);
        const ids = (await identitiesGranted(store, server)).map(({ id }) => id);
        expect(ids).toHaveLength(20);
        expect(new Set(ids.map((id) => id[0])).size).toBe(1);
      }
    });
  });
}
