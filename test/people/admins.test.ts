import { afterEach, expect, it } from "vitest";
import { auditOf, joinedUser } from "../contract/fixtures.ts";
import { BY_ADMIN, openPolicies, type Policies } from "./policies.ts";

let policies: Policies | undefined;

afterEach(() => policies?.close());

it("admin tokens are shown once, work until they are revoked, and the log names them", async () => {
  policies = await openPolicies();
  const { admins, store } = policies;
  const { admin, token } = await admins.create(" deploy ", BY_ADMIN);
  expect(admin).toMatchObject({ name: "deploy" });
  expect(await admins.byToken(token.reveal())).toMatchObject({ id: admin.id, name: "deploy" });
  await joinedUser(store, { role: "admin" });
  await admins.revoke(admin.id, BY_ADMIN);
  expect(await admins.byToken(token.reveal())).toBeNull();
  await expect(admins.revoke(admin.id, BY_ADMIN)).rejects.toMatchObject({ code: "admin_token_not_found" });
  const ofTokens = (await auditOf(store)).filter(({ action }) => action.startsWith("admin_token"));
  expect(ofTokens.map(({ action, detail }) => [action, detail?.name])).toEqual([
    ["admin_token.created", "deploy"],
    ["admin_token.revoked", "deploy"],
  ]);
  expect(JSON.stringify(await auditOf(store))).not.toContain(token.reveal());
  await expect(admins.create("a\nb", BY_ADMIN)).rejects.toMatchObject({ code: "invalid_request" });
});

it("the last one goes only when the configuration names another", async () => {
  policies = await openPolicies();
  const { admin } = await policies.admins.create("only", BY_ADMIN);
  await expect(policies.admins.revoke(admin.id, BY_ADMIN)).rejects.toMatchObject({ code: "last_admin" });
  await policies.close();

  policies = await openPolicies("configured-admin-token-0123456789");
  const other = await policies.admins.create("only", BY_ADMIN);
  await policies.admins.revoke(other.admin.id, BY_ADMIN);
  expect(await policies.admins.byToken("configured-admin-token-0123456789")).not.toBeNull();
});
