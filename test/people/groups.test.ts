import { afterEach, beforeEach, expect, it } from "vitest";
import { auditOf, createServer, createUser, grantToGroups, identityOfUser, upsert } from "../contract/fixtures.ts";
import { BY_ADMIN, openPolicies, type Policies } from "./policies.ts";

let policies: Policies;

beforeEach(async () => {
  policies = await openPolicies();
});
afterEach(() => policies.close());

it("groups are named, renamed and removed, and the log tells which", async () => {
  const { groups, store } = policies;
  const group = await groups.create(" Ops ", BY_ADMIN);
  expect(group).toMatchObject({ name: "Ops", membersCount: 0 });
  expect(group.id).toMatch(/^grp_/);
  expect(await groups.rename(group.id, "Dev", BY_ADMIN)).toMatchObject({ name: "Dev" });
  await groups.remove(group.id, BY_ADMIN);
  expect((await auditOf(store)).map(({ action, detail }) => [action, detail?.name, detail?.group])).toEqual([
    ["group.created", "Ops", group.id],
    ["group.updated", "Dev", group.id],
    ["group.deleted", "Dev", group.id],
  ]);
  await expect(groups.create("a\u200bb", BY_ADMIN)).rejects.toMatchObject({ code: "invalid_request" });
  const missing = { code: "group_not_found" };
  await expect(groups.rename(group.id, "x", BY_ADMIN)).rejects.toMatchObject(missing);
  await expect(groups.remove(group.id, BY_ADMIN)).rejects.toMatchObject(missing);
  await expect(groups.changeMembers(group.id, { add: [], remove: [] }, BY_ADMIN)).rejects.toMatchObject(missing);
});

it("P8: what a member held open through the group ends with the membership and with the group; a preview ends nothing", async () => {
  const { groups, store, take } = policies;
  const server = await createServer(store, { allowAllIdentities: false });
  const group = await groups.create("ops", BY_ADMIN);
  const [ada, bob] = [await createUser(store), await createUser(store)];
  await groups.changeMembers(group.id, { add: [ada.id, bob.id], remove: [] }, BY_ADMIN);
  await grantToGroups(store, server, [group]);
  const ofAda = await upsert(store, server, identityOfUser(ada));
  const ofBob = await upsert(store, server, identityOfUser(bob));
  take();

  const leaving = { add: [], remove: [ada.id] };
  const one = { orphaned: 1, people: 1 };
  expect(await groups.changeMembers(group.id, leaving, BY_ADMIN, "preview")).toMatchObject(one);
  expect(await groups.remove(group.id, BY_ADMIN, "preview")).toMatchObject({ orphaned: 2, people: 2 });
  expect(take()).toEqual([]);
  expect(await groups.changeMembers(group.id, leaving, BY_ADMIN)).toMatchObject(one);
  expect(take()).toEqual([`forget ${ofAda.id}`, "review", "changed "]);
  expect(await groups.remove(group.id, BY_ADMIN)).toMatchObject(one);
  expect(take()).toEqual([`forget ${ofBob.id}`, "review", "changed "]);
});
