import { describe, expect, it } from "vitest";
import type { AuditAction } from "../../src/core/audit.ts";
import type { Identity } from "../../src/core/identity.ts";
import type { Server } from "../../src/core/server.ts";
import type { Store } from "../../src/core/store-port.ts";
import {
  allOf,
  auditOf,
  changeMembers,
  createGroup,
  createKey,
  createServer,
  createUser,
  entry,
  type GetHarness,
  grantTo,
  grantToGroups,
  identityOfKey,
  identityOfUser,
  ORIGIN,
  OTHER_ORIGIN,
  schemaOf,
  someone,
  upsert,
} from "./fixtures.ts";

type Told = readonly [AuditAction, ...(readonly string[])];

/** What the log of one credential says, oldest first: actions, and what was done to it among others. */
async function lifeOf(store: Store, credentialId: string, limit = 500): Promise<readonly Told[]> {
  const events = await allOf((page) => store.listAudit({ credentialId }, page), limit);
  return events.toReversed().map(({ action, effects = [] }): Told => [action, ...effects]);
}

async function edit(store: Store, id: string, change: Parameters<Store["updateServer"]>[2]): Promise<void> {
  const version = (await store.findServer(id))?.version ?? 0;
  await store.updateServer(id, version, change, entry("server.updated"));
}

export function describeAuditSubjects(get: GetHarness): void {
  describe("a change that touches many credentials", () => {
    it("has one event, and each of them has it in its log with what was done to it", async () => {
      const { store } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const people = ["ada", "bob", "eve"].map(someone);
      await grantTo(store, server, people);
      const [ada, bob, eve] = await Promise.all(people.map((one) => upsert(store, server, one)));
      await grantTo(store, server, [someone("eve")]);
      await grantTo(store, server, people);

      const changes = (await auditOf(store)).filter(({ action }) => action === "grants.replaced");
      expect(changes.map(({ detail }) => [detail?.orphaned, detail?.reactivated])).toEqual([
        [0, 0],
        [2, 0],
        [0, 2],
      ]);
      expect(changes.map(({ detail }) => detail?.subjects === undefined)).toEqual([true, false, false]);
      for (const { id } of [ada!, bob!]) {
        const told: readonly Told[] = [
          ["credential.stored"],
          ["grants.replaced", "orphaned"],
          ["grants.replaced", "reactivated"],
        ];
        expect(await lifeOf(store, id)).toEqual(told);
        expect(await lifeOf(store, id, 1)).toEqual(told);
      }
      expect(await lifeOf(store, eve!.id)).toEqual([["credential.stored"]]);
      const filter = { credentialId: ada!.id, action: "grants.replaced", actor: "admin:adm_1" } as const;
      expect((await store.listAudit(filter, {})).items).toHaveLength(2);
      expect((await store.verifyAudit()).isIntact).toBe(true);
    });

    it("is told for an edit of schema, origin and status, all at once too", async () => {
      const { store } = get();
      const server = await createServer(store);
      const full = await upsert(store, server, someone("ada"), { fieldNames: ["x-api-key", "x-tenant"] });
      const half = await upsert(store, server, someone("bob"));
      await edit(store, server.id, { headerSchema: schemaOf("X-API-Key", "X-Tenant") });
      await edit(store, server.id, { headerSchema: schemaOf("X-API-Key") });
      await edit(store, server.id, { origin: OTHER_ORIGIN, status: "disabled" });
      await edit(store, server.id, { origin: ORIGIN, headerSchema: schemaOf("X-Tenant"), status: "ready" });
      await edit(store, server.id, { name: "renamed" });
      expect(await lifeOf(store, half.id)).toEqual([
        ["credential.stored"],
        ["server.updated", "needs_update"],
        ["server.updated", "active"],
        ["server.updated", "needs_update", "orphaned"],
        ["server.updated", "reactivated"],
      ]);
      expect(await lifeOf(store, full.id)).toEqual([
        ["credential.stored"],
        ["server.updated", "needs_update", "orphaned"],
        ["server.updated", "active", "reactivated"],
      ]);
      expect(await store.verifyAudit()).toMatchObject({ isIntact: true });
    });

    it("is told when access comes and goes with people, groups and keys", async () => {
      const { store } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const [user, group, key] = [await createUser(store), await createGroup(store), await createKey(store)];
      await grantToGroups(store, server, [group]);
      await changeMembers(store, group, [user]);
      const users = await upsert(store, server, identityOfUser(user));
      await store.updateUser(user.id, { isEnabled: false }, "apply", entry("user.updated"));
      await store.updateUser(user.id, { isEnabled: true }, "apply", entry("user.updated"));
      await changeMembers(store, group, [], [user]);
      await changeMembers(store, group, [user]);
      await store.deleteGroup(group.id, "preview", entry("group.deleted"));
      await store.deleteGroup(group.id, "apply", entry("group.deleted"));
      await store.deleteUser(user.id, "apply", entry("user.deleted"));
      expect(await lifeOf(store, users.id)).toEqual([
        ["credential.stored"],
        ["user.updated", "orphaned"],
        ["user.updated", "reactivated"],
        ["group.updated", "orphaned"],
        ["group.updated", "reactivated"],
        ["group.deleted", "orphaned"],
        ["user.deleted", "deleted"],
      ]);

      await grantTo(store, server, [identityOfKey(key)]);
      const keys = await upsert(store, server, identityOfKey(key));
      await store.updateVirtualKey(key.id, { isEnabled: false }, entry("virtual_key.updated"));
      await store.revokeVirtualKey(key.id, entry("virtual_key.revoked"));
      expect(await lifeOf(store, keys.id)).toEqual([
        ["credential.stored"],
        ["virtual_key.updated", "orphaned"],
        ["virtual_key.revoked", "deleted"],
      ]);
      const { detail } = (await auditOf(store)).at(-1) ?? {};
      expect(detail).toMatchObject({ deleted: 1 });
      expect(await store.verifyAudit()).toMatchObject({ isIntact: true });
    });

    it("A59: is told when the server goes, and the log of a credential outlives it", async () => {
      const { store } = get();
      const server = await createServer(store);
      const { id } = await upsert(store, server, someone("ada"));
      await store.deleteServer(server.id, entry("server.deleted"), "preview");
      expect(await lifeOf(store, id)).toEqual([["credential.stored"]]);
      await store.deleteServer(server.id, entry("server.deleted"));
      expect(await store.findCredential(id)).toBeNull();
      expect(await lifeOf(store, id)).toEqual([["credential.stored"], ["server.deleted", "deleted"]]);
      expect(await store.verifyAudit()).toMatchObject({ isIntact: true });
    });

    it("A53: takes a constant number of statements, whatever the number of credentials", async () => {
      const { store, countStatements } = get();
      const work = async (server: Server, people: readonly Identity[]) => {
        for (const one of people) {
          await upsert(store, server, one);
        }
        return countStatements(async () => {
          await grantTo(store, server, []);
          await edit(store, server.id, { headerSchema: schemaOf("X-Other") });
          await store.deleteServer(server.id, entry("server.deleted"));
        });
      };
      const [few, many] = [
        await createServer(store, { allowAllIdentities: false }),
        await createServer(store, { allowAllIdentities: false }),
      ];
      const people = Array.from({ length: 40 }, (_, i) => someone(`person-${i}`));
      await grantTo(store, few, people);
      await grantTo(store, many, people);
      expect(await work(few, people.slice(0, 2))).toBe(await work(many, people));
    });
  });
}
