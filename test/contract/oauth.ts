import { describe, expect, it } from "vitest";
import {
  isAccessTokenLive,
  type GrantToSave,
  type OauthModel,
  type OauthRecordToSave,
} from "../../src/core/oauth-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import type { User } from "../../src/core/user.ts";
import { verifyAuditChain } from "../../src/store/audit-chain.ts";
import { actionsOf, allOf, auditOf, codeOf, createUser, entry, type GetHarness, newId, present } from "./fixtures.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const AUDIENCE = "https://keyward.example/mcp";
const KEEP = { graceMs: 0, keepMs: DAY_MS };

function sealed(text: string): OauthRecordToSave["sealed"] {
  return { keyId: "dk_1", envelope: new TextEncoder().encode(text) };
}

function textOf(record: { readonly sealed: OauthRecordToSave["sealed"] } | null): string | null {
  return record === null ? null : new TextDecoder().decode(record.sealed.envelope);
}

function recordOf(model: OauthModel, rest: Partial<OauthRecordToSave> = {}): OauthRecordToSave {
  return {
    id: newId("digest"),
    model,
    grantId: null,
    userId: null,
    clientId: null,
    resource: null,
    scope: null,
    sealed: sealed("payload"),
    ttlMs: MINUTE_MS,
    ...rest,
  };
}

async function saveClient(store: Store, clientId = newId("client")): Promise<string> {
  await store.saveOauthRecord(recordOf("Client", { id: clientId, clientId, ttlMs: null }));
  return clientId;
}

/** Lets an app act for a user. */
async function authorize(store: Store, user: User, rest: Partial<GrantToSave> = {}): Promise<GrantToSave> {
  const grant: GrantToSave = {
    ...recordOf("Grant", { id: newId("app"), scope: "mcp", ttlMs: 365 * DAY_MS }),
    model: "Grant",
    userId: user.id,
    clientId: "https://app.example/client.json",
    clientName: "App",
    clientHost: "app.example",
    ...rest,
  };
  expect(await store.authorizeApp(grant, entry("app.authorized"))).toBe(true);
  return grant;
}

/** A code or token of a grant. */
async function issue(
  store: Store,
  model: OauthModel,
  grant: GrantToSave,
  rest: Partial<OauthRecordToSave> = {},
): Promise<string> {
  const { id: grantId, userId, clientId } = grant;
  const record = recordOf(model, { grantId, userId, clientId, resource: AUDIENCE, ...rest });
  expect(await store.saveOauthRecord(record)).toBe(true);
  return record.id;
}

