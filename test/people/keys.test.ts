import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Requester } from "../../src/core/access.ts";
import { auditOf, createServer, createUser, identityOfKey, identityOfUser, upsert } from "../contract/fixtures.ts";
import { BY_ADMIN, openPolicies, type Policies } from "./policies.ts";

let policies: Policies;

beforeEach(async () => {
  policies = await openPolicies();
});
afterEach(() => policies.close());

const REQUEST = { name: "laptop", expiresAt: null, rateLimitPerMinute: null };
const DAY_MS = 24 * 60 * 60 * 1000;

function by(userId: string): Requester {
  return { ...BY_ADMIN, actor: { kind: "identity", identity: { mode: "user", id: userId } } };
}

describe("a key with an owner", () => {
  it("A10: acts as its owner while the owner is enabled, and as nobody otherwise", async () => {
    const { keyIssuer, callers, people, store } = policies;
    const owner = await createUser(store);
    const { key, secret } = await keyIssuer.issue({ ...REQUEST, ownerUserId: owner.id }, by(owner.id));
    expect(key).toMatchObject({ ownerUserId: owner.id, createdBy: owner.id });
    expect(await callers.byVirtualKey(secret.reveal())).toMatchObject({ identity: identityOfUser(owner) });
    await people.update(owner.id, { isEnabled: false }, BY_ADMIN);
    expect(await callers.byVirtualKey(secret.reveal())).toBeNull();
    await people.update(owner.id, { isEnabled: true }, BY_ADMIN);
    expect(await callers.byVirtualKey(secret.reveal())).not.toBeNull();
    await people.remove(owner.id, BY_ADMIN);
    expect(await callers.byVirtualKey(secret.reveal())).toBeNull();
  });

  it("is not made for somebody who is not there", async () => {
    const attempt = policies.keyIssuer.issue({ ...REQUEST, ownerUserId: "usr_x" }, BY_ADMIN);
    await expect(attempt).rejects.toMatchObject({ code: "user_not_found" });
  });

  it("A12: is not there for another user who would change, rotate or revoke it", async () => {
    const { keyIssuer, access, store } = policies;
    const [owner, other] = [await createUser(store), await createUser(store)];
    const { key } = await keyIssuer.issue({ ...REQUEST, ownerUserId: owner.id }, BY_ADMIN);
    const asOther = { onlyOwner: other.id };
    const missing = { code: "virtual_key_not_found" };
    await expect(access.updateVirtualKey(key.id, { name: "x" }, by(other.id), asOther)).rejects.toMatchObject(missing);
    await expect(keyIssuer.rotate(key.id, 0, by(other.id), other.id)).rejects.toMatchObject(missing);
    await expect(access.revokeVirtualKey(key.id, by(other.id), asOther)).rejects.toMatchObject(missing);
    expect(await store.findVirtualKey(key.id)).toEqual(key);
  });

  it("that is disabled or revoked leaves what the owner's other keys hold open to a look", async () => {
    const { keyIssuer, access, store, take } = policies;
    const owner = await createUser(store);
    const { key } = await keyIssuer.issue({ ...REQUEST, ownerUserId: owner.id }, BY_ADMIN);
    await access.updateVirtualKey(key.id, { isEnabled: false }, BY_ADMIN, { intent: "preview" });
    expect(take()).toEqual([]);
    await access.updateVirtualKey(key.id, { isEnabled: false }, BY_ADMIN);
    expect(take()).toEqual(["review"]);
    await access.revokeVirtualKey(key.id, BY_ADMIN);
    expect(take()).toEqual(["review"]);
  });
});

describe("a key that is rotated", () => {
  it("works with both secrets for the overlap, and the new one is in the answer only", async () => {
    const { keyIssuer, callers, clock, store, take } = policies;
    const first = await keyIssuer.issue(REQUEST, BY_ADMIN);
    take();
    const second = await keyIssuer.rotate(first.key.id, DAY_MS, BY_ADMIN);
    expect(second.secret.reveal()).not.toBe(first.secret.reveal());
    expect(second.key.prefix).toBe(second.secret.reveal().slice(0, 8));
    expect(take()).toEqual(["review"]);
    const identity = identityOfKey(first.key);
    clock.advance(DAY_MS - 1);
    expect(await callers.byVirtualKey(first.secret.reveal())).toMatchObject({ identity });
    expect(await callers.byVirtualKey(second.secret.reveal())).toMatchObject({ identity });
    clock.advance(1);
    expect(await callers.byVirtualKey(first.secret.reveal())).toBeNull();
    expect(await callers.byVirtualKey(second.secret.reveal())).toMatchObject({ identity });
    expect((await auditOf(store)).at(-1)).toMatchObject({ action: "virtual_key.rotated", identity });
    expect(JSON.stringify(await auditOf(store))).not.toContain(second.secret.reveal());
  });

  it.each([-1, 1.5, Number.NaN, 30 * DAY_MS + 1])("has no overlap of %d ms", async (overlapMs) => {
    const { key } = await policies.keyIssuer.issue(REQUEST, BY_ADMIN);
    const attempt = policies.keyIssuer.rotate(key.id, overlapMs, BY_ADMIN);
    await expect(attempt).rejects.toMatchObject({ code: "invalid_request" });
  });
});

it("P8: what an ownerless key holds open ends when it is disabled or revoked, and nothing by a preview", async () => {
  const { keyIssuer, access, store, take } = policies;
  const { key } = await keyIssuer.issue(REQUEST, BY_ADMIN);
  const { id } = await upsert(store, await createServer(store), identityOfKey(key));
  const one = { orphaned: 1, people: 1 };
  const preview = { intent: "preview" } as const;
  const disable = (options = {}) => access.updateVirtualKey(key.id, { isEnabled: false }, BY_ADMIN, options);
  expect((await disable(preview)).reconciliation).toMatchObject(one);
  expect(await access.revokeVirtualKey(key.id, BY_ADMIN, preview)).toMatchObject({ people: 1 });
  expect(take()).toEqual([]);
  expect((await disable()).reconciliation).toMatchObject(one);
  expect(take()).toEqual([`forget ${id}`, `end virtual_key:${key.id}`]);
  expect(await access.revokeVirtualKey(key.id, BY_ADMIN)).toMatchObject({ people: 1 });
  expect(take()).toEqual([`forget ${id}`, `end virtual_key:${key.id}`]);
});

it("P8: what was open through a grant ends with it, and what others hold open goes on", async () => {
  const { access, store, take } = policies;
  const server = await createServer(store, { allowAllIdentities: false });
  const [ada, bob] = [await createUser(store), await createUser(store)];
  const grants = [ada, bob].map((user) => ({ identity: identityOfUser(user), tools: null }));
  await access.replaceGrants(server.id, grants, BY_ADMIN);
  const { id } = await upsert(store, server, identityOfUser(ada));
  await upsert(store, server, identityOfUser(bob));
  take();
  expect(await access.replaceGrants(server.id, grants.slice(1), BY_ADMIN, "preview")).toMatchObject({ orphaned: 1 });
  expect(take()).toEqual([]);
  expect(await access.replaceGrants(server.id, grants.slice(1), BY_ADMIN)).toMatchObject({ orphaned: 1 });
  expect(take()).toEqual([`forget ${id}`, "review", "changed serverId"]);
});
