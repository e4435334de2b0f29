import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import type { PasswordHash } from "../../src/core/people-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import {
  addToken,
  auditOf,
  changeMembers,
  claim,
  createGroup,
  createKey,
  createServer,
  createUser,
  entry,
  flowOf,
  type GetHarness,
  grantTo,
  grantToGroups,
  identityOfUser,
  initiate,
  joinedUser,
  present,
  upsert,
  verifying,
} from "./fixtures.ts";

const NOBODY = { orphaned: 0, reactivated: 0, needsUpdate: 0, people: 0 };

function setEnabled(store: Store, { id }: { readonly id: string }, isEnabled: boolean) {
  return store.updateUser(id, { isEnabled }, "apply", entry("user.updated", { identity: { mode: "user", id } }));
}

export function describeLifecycle(get: GetHarness): void {
  describe("a user who is disabled", () => {
    it("may use nothing, whatever is granted; credentials are kept, orphaned, and come back", async () => {
      const { store, advance, now } = get();
      const [one, two] = [await createServer(store), await createServer(store, { allowAllIdentities: false })];
      const ada = await createUser(store);
      const bob = await createUser(store);
      const identity = identityOfUser(ada);
      await grantTo(store, two, [identity]);
      const rows = [await upsert(store, one, identity), await upsert(store, two, identity)];
      const ofBob = await upsert(store, one, identityOfUser(bob));
      const flow = await flowOf(store, one, identity);
      advance(3);

      const disabled = present(await setEnabled(store, ada, false));
      expect(disabled.reconciliation).toEqual({ ...NOBODY, orphaned: 2, people: 1 });
      expect(disabled.orphanedIds.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
      for (const row of rows) {
        expect(await store.readCredential(row)).toMatchObject({ orphanedAt: now(), status: "active", version: 1 });
      }
      expect(await store.readCredential(ofBob)).toEqual(ofBob);
      expect(await store.listAccess(identity)).toEqual([]);
      expect(await store.findAccess(identity, two.name)).toBeNull();
      expect(await store.findFlow(flow.id)).toBeNull();
      expect(await initiate(store, { serverId: one.id, identity })).toBeNull();
      expect(await store.listGrants(two.id)).toHaveLength(1);
      expect((await auditOf(store)).at(-1)?.detail).toMatchObject({ orphaned: 2 });

      // Once more changes nothing.
      expect((await setEnabled(store, ada, false))?.reconciliation).toEqual(NOBODY);
      const enabled = present(await setEnabled(store, ada, true));
      expect(enabled.reconciliation).toEqual({ ...NOBODY, reactivated: 2, people: 1 });
      expect(await store.readCredential(present(rows[0]))).toMatchObject({ orphanedAt: null });
      expect(await store.listAccess(identity)).toHaveLength(2);
    });

    it("does not come back to what was taken meanwhile", async () => {
      const { store } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const ada = await createUser(store);
      await grantTo(store, server, [identityOfUser(ada)]);
      const row = await upsert(store, server, identityOfUser(ada));
      await setEnabled(store, ada, false);
      await grantTo(store, server, []);
      expect((await setEnabled(store, ada, true))?.reconciliation).toEqual(NOBODY);
      expect((await store.readCredential(row))?.orphanedAt).not.toBeNull();
    });
  });

  describe("a user who does not exist", () => {
    it("may use nothing, and what is stored for one is orphaned at the next look", async () => {
      const { store } = get();
      const server = await createServer(store);
      const nobody: Identity = { mode: "user", id: "usr_unknown" };
      expect(await store.findAccess(nobody, server.name)).toBeNull();
      expect(await store.listAccess(nobody)).toEqual([]);
      expect(await initiate(store, { serverId: server.id, identity: nobody })).toBeNull();
    });
  });

  describe("A13: the identity of a user", () => {
    it("is another than the key or session of the same id: neither access nor deletion touches them", async () => {
      const { store } = get();
      const server = await createServer(store);
      const key = await createKey(store);
      const user = await createUser(store, { id: key.id });
      const identities = (["user", "virtual_key", "session"] as const).map((mode): Identity => ({ mode, id: key.id }));
      for (const identity of identities) {
        await upsert(store, server, identity);
      }
      const orphaned = async () =>
        Promise.all(
          identities.map(async (identity) => {
            const row = await store.readCredential({ serverId: server.id, identity });
            return row === null ? "gone" : row.orphanedAt !== null;
          }),
        );
      await setEnabled(store, user, false);
      expect(await orphaned()).toEqual([true, false, false]);
      await setEnabled(store, user, true);
      await store.updateVirtualKey(key.id, { isEnabled: false }, entry("virtual_key.updated"));
      expect(await orphaned()).toEqual([false, true, false]);
      await store.deleteUser(user.id, "apply", entry("user.deleted"));
      expect(await orphaned()).toEqual(["gone", true, false]);
    });

    it.each(["usr_A", "usr_a", "usr_%", "usr__", "usr'1", 'usr"1', "usr:1"])(
      "%j is itself only, in groups too",
      async (id) => {
        const { store } = get();
        const server = await createServer(store, { allowAllIdentities: false });
        const others = ["usr_A", "usr_a", "usr_1", "usr%", "usr'1"].filter((other) => other !== id);
        const user = await createUser(store, { id, email: "one@example.test" });
        for (const [i, other] of others.entries()) {
          await createUser(store, { id: other, email: `other${i}@example.test` });
        }
        const group = await createGroup(store);
        await changeMembers(store, group, [user]);
        await grantToGroups(store, server, [group]);
        expect(await store.findAccess(identityOfUser(user), server.name)).not.toBeNull();
        for (const other of others) {
          expect(await store.findAccess({ mode: "user", id: other }, server.name)).toBeNull();
        }
      },
    );
  });

  describe("A59: a user who is deleted", () => {
    it("takes grants, credentials, flows and tokens along, and of others nothing", async () => {
      const { store } = get();
      const [one, two] = [await createServer(store), await createServer(store)];
      const [ada, bob] = [await joinedUser(store), await joinedUser(store)];
      const identity = identityOfUser(ada);
      await grantTo(store, one, [identity, identityOfUser(bob)]);
      const mine = [(await upsert(store, one, identity)).id, (await upsert(store, two, identity)).id];
      const theirs = await upsert(store, one, identityOfUser(bob));
      const flow = await flowOf(store, one, identity);
      await addToken(store, flow.id, "digest_1");

      const removal = present(await store.deleteUser(ada.id, "apply", entry("user.deleted")));

      expect(removal.credentialIds.toSorted()).toEqual(mine.toSorted());
      expect(await store.readCredential({ serverId: one.id, identity })).toBeNull();
      expect(await store.findFlow(flow.id)).toBeNull();
      expect(await store.findTempToken("digest_1")).toBeNull();
      expect(await store.listAccess(identity)).toEqual([]);
      expect(await store.listGrants(one.id)).toEqual([{ identity: identityOfUser(bob), tools: null, name: bob.name }]);
      expect(await store.readCredential(theirs)).toEqual(theirs);
      expect(await store.reinviteUser(ada.id, { digest: "x", ttlMs: 9 }, entry("user.invited"))).toBeNull();
      expect(await store.acceptInvite("x", "a hash" as PasswordHash, entry("user.joined"))).toBeNull();
    });

    it("costs the same number of statements, whatever is the user's", async () => {
      const { store, countStatements } = get();
      const costs: number[][] = [];
      for (const rows of [2, 30]) {
        const user = await createUser(store);
        for (let i = 0; i < rows; i += 1) {
          const server = await createServer(store);
          await upsert(store, server, identityOfUser(user));
          await flowOf(store, server, identityOfUser(user));
          await createKey(store, { ownerUserId: user.id });
          await changeMembers(store, await createGroup(store), [user]);
        }
        costs.push([
          await countStatements(() => setEnabled(store, user, false)),
          await countStatements(() => setEnabled(store, user, true)),
          await countStatements(() => store.deleteUser(user.id, "apply", entry("user.deleted"))),
        ]);
      }
      expect(costs[1]).toEqual(costs[0]);
    });
  });

  describe("A53: access that is lost, or lost and regained, while values are verified", () => {
    type Change = (store: Store, parts: Parts) => Promise<unknown>;
    interface Parts {
      readonly user: { readonly id: string };
      readonly server: Awaited<ReturnType<typeof createServer>>;
      readonly group: Awaited<ReturnType<typeof createGroup>>;
      readonly member: Awaited<ReturnType<typeof createUser>>;
    }
    const disable: Change = (store, { user }) => setEnabled(store, user, false);
    const enable: Change = (store, { user }) => setEnabled(store, user, true);
    const leave: Change = (store, { group, member }) => changeMembers(store, group, [], [member]);
    const join: Change = (store, { group, member }) => changeMembers(store, group, [member]);
    const remove: Change = (store, { user }) => store.deleteUser(user.id, "apply", entry("user.deleted"));
    const ungrant: Change = (store, { server }) => grantToGroups(store, server, []);
    const grant: Change = (store, { server, group }) => grantToGroups(store, server, [group]);

    it.each<readonly [string, readonly Change[]]>([
      ["the user is disabled", [disable]],
      ["the user is disabled and enabled", [disable, enable]],
      ["the user leaves the group", [leave]],
      ["the user leaves the group and joins it again", [leave, join]],
      ["the grant of the group goes", [ungrant]],
      ["the grant of the group goes and comes", [ungrant, grant]],
      ["the user is deleted", [remove]],
    ])("%s: the commit is refused and the old value is as it was", async (_, changes) => {
      const { store } = get();
      for (const hasOld of [false, true]) {
        const server = await createServer(store, { allowAllIdentities: false });
        const group = await createGroup(store);
        const member = await createUser(store);
        const identity = identityOfUser(member);
        await changeMembers(store, group, [member]);
        await grantToGroups(store, server, [group]);
        const old = hasOld ? await upsert(store, server, identity) : null;
        const { submission, flow } = await verifying(store, server, identity);
        for (const change of changes) {
          await change(store, { user: member, server, group, member });
        }
        expect(await store.commitSubmission(submission)).toEqual({ kind: "gone" });
        const now = await store.readCredential({ serverId: server.id, identity });
        expect(now?.version).toBe(changes.includes(remove) ? undefined : old?.version);
        expect((await claim(store, flow.id)).kind).toBe("gone");
      }
    });

    it("keeps what was orphaned through the whole retention, and brings it back", async () => {
      const { store, advance } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const group = await createGroup(store);
      const user = await createUser(store);
      await changeMembers(store, group, [user]);
      await grantToGroups(store, server, [group]);
      const row = await upsert(store, server, identityOfUser(user));
      await changeMembers(store, group, [], [user]);
      advance(1_000);
      expect(await store.sweepOrphanedCredentials(1_000, 500)).toBe(0);
      await changeMembers(store, group, [user]);
      advance(1_000_000);
      expect(await store.sweepOrphanedCredentials(1_000, 500)).toBe(0);
      expect(await store.readCredential(row)).toMatchObject({ orphanedAt: null });
      await setEnabled(store, user, false);
      advance(1_001);
      expect(await store.sweepOrphanedCredentials(1_000, 500)).toBe(1);
    });
  });
}
