import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createServer, identityOfUser, joinedUser, upsert, auditOf } from "../contract/fixtures.ts";
import { BY_ADMIN, openPolicies, type Policies } from "./policies.ts";

let policies: Policies;

beforeEach(async () => {
  policies = await openPolicies();
});
afterEach(() => policies.close());

const ADA = { name: "Ada", email: "Ada@Example.com", role: "user", groupIds: [] } as const;
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

describe("an administrator invites somebody", () => {
  it("whose address counts in lower case; the token is in the answer, and only its digest is kept", async () => {
    const { people, store, clock } = policies;
    const { user, token, expiresAt } = await people.invite(ADA, BY_ADMIN);
    expect(user).toMatchObject({ name: "Ada", email: "ada@example.com", isInvited: true });
    expect(user.id).toMatch(/^usr_/);
    expect(token.reveal()).toMatch(/^kwi_/);
    expect(expiresAt).toBe(clock.now() + WEEK_MS);
    expect(await store.findInvite(`invite of ${token.reveal()}`)).toEqual({ user, expiresAt });
    expect(await auditOf(store)).toMatchObject([
      { action: "user.invited", identity: identityOfUser(user), actor: BY_ADMIN.actor, detail: { name: "Ada" } },
    ]);
    expect(JSON.stringify(await auditOf(store))).not.toContain("kwi_");
  });

  it("again: the first invitation opens nothing any more", async () => {
    const { people, store } = policies;
    const first = await people.invite(ADA, BY_ADMIN);
    const second = await people.reinvite(first.user.id, BY_ADMIN);
    expect(second.user).toEqual(first.user);
    expect(await store.findInvite(`invite of ${first.token.reveal()}`)).toBeNull();
    expect(await store.findInvite(`invite of ${second.token.reveal()}`)).not.toBeNull();
  });

  it.each([
    ["invalid_email", { email: "ada" }],
    ["invalid_request", { name: "a\u202eb" }],
    ["group_not_found", { groupIds: ["grp_unknown"] }],
    ["email_taken", {}],
  ])("and is refused with %s, and nothing is kept", async (code, rest) => {
    const { people, store } = policies;
    if (code === "email_taken") {
      await people.invite(ADA, BY_ADMIN);
    }
    const before = await auditOf(store);
    await expect(people.invite({ ...ADA, ...rest }, BY_ADMIN)).rejects.toMatchObject({ code });
    expect(await auditOf(store)).toEqual(before);
  });

  it("who is not there, and is told so", async () => {
    const { people } = policies;
    const missing = { code: "user_not_found" };
    await expect(people.reinvite("usr_x", BY_ADMIN)).rejects.toMatchObject(missing);
    await expect(people.update("usr_x", {}, BY_ADMIN)).rejects.toMatchObject(missing);
    await expect(people.remove("usr_x", BY_ADMIN)).rejects.toMatchObject(missing);
  });
});

describe("what a user holds open", () => {
  async function adaWithValues() {
    const { store } = policies;
    const user = await joinedUser(store, { id: "usr_ada" });
    const { id } = await upsert(store, await createServer(store), identityOfUser(user));
    return { user, id };
  }

  it("P8: ends when the user is disabled, and is not touched by a change of name or role", async () => {
    const { people, take } = policies;
    const { user, id } = await adaWithValues();
    await joinedUser(policies.store, { role: "admin" });
    await people.update(user.id, { name: " New ", role: "admin" }, BY_ADMIN);
    expect(take()).toEqual([]);
    const { user: disabled, reconciliation } = await people.update(user.id, { isEnabled: false }, BY_ADMIN);
    expect(disabled).toMatchObject({ name: "New", isEnabled: false });
    expect(reconciliation).toMatchObject({ orphaned: 1, people: 1 });
    expect(take()).toEqual([`forget ${id}`, "end user:usr_ada", "changed identity"]);
    await people.update(user.id, { isEnabled: true }, BY_ADMIN);
    expect(take()).toEqual(["changed identity"]);
  });

  it("P8: ends when the user is deleted, whose name stays in the log", async () => {
    const { people, store, take } = policies;
    const { user, id } = await adaWithValues();
    expect(await people.remove(user.id, BY_ADMIN)).toMatchObject({ people: 1 });
    expect(take()).toEqual([`forget ${id}`, "end user:usr_ada"]);
    expect((await auditOf(store)).at(-1)).toMatchObject({ action: "user.deleted", detail: { name: user.name } });
  });

  it("stays open through a preview", async () => {
    const { people, store, take } = policies;
    const { user } = await adaWithValues();
    const before = await auditOf(store);
    const disabling = await people.update(user.id, { isEnabled: false }, BY_ADMIN, "preview");
    expect(disabling.reconciliation).toMatchObject({ orphaned: 1, people: 1 });
    expect(await people.remove(user.id, BY_ADMIN, "preview")).toMatchObject({ people: 1 });
    expect(take()).toEqual([]);
    expect(await auditOf(store)).toEqual(before);
    expect(await store.findUser(user.id)).toEqual(user);
  });
});
