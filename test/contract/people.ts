import { describe, expect, it } from "vitest";
import type { PasswordHash } from "../../src/core/people-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import type { User } from "../../src/core/user.ts";
import {
  actionsOf,
  allOf,
  auditOf,
  codeOf,
  createGroup,
  createUser,
  entry,
  type GetHarness,
  identityOfUser,
  joinedUser,
  newId,
  present,
  TTL_MS,
} from "./fixtures.ts";

const HASH = "a hash" as PasswordHash;
const JOINED = { action: "user.joined", outcome: "ok", requestId: "req_1", address: null } as const;

function accept(store: Store, digest: string) {
  return store.acceptInvite(digest, HASH, JOINED);
}

function change(store: Store, user: User, what: Parameters<Store["updateUser"]>[1]) {
  return store.updateUser(user.id, what, "apply", entry("user.updated", { identity: identityOfUser(user) }));
}

function remove(store: Store, user: User) {
  return store.deleteUser(user.id, "apply", entry("user.deleted", { identity: identityOfUser(user) }));
}

export function describePeople(get: GetHarness): void {
  describe("a user", () => {
    it("keeps every field, and is found by id and address, also over a restart", async () => {
      const { store, now, reopen } = get();
      const user = await createUser(store, { name: "Zoë", email: "zoe@example.test", role: "admin" });
      expect(user).toEqual({
        id: user.id,
        name: "Zoë",
        email: "zoe@example.test",
        role: "admin",
        isEnabled: true,
        isInvited: true,
        createdAt: now(),
        updatedAt: now(),
      });
      const reopened = await reopen();
      expect(await reopened.findUser(user.id)).toEqual(user);
      expect(await reopened.findUserByEmail("zoe@example.test")).toEqual(user);
      expect(await reopened.findUsers([user.id, "usr_unknown"])).toEqual([user]);
      expect(await reopened.findUsers([])).toEqual([]);
      expect(await reopened.findUser("usr_unknown")).toBeNull();
      expect(await reopened.findUserByEmail("nobody@example.test")).toBeNull();
    });

    it("is one per address: of two racers one wins, and nothing is left of the other", async () => {
      const { store, another } = get();
      const replica = await another();
      const both = [store, replica].map((handle) => codeOf(createUser(handle, { email: "one@example.test" })));
      expect((await Promise.all(both)).toSorted()).toEqual(["email_taken", "resolved"]);
      expect((await store.listUsers({}, {})).items).toHaveLength(1);
      expect(await actionsOf(store)).toEqual(["user.invited"]);
    });

    it("is not invited into a group that does not exist", async () => {
      const { store } = get();
      const group = await createGroup(store);
      expect(await codeOf(createUser(store, { groupIds: [group.id, "grp_unknown"] }))).toBe("group_not_found");
      expect((await store.listUsers({}, {})).items).toEqual([]);
      expect(await store.findGroup(group.id)).toMatchObject({ membersCount: 0 });
    });

    it("is invited into groups, and each of them stands in the log of the user", async () => {
      const { store } = get();
      const [one, two] = [await createGroup(store, "one"), await createGroup(store, "two")];
      const user = await createUser(store, { groupIds: [one.id, two.id] });
      expect((await store.listGroupsOf(user.id)).map(({ name }) => name)).toEqual(["one", "two"]);
      const ofUser = await allOf((page) => store.listAudit({ identity: identityOfUser(user) }, page));
      expect(ofUser.map(({ action, detail }) => [action, detail?.group])).toEqual([
        ["group.updated", two.id],
        ["group.updated", one.id],
        ["user.invited", undefined],
      ]);
    });

    it("changes only what a change names", async () => {
      const { store, advance, now } = get();
      const user = await createUser(store);
      advance(5);
      const renamed = { ...user, name: "new", updatedAt: now() };
      expect((await change(store, user, { name: "new" }))?.user).toEqual(renamed);
      expect((await change(store, user, { role: "admin" }))?.user).toEqual({ ...renamed, role: "admin" });
      expect((await change(store, user, { isEnabled: false }))?.user).toMatchObject({ isEnabled: false, name: "new" });
      expect((await change(store, user, {}))?.user).toMatchObject({ role: "admin", isEnabled: false });
      expect(await change(store, { ...user, id: "usr_unknown" }, {})).toBeNull();
      expect(await remove(store, { ...user, id: "usr_unknown" })).toBeNull();
    });

    it("is listed by name whatever the letter case, page by page, and filtered", async () => {
      const { store } = get();
      const group = await createGroup(store);
      const names = ["bea", "Ada", "ada", "Cid", "dora", "Bea", "eve"];
      for (const [i, name] of names.entries()) {
        const isAdmin = i % 2 === 0;
        await createUser(store, {
          name,
          email: `p${i}@${isAdmin ? "left" : "right"}.test`,
          role: isAdmin ? "admin" : "user",
          groupIds: i < 3 ? [group.id] : [],
        });
      }
      const listed = async (filter: Parameters<Store["listUsers"]>[0], limit = 2) =>
        (await allOf((page) => store.listUsers(filter, page), limit)).map(({ name }) => name);
      const inOrder = (all: readonly string[]) => all.map((name) => name.toLowerCase());
      expect(inOrder(await listed({}))).toEqual(["ada", "ada", "bea", "bea", "cid", "dora", "eve"]);
      expect((await listed({})).toSorted()).toEqual(names.toSorted());
      expect(inOrder(await listed({ role: "user" }))).toEqual(["ada", "bea", "cid"]);
      expect(inOrder(await listed({ groupId: group.id }))).toEqual(["ada", "ada", "bea"]);
      expect(inOrder(await listed({ q: "ADA" }))).toEqual(["ada", "ada"]);
      expect(inOrder(await listed({ q: "@Left" }))).toEqual(["ada", "bea", "dora", "eve"]);
      expect(await listed({ q: "%" })).toEqual([]);
      const [first] = (await store.listUsers({ q: "eve" }, {})).items;
      await change(store, present(first), { isEnabled: false });
      expect(await listed({ isEnabled: false })).toEqual(["eve"]);
      expect(await listed({ isEnabled: true })).toHaveLength(6);
      expect(await codeOf(store.listUsers({}, { cursor: "WyJhIl0" }))).toBe("invalid_request");
    });

    it("A59: leaves nothing behind, and who comes after with the same address is somebody else", async () => {
      const { store } = get();
      const group = await createGroup(store);
      const user = await createUser(store, { email: "one@example.test", groupIds: [group.id] });
      expect(await remove(store, user)).toEqual({ credentialIds: [], virtualKeyIds: [] });
      expect(await store.findUser(user.id)).toBeNull();
      expect(await store.findInvite(`invite of ${user.id}`)).toBeNull();
      expect(await store.findGroup(group.id)).toMatchObject({ membersCount: 0 });
      const next = await createUser(store, { email: "one@example.test" });
      expect(next.id).not.toBe(user.id);
      expect(await store.listGroupsOf(next.id)).toEqual([]);
    });
  });

  describe("an invitation", () => {
    it("gives its user a password, once, and then the user is no longer only invited", async () => {
      const { store, another } = get();
      const replica = await another();
      const user = await createUser(store);
      const digest = `invite of ${user.id}`;
      expect(await store.findInvite(digest)).toEqual({ user, expiresAt: user.createdAt + TTL_MS });
      const accepted = await Promise.all([accept(store, digest), accept(replica, digest)]);
      expect(accepted.filter((one) => one !== null)).toEqual([{ ...user, isInvited: false }]);
      expect(await store.findUser(user.id)).toEqual({ ...user, isInvited: false });
      expect(await store.findInvite(digest)).toBeNull();
      expect(await accept(store, digest)).toBeNull();
      const identity = identityOfUser(user);
      expect((await auditOf(store)).at(-1)).toMatchObject({
        action: "user.joined",
        identity,
        actor: { kind: "identity", identity },
      });
      expect(await actionsOf(store)).toEqual(["user.invited", "user.joined"]);
    });

    it("is dead at the moment when it expires", async () => {
      const { store, advance } = get();
      const user = await createUser(store);
      advance(TTL_MS - 1);
      expect(await store.findInvite(`invite of ${user.id}`)).not.toBeNull();
      advance(1);
      expect(await store.findInvite(`invite of ${user.id}`)).toBeNull();
      expect(await accept(store, `invite of ${user.id}`)).toBeNull();
      expect(await accept(store, "unknown")).toBeNull();
      // Still somebody who has not come.
      expect(await store.findUser(user.id)).toMatchObject({ isInvited: true });
    });

    it("of a disabled user opens nothing, until the user is enabled again", async () => {
      const { store } = get();
      const user = await createUser(store);
      await change(store, user, { isEnabled: false });
      expect(await store.findInvite(`invite of ${user.id}`)).toBeNull();
      expect(await accept(store, `invite of ${user.id}`)).toBeNull();
      await change(store, user, { isEnabled: true });
      expect(await accept(store, `invite of ${user.id}`)).not.toBeNull();
    });

    it("takes the place of those before it, and of the password only when it is used", async () => {
      const { store, now } = get();
      const user = await joinedUser(store);
      const again = async (digest: string) =>
        store.reinviteUser(user.id, { digest, ttlMs: 9 }, entry("user.invited", { identity: identityOfUser(user) }));
      expect(await again("second")).toEqual({ user, expiresAt: now() + 9 });
      await again("third");
      expect(await store.findInvite("second")).toBeNull();
      expect(await accept(store, "second")).toBeNull();
      expect(await store.findUser(user.id)).toMatchObject({ isInvited: false });
      expect(await accept(store, "third")).toEqual(user);
      expect(await store.reinviteUser("usr_unknown", { digest: "x", ttlMs: 9 }, entry("user.invited"))).toBeNull();
    });
  });

  describe("setup with a user", () => {
    const complete = (store: Store, digest: string) => {
      const id = newId("usr");
      const user = { id, name: "Root", email: `${id}@example.test` };
      return store.completeSetupWithUser(digest, user, HASH, entry("setup.completed"));
    };

    it("makes the first administrator, who has a password", async () => {
      const { store } = get();
      expect(await store.isSetUp()).toBe(false);
      await store.offerSetup("digest");
      expect(await complete(store, "another")).toBeNull();
      expect(await store.isSetUp()).toBe(false);
      const user = present(await complete(store, "digest"));
      expect(user).toMatchObject({ role: "admin", isEnabled: true, isInvited: false });
      expect(await store.findUser(user.id)).toEqual(user);
      expect(await store.isSetUp()).toBe(true);
      expect(await complete(store, "digest")).toBeNull();
      expect(await store.offerSetup("next")).toBe(false);
      expect(await actionsOf(store)).toEqual(["setup.completed"]);
    });

    it("and with a token are one: of racers over both ways one wins", async () => {
      const { store, another } = get();
      const replica = await another();
      await store.offerSetup("digest");
      const asToken = (handle: Store, id: string) =>
        handle.completeSetup("digest", { id, name: "cli", digest: `digest of ${id}` }, entry("setup.completed"));
      const racers = [
        complete(store, "digest"),
        asToken(replica, "adm_1"),
        complete(replica, "digest"),
        asToken(store, "adm_2"),
      ];
      expect((await Promise.all<unknown>(racers)).filter((winner) => winner !== null)).toHaveLength(1);
      expect(await actionsOf(store)).toEqual(["setup.completed"]);
    });

    it("does not use up the token when the address is taken", async () => {
      const { store } = get();
      await createUser(store, { email: "root@example.test" });
      await store.offerSetup("digest");
      const user = { id: newId("usr"), name: "Root", email: "root@example.test" };
      const attempt = store.completeSetupWithUser("digest", user, HASH, entry("setup.completed"));
      expect(await codeOf(attempt)).toBe("email_taken");
      expect(await complete(store, "digest")).not.toBeNull();
    });
  });

  describe("the last administrator", () => {
    it("is neither disabled, nor demoted, nor deleted, and nothing of the attempt stays", async () => {
      const { store } = get();
      const admin = await joinedUser(store, { role: "admin" });
      await joinedUser(store);
      // An invitation can expire, and somebody who is disabled cannot sign in.
      await createUser(store, { role: "admin" });
      const disabled = await joinedUser(store, { role: "admin" });
      await change(store, disabled, { isEnabled: false });
      const before = await actionsOf(store);
      for (const attempt of [
        change(store, admin, { isEnabled: false }),
        change(store, admin, { role: "user", name: "new" }),
        remove(store, admin),
      ]) {
        expect(await codeOf(attempt)).toBe("last_admin");
      }
      expect(await store.findUser(admin.id)).toEqual(admin);
      expect(await actionsOf(store)).toEqual(before);
      expect(await change(store, admin, { name: "new" })).not.toBeNull();
    });

    it("remains when two demote, disable or delete each other", async () => {
      const { store, another } = get();
      const replica = await another();
      const acts: readonly ((store: Store, user: User) => Promise<unknown>)[] = [
        (handle, user) => change(handle, user, { role: "user" }),
        (handle, user) => change(handle, user, { isEnabled: false }),
        remove,
      ];
      let left = await joinedUser(store, { role: "admin" });
      for (const act of acts) {
        const other = await joinedUser(store, { role: "admin" });
        const outcomes = await Promise.all([codeOf(act(store, left)), codeOf(act(replica, other))]);
        expect(outcomes.toSorted()).toEqual(["last_admin", "resolved"]);
        const { items } = await store.listUsers({ role: "admin", isEnabled: true }, {});
        expect(items).toHaveLength(1);
        left = present(items[0]);
      }
    });

    it("who was never able to sign in may go", async () => {
      const { store } = get();
      const invited = await createUser(store, { role: "admin" });
      expect(await change(store, invited, { role: "user" })).not.toBeNull();
      expect(await remove(store, invited)).not.toBeNull();
    });
  });
}