export function describeOauth(get: GetHarness): void {
  describe("a record of the OAuth server", () => {
    it("keeps what it was given, also over a restart, and is no record of another model", async () => {
      const { store, reopen } = get();
      const user = await createUser(store);
      const { id } = await authorize(store, user);
      const record = recordOf("RefreshToken", {
        grantId: id,
        userId: user.id,
        clientId: "c",
        sealed: sealed("secret"),
      });
      expect(await store.saveOauthRecord(record)).toBe(true);
      const reopened = await reopen();
      expect(await reopened.findOauthRecord("RefreshToken", record.id)).toEqual({
        id: record.id,
        model: "RefreshToken",
        grantId: id,
        userId: user.id,
        clientId: "c",
        sealed: { keyId: "dk_1", envelope: expect.any(Uint8Array) },
        consumedSinceMs: null,
      });
      expect(textOf(await reopened.findOauthRecord("RefreshToken", record.id))).toBe("secret");
      expect(await reopened.findOauthRecord("AccessToken", record.id)).toBeNull();
      expect(await reopened.findOauthRecord("RefreshToken", "unknown")).toBeNull();
    });

    it("is gone from the moment of its expiry on; a client stays", async () => {
      const { store, advance } = get();
      const interaction = recordOf("Interaction");
      await store.saveOauthRecord(interaction);
      const clientId = await saveClient(store);
      advance(MINUTE_MS - 1);
      expect(await store.findOauthRecord("Interaction", interaction.id)).not.toBeNull();
      advance(1);
      expect(await store.findOauthRecord("Interaction", interaction.id)).toBeNull();
      advance(1_000 * DAY_MS);
      expect(await store.findOauthRecord("Client", clientId)).not.toBeNull();
    });

    it("that is saved again has the newer payload and expiry, and cannot become one of another model", async () => {
      const { store, advance } = get();
      const interaction = recordOf("Interaction");
      await store.saveOauthRecord(interaction);
      advance(MINUTE_MS - 1);
      await store.saveOauthRecord({ ...interaction, sealed: sealed("answered") });
      await store.saveOauthRecord({ ...interaction, model: "ReplayDetection", sealed: sealed("other") });
      advance(MINUTE_MS - 1);
      expect(textOf(await store.findOauthRecord("Interaction", interaction.id))).toBe("answered");
    });

    it("is not written for a grant or user that is gone: a revocation in between wins", async () => {
      const { store } = get();
      const user = await createUser(store);
      const grant = await authorize(store, user);
      await store.revokeApp(grant.id, entry("app.revoked"), "revoked");
      const late = { grantId: grant.id, userId: user.id, clientId: grant.clientId };
      expect(await store.saveOauthRecord(recordOf("AccessToken", late))).toBe(false);
      expect(await store.saveOauthRecord(recordOf("Interaction", { userId: "usr_unknown" }))).toBe(false);
      const orphan: GrantToSave = { ...grant, id: newId("app"), userId: "usr_unknown" };
      expect(await store.authorizeApp(orphan, entry("app.authorized"))).toBe(false);
      expect(await actionsOf(store)).toEqual(["user.invited", "app.authorized", "app.revoked"]);
    });

    it("is used up once, whatever the number of racers and replicas", async () => {
      const { store, another } = get();
      const replica = await another();
      const code = await issue(store, "AuthorizationCode", await authorize(store, await createUser(store)));
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 === 0 ? store : replica).consumeOauthRecord("AuthorizationCode", code, KEEP),
        ),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await store.findOauthRecord("AuthorizationCode", code)).toMatchObject({ consumedSinceMs: 0 });
      expect(await store.consumeOauthRecord("AuthorizationCode", "unknown", KEEP)).toBe(false);
      expect(await store.consumeOauthRecord("RefreshToken", code, KEEP)).toBe(false);
    });

    it("may be used again within its grace, which counts from the first use", async () => {
      const { store, advance } = get();
      const grant = await authorize(store, await createUser(store));
      const token = await issue(store, "RefreshToken", grant, { ttlMs: 30 * DAY_MS });
      const use = () => store.consumeOauthRecord("RefreshToken", token, { graceMs: 30_000, keepMs: DAY_MS });
      expect(await use()).toBe(true);
      advance(20_000);
      expect(await use()).toBe(true);
      advance(9_999);
      expect(await use()).toBe(true);
      advance(1);
      expect(await use()).toBe(false);
      expect(await store.findOauthRecord("RefreshToken", token)).toMatchObject({ consumedSinceMs: 30_000 });
    });

    it("that is used up is known for a while, and never longer than it would have lived", async () => {
      const { store, advance } = get();
      const grant = await authorize(store, await createUser(store));
      const long = await issue(store, "RefreshToken", grant, { ttlMs: 30 * DAY_MS });
      const short = await issue(store, "RefreshToken", grant, { ttlMs: MINUTE_MS });
      for (const id of [long, short]) {
        await store.consumeOauthRecord("RefreshToken", id, KEEP);
      }
      advance(MINUTE_MS);
      expect(await store.findOauthRecord("RefreshToken", short)).toBeNull();
      advance(DAY_MS - MINUTE_MS - 1);
      expect(await store.findOauthRecord("RefreshToken", long)).not.toBeNull();
      advance(1);
      expect(await store.findOauthRecord("RefreshToken", long)).toBeNull();
    });

    it("that has expired cannot be used up", async () => {
      const { store, advance } = get();
      const code = await issue(store, "AuthorizationCode", await authorize(store, await createUser(store)));
      advance(MINUTE_MS);
      expect(await store.consumeOauthRecord("AuthorizationCode", code, KEEP)).toBe(false);
    });

    it("is deleted by id and model; unknown ones are ignored", async () => {
      const { store } = get();
      const interaction = recordOf("Interaction");
      await store.saveOauthRecord(interaction);
      await store.deleteOauthRecord("AccessToken", interaction.id);
      expect(await store.findOauthRecord("Interaction", interaction.id)).not.toBeNull();
      await store.deleteOauthRecord("Interaction", interaction.id);
      await store.deleteOauthRecord("Interaction", interaction.id);
      expect(await store.findOauthRecord("Interaction", interaction.id)).toBeNull();
    });
  });

  describe("a connected app", () => {
    it("is listed newest first, page by page, each person's own or all, until its grant runs out", async () => {
      const { store, advance, now } = get();
      const [ada, bob] = [await createUser(store, { name: "Ada" }), await createUser(store)];
      const grants: GrantToSave[] = [];
      for (let i = 0; i < 5; i += 1) {
        advance(i % 2);
        grants.push(
          await authorize(store, ada, { clientName: `App ${i}`, clientHost: i === 0 ? null : "app.example" }),
        );
      }
      const his = await authorize(store, bob);
      const own = await allOf((page) => store.listApps({ userId: ada.id }, page), 2);
      expect(own.map(({ id }) => id).toSorted()).toEqual(grants.map(({ id }) => id).toSorted());
      const times = own.map(({ createdAt }) => createdAt);
      expect(times).toEqual(times.toSorted((a, b) => b - a));
      expect(own.find(({ clientHost }) => clientHost === null)).toEqual({
        id: present(grants[0]).id,
        userId: ada.id,
        userName: "Ada",
        clientId: present(grants[0]).clientId,
        clientName: "App 0",
        clientHost: null,
        scopes: ["mcp"],
        createdAt: expect.any(Number),
        lastUsedAt: null,
      });
      expect((await allOf((page) => store.listApps({}, page), 4)).map(({ id }) => id)).toContain(his.id);
      expect(await allOf((page) => store.listApps({}, page))).toHaveLength(6);
      expect(now()).toBeGreaterThan(0);
      advance(365 * DAY_MS);
      expect(await allOf((page) => store.listApps({}, page))).toEqual([]);
    });

    it("is audited with its grant, and its client is in use from then on", async () => {
      const { store, advance } = get();
      const user = await createUser(store);
      const clientId = await saveClient(store);
      advance(10 * DAY_MS);
      const grant = await authorize(store, user, { clientId });
      await store.revokeApp(grant.id, entry("app.revoked"), "revoked");
      advance(10 * DAY_MS);
      await store.sweepOauthRecords(500, { unusedClientMs: 11 * DAY_MS });
      expect(await store.findOauthRecord("Client", clientId)).not.toBeNull();
      expect(await actionsOf(store)).toEqual(["user.invited", "app.authorized", "app.revoked"]);
    });

    it("that is authorized again keeps its place, and is known by its newest grant", async () => {
      const { store, advance } = get();
      const user = await createUser(store);
      const first = await authorize(store, user);
      advance(1);
      const second = await authorize(store, user);
      advance(1);
      await authorize(store, user, { ...first, clientName: "Renamed" });
      expect((await allOf((page) => store.listApps({}, page))).map(({ clientName }) => clientName)).toEqual([
        "App",
        "Renamed",
      ]);
      expect(await store.findNewestGrant(user.id, first.clientId)).toBe(second.id);
      expect(await store.findNewestGrant(user.id, "another")).toBeNull();
      expect(await store.findNewestGrant("usr_other", first.clientId)).toBeNull();
      advance(365 * DAY_MS);
      expect(await store.findNewestGrant(user.id, first.clientId)).toBeNull();
    });

    it("takes every code and token with it when it is revoked, once, with one event", async () => {
      const { store, another } = get();
      const replica = await another();
      const user = await createUser(store);
      const [grant, other] = [await authorize(store, user), await authorize(store, user)];
      const models = ["AuthorizationCode", "AccessToken", "RefreshToken"] as const;
      const [gone, kept] = await Promise.all(
        [grant, other].map((of) => Promise.all(models.map((model) => issue(store, model, of)))),
      );
      const revoked = await Promise.all(
        [store, replica, store].map((handle) => handle.revokeApp(grant.id, entry("app.revoked"), "revoked")),
      );
      expect(revoked.filter((app) => app !== null)).toMatchObject([
        { id: grant.id, userId: user.id, clientName: "App" },
      ]);
      for (const [i, model] of models.entries()) {
        expect(await store.findOauthRecord(model, present(gone?.[i]))).toBeNull();
        expect(await store.findOauthRecord(model, present(kept?.[i]))).not.toBeNull();
      }
      expect(await store.findAccessToken(present(gone?.[1]))).toBeNull();
      expect((await allOf((page) => store.listApps({}, page))).map(({ id }) => id)).toEqual([other.id]);
      const events = (await auditOf(store)).filter(({ action }) => action === "app.revoked");
      expect(events).toMatchObject([
        { identity: { mode: "user", id: user.id }, detail: { name: "App", reason: "revoked" } },
      ]);
    });

    it("A12: of somebody else counts as absent", async () => {
      const { store } = get();
      const [ada, bob] = [await createUser(store), await createUser(store)];
      const { id } = await authorize(store, ada);
      expect(await store.revokeApp(id, entry("app.revoked"), "revoked", bob.id)).toBeNull();
      expect(await store.revokeApp("app_unknown", entry("app.revoked"), "revoked")).toBeNull();
      expect(await store.isAppLive(id)).toBe(true);
      expect(await store.revokeApp(id, entry("app.revoked"), "revoked", ada.id)).toMatchObject({ id });
    });

    it("A12: is never a token or client that has the id", async () => {
      const { store } = get();
      const token = await issue(store, "RefreshToken", await authorize(store, await createUser(store)));
      expect(await store.revokeApp(token, entry("app.revoked"), "revoked")).toBeNull();
      expect(await store.isAppLive(token)).toBe(false);
      expect(await store.findOauthRecord("RefreshToken", token)).not.toBeNull();
    });

    it("costs the same number of statements to revoke, whatever hangs on it", async () => {
      const { store, countStatements } = get();
      const user = await createUser(store);
      const costs: number[] = [];
      for (const tokens of [1, 30]) {
        const grant = await authorize(store, user);
        for (let i = 0; i < tokens; i += 1) {
          await issue(store, "RefreshToken", grant);
        }
        costs.push(await countStatements(() => store.revokeApp(grant.id, entry("app.revoked"), "revoked")));
      }
      expect(costs[1]).toBe(costs[0]);
    });

    it("notes its last use at most once a minute", async () => {
      const { store, another, now, advance } = get();
      const { id } = await authorize(store, await createUser(store));
      const lastUse = async () => (await store.listApps({}, {})).items[0]?.lastUsedAt;
      const use = async () => {
        const replica = await another();
        await replica.touchApp(id);
        await replica.close();
      };
      const first = now();
      await use();
      advance(MINUTE_MS - 1);
      await use();
      expect(await lastUse()).toBe(first);
      advance(1);
      await use();
      expect(await lastUse()).toBe(now());
      expect(await codeOf(store.touchApp("app_unknown"))).toBe("resolved");
    });
  });

  describe("an access token", () => {
    it("says whose it is, for what, and until when", async () => {
      const { store, now, advance } = get();
      const user = await createUser(store);
      const grant = await authorize(store, user);
      const id = await issue(store, "AccessToken", grant, { ttlMs: 10 * MINUTE_MS });
      const token = present(await store.findAccessToken(id));
      expect(token).toEqual({
        appId: grant.id,
        userId: user.id,
        resource: AUDIENCE,
        expiresAt: now() + 10 * MINUTE_MS,
        grantExpiresAt: now() + 365 * DAY_MS,
        isUserEnabled: true,
      });
      expect(isAccessTokenLive(token, AUDIENCE, now())).toBe(true);
      expect(isAccessTokenLive(token, "https://keyward.example/mcp/notes", now())).toBe(false);
      advance(10 * MINUTE_MS);
      expect(isAccessTokenLive(token, AUDIENCE, now())).toBe(false);
    });

    it("is no refresh token or code", async () => {
      const { store } = get();
      const grant = await authorize(store, await createUser(store));
      for (const model of ["RefreshToken", "AuthorizationCode"] as const) {
        expect(await store.findAccessToken(await issue(store, model, grant))).toBeNull();
      }
      expect(await store.findAccessToken("unknown")).toBeNull();
    });

    it("P8: is as any replica has left it, at once, though it was read before", async () => {
      const { store, another } = get();
      const replica = await another();
      const user = await createUser(store);
      await createUser(store, { role: "admin" });
      const grant = await authorize(store, user);
      const id = await issue(store, "AccessToken", grant);
      expect(await store.findAccessToken(id)).toMatchObject({ isUserEnabled: true });
      for (const handle of [replica, store]) {
        for (const isEnabled of [false, true]) {
          await handle.updateUser(user.id, { isEnabled }, "apply", entry("user.updated"));
          expect(await store.findAccessToken(id)).toMatchObject({ isUserEnabled: isEnabled });
          expect(await store.isAppLive(grant.id)).toBe(isEnabled);
        }
      }
      await replica.revokeApp(grant.id, entry("app.revoked"), "revoked");
      expect(await store.findAccessToken(id)).toBeNull();
      expect(await store.isAppLive(grant.id)).toBe(false);
    });

    it("A59: goes with its user, as do the grants", async () => {
      const { store, another } = get();
      const replica = await another();
      const user = await createUser(store);
      const grant = await authorize(store, user);
      const id = await issue(store, "AccessToken", grant);
      const interaction = recordOf("Interaction", { userId: user.id });
      await store.saveOauthRecord(interaction);
      expect(await store.findAccessToken(id)).not.toBeNull();
      await replica.deleteUser(user.id, "apply", entry("user.deleted"));
      expect(await store.findAccessToken(id)).toBeNull();
      expect(await store.isAppLive(grant.id)).toBe(false);
      expect(await store.findOauthRecord("Interaction", interaction.id)).toBeNull();
      expect(await allOf((page) => store.listApps({}, page))).toEqual([]);
    });
  });

  describe("the sweep of OAuth records", () => {
    const sweep = (store: Store, limit = 500): Promise<number> =>
      store.sweepOauthRecords(limit, { unusedClientMs: 14 * DAY_MS });

    it("takes what has expired, from the moment of expiry on, and nothing that lives", async () => {
      const { store, advance } = get();
      const grant = await authorize(store, await createUser(store));
      await issue(store, "AccessToken", grant);
      const live = await issue(store, "RefreshToken", grant, { ttlMs: DAY_MS });
      await store.saveOauthRecord(recordOf("Interaction"));
      advance(MINUTE_MS - 1);
      expect(await sweep(store)).toBe(0);
      advance(1);
      expect(await store.countSweepableOauthRecords({ unusedClientMs: 1 })).toBe(2);
      expect(await sweep(store)).toBe(2);
      expect(await sweep(store)).toBe(0);
      expect(await store.countSweepableOauthRecords({ unusedClientMs: 1 })).toBe(0);
      expect(await store.findOauthRecord("RefreshToken", live)).not.toBeNull();
    });

    it("takes a grant under which nothing is left, and says so; one that was just given stays", async () => {
      const { store, advance } = get();
      const user = await createUser(store);
      const old = await authorize(store, user);
      await issue(store, "RefreshToken", old, { ttlMs: 2 * DAY_MS });
      advance(2 * DAY_MS - 1);
      const fresh = await authorize(store, user);
      expect(await sweep(store)).toBe(0);
      advance(1);
      expect(await sweep(store)).toBe(2);
      expect((await allOf((page) => store.listApps({}, page))).map(({ id }) => id)).toEqual([fresh.id]);
      const events = await auditOf(store);
      expect(events.at(-1)).toMatchObject({
        action: "app.revoked",
        actor: { kind: "system" },
        identity: { mode: "user", id: user.id },
        detail: { name: "App", reason: "unused" },
      });
      expect(verifyAuditChain(events).isIntact).toBe(true);
    });

    it("takes registrations that nobody uses, and none that anybody does", async () => {
      const { store, advance } = get();
      const user = await createUser(store);
      const [unused, used, asked] = [await saveClient(store), await saveClient(store), await saveClient(store)];
      const grant = await authorize(store, user, { clientId: used });
      await issue(store, "RefreshToken", grant, { ttlMs: 30 * DAY_MS });
      advance(14 * DAY_MS - 1);
      await store.saveOauthRecord(recordOf("Interaction", { clientId: asked }));
      expect(await sweep(store)).toBe(0);
      advance(1);
      expect(await sweep(store)).toBe(1);
      expect(await store.findOauthRecord("Client", unused)).toBeNull();
      for (const id of [used, asked]) {
        expect(await store.findOauthRecord("Client", id)).not.toBeNull();
      }
      await store.revokeApp(grant.id, entry("app.revoked"), "revoked");
      advance(MINUTE_MS);
      expect(await sweep(store)).toBe(3);
    });

    it("A58: takes exactly as many as it is asked to, on two replicas at once, each record once", async () => {
      const { store, another, advance } = get();
      const replica = await another();
      for (let i = 0; i < 60; i += 1) {
        await store.saveOauthRecord(recordOf("Interaction"));
      }
      advance(MINUTE_MS);
      const live = recordOf("Interaction");
      await store.saveOauthRecord(live);
      expect(await sweep(store, 13)).toBe(13);
      const swept = await Promise.all([store, replica].map((handle) => sweep(handle)));
      expect((swept[0] ?? 0) + (swept[1] ?? 0)).toBe(47);
      expect(await store.findOauthRecord("Interaction", live.id)).not.toBeNull();
      expect(await codeOf(sweep(store, 501))).toBe("invalid_request");
    });
  });
}
