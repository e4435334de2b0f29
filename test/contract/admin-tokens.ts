import { describe, expect, it } from "vitest";
import type { Store } from "../../src/core/store-port.ts";
import { actionsOf, allOf, auditOf, codeOf, createUser, entry, type GetHarness, joinedUser } from "./fixtures.ts";

function create(store: Store, id: string) {
  return store.createAdminToken({ id, name: `token ${id}`, digest: `digest of ${id}` }, entry("admin_token.created"));
}

function revoke(store: Store, id: string, isLastAllowed = false) {
  return store.revokeAdminToken(id, { isLastAllowed }, entry("admin_token.revoked"));
}

export function describeAdminTokens(get: GetHarness): void {
  describe("admin tokens", () => {
    it("are made, listed newest first, and found by digest until they are revoked", async () => {
      const { store, advance, now } = get();
      const first = await create(store, "adm_1");
      expect(first).toEqual({ id: "adm_1", name: "token adm_1", createdAt: now() });
      advance(1);
      await create(store, "adm_2");
      await create(store, "adm_3");
      const listed = await allOf((page) => store.listAdminTokens(page), 2);
      expect(listed.map(({ id }) => id)).toEqual(["adm_3", "adm_2", "adm_1"]);
      expect(await revoke(store, "adm_1")).toBe(true);
      expect(await revoke(store, "adm_1")).toBe(false);
      expect(await store.findAdminTokenByDigest("digest of adm_1")).toBeNull();
      expect(await store.findAdminTokenByDigest("digest of adm_2")).not.toBeNull();
      expect((await auditOf(store)).at(-1)).toMatchObject({
        action: "admin_token.revoked",
        detail: { name: "token adm_1" },
      });
    });

    it("go down to the last one only when somebody else may administer", async () => {
      const { store, another } = get();
      const replica = await another();
      await create(store, "adm_1");
      await create(store, "adm_2");
      const outcomes = await Promise.all([codeOf(revoke(store, "adm_1")), codeOf(revoke(replica, "adm_2"))]);
      expect(outcomes.toSorted()).toEqual(["last_admin", "resolved"]);
      const [left] = (await store.listAdminTokens({})).items;
      await createUser(store, { role: "admin" });
      await joinedUser(store, { role: "user" });
      expect(await codeOf(revoke(store, left?.id ?? ""))).toBe("last_admin");
      expect((await actionsOf(store)).filter((action) => action === "admin_token.revoked")).toHaveLength(1);
      await joinedUser(store, { role: "admin" });
      expect(await revoke(store, left?.id ?? "")).toBe(true);
      await create(store, "adm_3");
      expect(await revoke(store, "adm_3", true)).toBe(true);
    });
  });
}
