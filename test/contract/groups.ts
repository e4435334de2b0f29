import { describe, expect, it } from "vitest";
import type { Store } from "../../src/core/store-port.ts";
import type { User } from "../../src/core/user.ts";
import {
  actionsOf,
  allOf,
  auditOf,
  changeMembers,
  codeOf,
  createGroup,
  createServer,
  createUser,
  entry,
  flowOf,
  type GetHarness,
  grantToGroups,
  identityOfUser,
  initiate,
  upsert,
} from "./fixtures.ts";

const NOBODY = { orphaned: 0, reactivated: 0, needsUpdate: 0, people: 0 };

function usersOf(store: Store, count: number): Promise<readonly User[]> {
  return Promise.all(Array.from({ length: count }, () => createUser(store)));
}

export function describeGroups(get: GetHarness): void {
  describe("a group", () => {
    it("has a name of its own whatever the letter case, and is listed by it", async () => {
      const { store, another, now } = get();
      const replica = await another();
      const group = await createGroup(store, "Ops");
      expect(group).toEqual({ id: group.id, name: "Ops", membersCount: 0, createdAt: now() });
      expect(await codeOf(createGroup(replica, "oPS"))).toBe("name_taken");
      for (const name of ["b", "A", "c"]) {
        await createGroup(store, name);
      }
      const listed = await allOf((page) => store.listGroups(page), 2);
      expect(listed.map(({ name }) => name)).toEqual(["A", "b", "c", "Ops"]);
      const rename = (id: string, name: string) => store.renameGroup(id, name, entry("group.updated"));
      expect(await rename(group.id, "ops")).toEqual({ ...group, name: "ops" });
      expect(await codeOf(rename(group.id, "B"))).toBe("name_taken");
      expect(await rename("grp_unknown", "x")).toBeNull();
      expect(await store.findGroup(group.id)).toEqual({ ...group, name: "ops" });
      expect(await store.findGroup("grp_unknown")).toBeNull();
    });

    it("takes and lets go members; whoever is one, or is none, is left as is", async () => {
      const { store } = get();
      const group = await createGroup(store);
      const [ada, bob, eve] = (await usersOf(store, 3)) as [User, User, User];
      expect(await changeMembers(store, group, [ada, bob])).toEqual(NOBODY);
      expect(await changeMembers(store, group, [bob, eve], [ada])).toEqual(NOBODY);
      expect(await store.findGroup(group.id)).toMatchObject({ membersCount: 2 });
      expect((await store.listGroups({})).items).toMatchObject([{ membersCount: 2 }]);
      expect(await store.listGroupsOf(ada.id)).toEqual([]);
      expect(await store.listGroupsOf(eve.id)).toEqual([await store.findGroup(group.id)]);
      // Named in both: added.
      await changeMembers(store, group, [eve], [eve, ada]);
      expect(await store.listGroupsOf(eve.id)).toHaveLength(1);
      const ofAda = await allOf((page) => store.listAudit({ identity: identityOfUser(ada) }, page));
      expect(ofAda.map(({ detail }) => detail?.changed?.[0])).toEqual(["member_removed", "member_added", undefined]);
      const ofEve = await allOf((page) => store.listAudit({ identity: identityOfUser(eve) }, page));
      expect(ofEve.map(({ detail }) => detail?.changed?.[0])).toEqual(["member_added", undefined]);
    });

    it("takes nobody who does not exist, and then nobody at all", async () => {
      const { store } = get();
      const group = await createGroup(store);
      const ada = await createUser(store);
      const before = await actionsOf(store);
      const unknown = { ...ada, id: "usr_unknown" };
      expect(await codeOf(changeMembers(store, group, [ada, unknown]))).toBe("user_not_found");
      expect(await codeOf(changeMembers(store, { ...group, id: "grp_unknown" }, [ada]))).toBe("group_not_found");
      expect(await store.findGroup(group.id)).toMatchObject({ membersCount: 0 });
      expect(await actionsOf(store)).toEqual(before);
      expect(await changeMembers(store, group, [], [unknown])).toEqual(NOBODY);
    });
  });

  describe("access through a group", () => {
    it("comes and goes with membership: orphans, reactivates, and deletes flows in the same step", async () => {
      const { store, advance, now } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const group = await createGroup(store);
      const [ada, bob] = (await usersOf(store, 2)) as [User, User];
      expect(await grantToGroups(store, server, [group])).toEqual(NOBODY);
      expect(await store.findAccess(identityOfUser(ada), server.name)).toBeNull();
      await changeMembers(store, group, [ada, bob]);
      expect(await store.findAccess(identityOfUser(ada), server.name)).toEqual({ server, tools: null });
      expect((await store.listAccess(identityOfUser(ada))).map((access) => access.server.id)).toEqual([server.id]);
      const row = await upsert(store, server, identityOfUser(ada));
      await upsert(store, server, identityOfUser(bob));
      const flow = await flowOf(store, server, identityOfUser(ada));

      advance(7);
      expect(await changeMembers(store, group, [], [ada])).toEqual({ ...NOBODY, orphaned: 1, people: 1 });
      expect(await store.readCredential(row)).toMatchObject({ orphanedAt: now(), status: "active", version: 1 });
      expect(await store.findFlow(flow.id)).toBeNull();
      expect(await store.findAccess(identityOfUser(ada), server.name)).toBeNull();
      expect(await store.findAccess(identityOfUser(bob), server.name)).not.toBeNull();
      expect(await initiate(store, row)).toBeNull();

      expect(await changeMembers(store, group, [ada])).toEqual({ ...NOBODY, reactivated: 1, people: 1 });
      expect(await store.readCredential(row)).toMatchObject({ orphanedAt: null });
      const [summary] = (await auditOf(store)).filter(({ detail }) => detail?.reactivated === 1);
      expect(summary).toMatchObject({ action: "group.updated", detail: { changed: ["members"], group: group.id } });
    });

    it("goes with the group and with the grant, and of each person who has another way nothing goes", async () => {
      const { store } = get();
      const [one, two] = [
        await createServer(store, { allowAllIdentities: false }),
        await createServer(store, { allowAllIdentities: false }),
      ];
      const [ops, dev] = [await createGroup(store, "ops"), await createGroup(store, "dev")];
      const [ada, bob] = (await usersOf(store, 2)) as [User, User];
      await changeMembers(store, ops, [ada, bob]);
      await changeMembers(store, dev, [bob]);
      await grantToGroups(store, one, [ops, dev]);
      await grantToGroups(store, two, [ops]);
      for (const server of [one, two]) {
        await upsert(store, server, identityOfUser(ada));
        await upsert(store, server, identityOfUser(bob));
      }
      // Ada loses both, Bob the second: three credentials of two people.
      const { reconciliation, orphanedIds } = (await store.deleteGroup(ops.id, "apply", entry("group.deleted"))) ?? {};
      expect(reconciliation).toEqual({ ...NOBODY, orphaned: 3, people: 2 });
      expect(orphanedIds).toHaveLength(3);
      expect(await store.findGroup(ops.id)).toBeNull();
      expect(await store.listGrants(two.id)).toEqual([]);
      expect(await store.listGrants(one.id)).toEqual([{ groupId: dev.id, tools: null, name: "dev" }]);
      expect((await store.listAccess(identityOfUser(bob))).map(({ server }) => server.id)).toEqual([one.id]);
      expect(await store.deleteGroup(ops.id, "apply", entry("group.deleted"))).toBeNull();
      expect(await grantToGroups(store, one, [])).toEqual({ ...NOBODY, orphaned: 1, people: 1 });
    });

    it("is the user's only: the key or session of the same id is not a member", async () => {
      const { store } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const group = await createGroup(store);
      const user = await createUser(store);
      await changeMembers(store, group, [user]);
      await grantToGroups(store, server, [group]);
      for (const mode of ["virtual_key", "session"] as const) {
        const identity = { mode, id: user.id };
        expect(await store.findAccess(identity, server.name)).toBeNull();
        expect(await initiate(store, { serverId: server.id, identity })).toBeNull();
      }
    });

    it("gives the tools of all grants that apply, as far as the server allows them", async () => {
      const { store } = get();
      const ada = await createUser(store);
      const identity = identityOfUser(ada);
      const [ops, dev, none] = [await createGroup(store), await createGroup(store), await createGroup(store)];
      await changeMembers(store, ops, [ada]);
      await changeMembers(store, dev, [ada]);
      const toolsWith = async (
        own: readonly string[] | null | undefined,
        ofOps: readonly string[] | null | undefined,
        ofDev: readonly string[] | null | undefined,
        server: Parameters<typeof createServer>[1] = {},
      ) => {
        const { id, name } = await createServer(store, { allowAllIdentities: false, ...server });
        const grants = [
          ...(own === undefined ? [] : [{ identity, tools: own }]),
          ...(ofOps === undefined ? [] : [{ groupId: ops.id, tools: ofOps }]),
          ...(ofDev === undefined ? [] : [{ groupId: dev.id, tools: ofDev }]),
          { groupId: none.id, tools: null },
        ];
        await store.replaceGrants(id, grants, entry("grants.replaced"));
        const found = await store.findAccess(identity, name);
        expect((await store.listAccess(identity)).find((access) => access.server.id === id)).toEqual(
          found ?? undefined,
        );
        return found === null ? "no access" : (found.tools?.toSorted() ?? null);
      };
      expect(await toolsWith(undefined, undefined, undefined)).toBe("no access");
      expect(await toolsWith(["a"], undefined, undefined)).toEqual(["a"]);
      expect(await toolsWith(undefined, ["b"], undefined)).toEqual(["b"]);
      expect(await toolsWith(["a"], ["b"], ["a", "c"])).toEqual(["a", "b", "c"]);
      expect(await toolsWith([], ["b"], [])).toEqual(["b"]);
      expect(await toolsWith(["a"], null, ["c"])).toBeNull();
      expect(await toolsWith(null, ["b"], undefined)).toBeNull();
      expect(await toolsWith(["a"], ["b"], undefined, { tools: ["b", "c"] })).toEqual(["b"]);
      expect(await toolsWith(null, ["b"], undefined, { tools: ["b", "c"] })).toEqual(["b", "c"]);
      // A server for everyone: a grant that applies narrows it.
      expect(await toolsWith(undefined, undefined, undefined, { allowAllIdentities: true })).toBeNull();
      expect(await toolsWith(undefined, ["b"], ["c"], { allowAllIdentities: true })).toEqual(["b", "c"]);
    });

    it("is granted beside identities, and the list names everybody", async () => {
      const { store } = get();
      const server = await createServer(store);
      const group = await createGroup(store, "ops");
      const user = await createUser(store, { name: "Ada" });
      const grants = [
        { groupId: group.id, tools: ["a"] },
        { identity: identityOfUser(user), tools: null },
      ];
      await store.replaceGrants(server.id, grants, entry("grants.replaced"));
      expect(await store.listGrants(server.id)).toEqual([
        { groupId: group.id, tools: ["a"], name: "ops" },
        { identity: identityOfUser(user), tools: null, name: "Ada" },
      ]);
      const refused = async (...bad: Parameters<Store["replaceGrants"]>[1]) =>
        codeOf(store.replaceGrants(server.id, bad, entry("grants.replaced")));
      expect(await refused({ groupId: "grp_unknown", tools: null })).toBe("invalid_request");
      expect(await refused({ identity: { mode: "user", id: "usr_unknown" }, tools: null })).toBe("invalid_request");
      expect(await refused({ groupId: group.id, tools: null }, { groupId: group.id, tools: [] })).toBe(
        "invalid_request",
      );
      expect(await store.listGrants(server.id)).toHaveLength(2);
    });

    it("costs the same number of statements to change, however many people and rows there are", async () => {
      const { store, countStatements } = get();
      const costs: number[][] = [];
      for (const count of [2, 40]) {
        const group = await createGroup(store);
        const people = await usersOf(store, count);
        const server = await createServer(store, { allowAllIdentities: false });
        await grantToGroups(store, server, [group]);
        const cost = [await countStatements(() => changeMembers(store, group, people))];
        for (const user of people) {
          await upsert(store, server, identityOfUser(user));
          await flowOf(store, server, identityOfUser(user));
        }
        cost.push(
          await countStatements(() => changeMembers(store, group, [], people)),
          await countStatements(() => changeMembers(store, group, people)),
          await countStatements(() => grantToGroups(store, server, [])),
          await countStatements(() => grantToGroups(store, server, [group])),
          await countStatements(() => store.deleteGroup(group.id, "apply", entry("group.deleted"))),
        );
        costs.push(cost);
      }
      expect(costs[1]).toEqual(costs[0]);
    });
  });
}
