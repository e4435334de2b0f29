import { describe, expect, it } from "vitest";
import type { Intent } from "../../src/core/people-port.ts";
import type { Reconciliation } from "../../src/core/access-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import {
  allOf,
  auditOf,
  changeMembers,
  createGroup,
  createKey,
  createServer,
  entry,
  flowOf,
  type GetHarness,
  identityOfKey,
  identityOfUser,
  joinedUser,
  OTHER_ORIGIN,
  present,
  schemaOf,
  upsert,
} from "./fixtures.ts";

/** A server for a group, with credentials of two members, one of a user with a grant, and one of a key. */
async function settle(store: Store) {
  const server = await createServer(store, { allowAllIdentities: false, headerSchema: schemaOf("a") });
  const group = await createGroup(store);
  const [ada, bob, eve] = [await joinedUser(store), await joinedUser(store), await joinedUser(store)];
  const key = await createKey(store);
  const owned = await createKey(store, { ownerUserId: eve.id });
  await changeMembers(store, group, [ada, bob]);
  const grants = [
    { groupId: group.id, tools: null },
    { identity: identityOfUser(eve), tools: ["search"] },
    { identity: identityOfKey(key), tools: null },
  ];
  await store.replaceGrants(server.id, grants, entry("grants.replaced"));
  for (const identity of [ada, bob, eve].map(identityOfUser).concat(identityOfKey(key))) {
    await upsert(store, server, identity);
  }
  const flow = await flowOf(store, server, identityOfUser(ada));
  return { server, group, ada, bob, eve, key, owned, flow, grants };
}

type Scene = Awaited<ReturnType<typeof settle>>;
type Change = (store: Store, scene: Scene, intent: Intent) => Promise<Reconciliation>;

const NOBODY = { orphaned: 0, reactivated: 0, needsUpdate: 0, people: 0 };

async function update(store: Store, { server }: Scene, change: Parameters<Store["updateServer"]>[2], intent: Intent) {
  return (await store.updateServer(server.id, server.version, change, entry("server.updated"), intent)).reconciliation;
}

const CHANGES: readonly (readonly [string, Partial<Reconciliation>, Change])[] = [
  [
    "grants",
    { orphaned: 3, people: 3 },
    async (store, { server, grants }, intent) =>
      (await store.replaceGrants(server.id, grants.slice(1, 2), entry("grants.replaced"), intent)).reconciliation,
  ],
  [
    "a server that nobody may use any more",
    { orphaned: 4, people: 4 },
    (store, scene, intent) => update(store, scene, { status: "disabled" }, intent),
  ],
  [
    "a schema that requires more",
    { needsUpdate: 4, people: 4 },
    (store, scene, intent) => update(store, scene, { headerSchema: schemaOf("a", "b") }, intent),
  ],
  [
    "a label",
    {},
    (store, scene, intent) => update(store, scene, { headerSchema: schemaOf({ name: "a", label: "A" }) }, intent),
  ],
  [
    "an origin, and access with it",
    { orphaned: 4, needsUpdate: 4, people: 4 },
    (store, scene, intent) => update(store, scene, { origin: OTHER_ORIGIN, status: "disabled" }, intent),
  ],
  [
    "a server that goes",
    { people: 4 },
    async (store, { server }, intent) => present(await store.deleteServer(server.id, entry("server.deleted"), intent)),
  ],
  [
    "a key that is disabled",
    { orphaned: 1, people: 1 },
    async (store, { key }, intent) =>
      present(await store.updateVirtualKey(key.id, { isEnabled: false }, entry("virtual_key.updated"), { intent }))
        .reconciliation,
  ],
  [
    "a key that is revoked",
    { people: 1 },
    async (store, { key }, intent) => {
      const ids = present(await store.revokeVirtualKey(key.id, entry("virtual_key.revoked"), { intent }));
      return { ...NOBODY, people: ids.length };
    },
  ],
  [
    "a user who is disabled",
    { orphaned: 1, people: 1 },
    async (store, { ada }, intent) =>
      present(await store.updateUser(ada.id, { isEnabled: false }, intent, entry("user.updated"))).reconciliation,
  ],
  [
    "a user who is deleted",
    { people: 1 },
    async (store, { eve, owned }, intent) => {
      const removal = present(await store.deleteUser(eve.id, intent, entry("user.deleted")));
      expect(removal.virtualKeyIds).toEqual([owned.id]);
      return { ...NOBODY, people: removal.credentialIds.length };
    },
  ],
  [
    "members of a group",
    { orphaned: 1, people: 1 },
    async (store, { group, bob, eve }, intent) => {
      const change = { add: [eve.id], remove: [bob.id] };
      return (await store.changeMembers(group.id, change, intent, entry("group.updated"))).reconciliation;
    },
  ],
  [
    "a group that goes",
    { orphaned: 2, people: 2 },
    async (store, { group }, intent) =>
      present(await store.deleteGroup(group.id, intent, entry("group.deleted"))).reconciliation,
  ],
];

/** All that can be asked of a store about a scene. */
async function everythingOf(store: Store, { server, group, flow, ada, eve, key, owned }: Scene) {
  return {
    audit: await auditOf(store),
    credentials: await allOf((page) => store.listCredentials({}, page)),
    servers: await allOf((page) => store.listServers(page)),
    grants: await store.listGrants(server.id),
    users: await allOf((page) => store.listUsers({}, page)),
    members: await allOf((page) => store.listUsers({ groupId: group.id }, page)),
    groups: await allOf((page) => store.listGroups(page)),
    keys: await allOf((page) => store.listVirtualKeys({}, page)),
    flow: await store.findFlow(flow.id),
    access: [
      await store.listAccess(identityOfUser(ada)),
      await store.findAccess(identityOfUser(eve), server.name),
      await store.findAccess(identityOfKey(key), server.name),
      await store.findVirtualKeyByDigest(`digest of ${owned.id}`),
    ],
  };
}

export function describePreviews(get: GetHarness): void {
  describe("the preview of a change", () => {
    it.each(CHANGES)("of %s counts what the change will do, and does nothing", async (_, expected, change) => {
      const { store, another } = get();
      const replica = await another();
      const scene = await settle(store);
      const before = await everythingOf(store, scene);
      expect(await everythingOf(replica, scene)).toEqual(before);

      const previewed = await change(store, scene, "preview");
      expect(previewed).toEqual({ ...NOBODY, ...expected });
      expect(await everythingOf(store, scene)).toEqual(before);
      expect(await everythingOf(replica, scene)).toEqual(before);

      expect(await change(store, scene, "apply")).toEqual(previewed);
      expect(await everythingOf(store, scene)).not.toEqual(before);
    });

    it("is refused as the change would be", async () => {
      const { store } = get();
      const admin = await joinedUser(store, { role: "admin" });
      const demote = store.updateUser(admin.id, { role: "user" }, "preview", entry("user.updated"));
      await expect(demote).rejects.toMatchObject({ code: "last_admin" });
      const server = await createServer(store);
      const stale = store.updateServer(server.id, 9, {}, entry("server.updated"), "preview");
      await expect(stale).rejects.toMatchObject({ code: "stale_update" });
      expect(await store.deleteGroup("grp_unknown", "preview", entry("group.deleted"))).toBeNull();
    });
  });
}
