import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { oauthRecordId } from "../../src/core/oauth-record-id.ts";
import { allOf, auditOf, entry } from "../contract/fixtures.ts";
import { Browser } from "./browser.ts";
import { Client, codeIn, type TokenAnswer, tokensIn } from "./client.ts";
import { openOauthScene, type OauthScene } from "./scene.ts";

const DAY_MS = 86_400_000;
const INVALID_GRANT = [400, "invalid_grant"];

let scene: OauthScene;
let client: Client;
let browser: Browser;

beforeAll(async () => {
  scene = await openOauthScene();
});

afterAll(() => scene.close());

beforeEach(async () => {
  scene.clock.advance(60_000);
  client = await Client.register(scene.url);
  browser = new Browser(scene, scene.ada);
  scene.reviews = 0;
});

function outcome({ status, body }: TokenAnswer): unknown[] {
  return [status, body["error"]];
}

async function code(): Promise<string> {
  return codeIn(await browser.consent(client.authorizeUrl()));
}

/** Whether the gateway would take an access token. */
async function isLive(access: string): Promise<boolean> {
  const token = await scene.store.findAccessToken(oauthRecordId(scene.vault, "AccessToken", access));
  return token !== null && token.expiresAt > scene.clock.now() && token.isUserEnabled;
}

async function grantId(): Promise<string | null> {
  return scene.store.findNewestGrant(scene.ada.id, client.id);
}

async function lastRevocation(): Promise<unknown> {
  const events = await auditOf(scene.store);
  return events.findLast(({ action }) => action === "app.revoked")?.detail;
}

describe("a code", () => {
  it("trap 6: that is presented twice revokes all that came of it (RFC 6749 section 4.1.2)", async () => {
    const presented = await code();
    const { access, refresh } = tokensIn(await client.exchange(presented));
    expect(await isLive(access)).toBe(true);
    expect(outcome(await client.exchange(presented))).toEqual(INVALID_GRANT);
    expect(await isLive(access)).toBe(false);
    expect(outcome(await client.refresh(refresh))).toEqual(INVALID_GRANT);
    expect(await grantId()).toBeNull();
    expect(await lastRevocation()).toEqual({ name: "Test", reason: "replayed" });
    expect(scene.reviews).toBe(1);
  });

  it("trap 6: that is presented by twenty at once is nobody's", async () => {
    const presented = await code();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.exchange(presented)));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    for (const { status, body } of answers) {
      expect(status === 200 || (status === 400 && body["error"] === "invalid_grant")).toBe(true);
      expect(status === 200 && (await isLive(String(body["access_token"])))).toBe(false);
    }
    expect(await grantId()).toBeNull();
  });

  it("is of one client, one redirect, one verifier and one minute", async () => {
    const other = await Client.register(scene.url);
    other.verifier = client.verifier;
    expect(outcome(await other.exchange(await code()))).toEqual(INVALID_GRANT);
    for (const wrong of [
      { redirect_uri: "http://127.0.0.1:1/callback" },
      { code_verifier: "x".repeat(43) },
      { code: "y".repeat(43) },
    ]) {
      expect(outcome(await client.exchange(await code(), wrong)), JSON.stringify(wrong)).toEqual(INVALID_GRANT);
    }
    expect(outcome(await client.exchange(await code(), { code_verifier: "" }))).toEqual(INVALID_GRANT);
    const late = await code();
    scene.clock.advance(60_000);
    expect(outcome(await client.exchange(late))).toEqual(INVALID_GRANT);
  });

  it("is worth nothing once its grant is revoked or its user disabled", async () => {
    const revoked = await code();
    await scene.store.revokeApp((await grantId()) ?? "", entry("app.revoked"), "revoked");
    expect(outcome(await client.exchange(revoked))).toEqual(INVALID_GRANT);
    const disabled = await code();
    await scene.store.updateUser(scene.ada.id, { isEnabled: false }, "apply", entry("user.updated"));
    expect(outcome(await client.exchange(disabled))).toEqual(INVALID_GRANT);
    await scene.store.updateUser(scene.ada.id, { isEnabled: true }, "apply", entry("user.updated"));
  });

  it("of a client with a secret wants the secret", async () => {
    client = await Client.register(scene.url, { token_endpoint_auth_method: "client_secret_basic" });
    expect(client.secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const presented = await code();
    const bare = new Client(scene.url, { client_id: client.id });
    bare.verifier = client.verifier;
    expect(outcome(await bare.exchange(presented))).toEqual([401, "invalid_client"]);
    const wrong = new Client(scene.url, { client_id: client.id, client_secret: "x".repeat(43) });
    wrong.verifier = client.verifier;
    expect(outcome(await wrong.exchange(presented))).toEqual([401, "invalid_client"]);
    tokensIn(await client.exchange(presented));
  });
});

describe("a refresh token", () => {
  it("trap 3: of two windows that refresh together gives both new tokens, and the grant goes on", async () => {
    const { refresh } = await client.connect(browser);
    const both = await Promise.all([client.refresh(refresh), client.refresh(refresh)]);
    const [one, two] = both.map(tokensIn);
    expect(one?.refresh).not.toBe(two?.refresh);
    scene.clock.advance(29_999);
    const third = tokensIn(await client.refresh(refresh));
    for (const window of [one, two, third]) {
      expect(await isLive(window?.access ?? "")).toBe(true);
      tokensIn(await client.refresh(window?.refresh ?? ""));
    }
  });

  it("trap 3: that comes again after the grace was stolen, by whom nobody knows: all of it ends", async () => {
    const { access, refresh } = await client.connect(browser);
    const next = tokensIn(await client.refresh(refresh));
    scene.clock.advance(30_000);
    expect(outcome(await client.refresh(refresh))).toEqual(INVALID_GRANT);
    for (const token of [access, next.access]) {
      expect(await isLive(token)).toBe(false);
    }
    expect(outcome(await client.refresh(next.refresh))).toEqual(INVALID_GRANT);
    expect(await grantId()).toBeNull();
    expect(await lastRevocation()).toEqual({ name: "Test", reason: "replayed" });
  });

  it("rotates each time, and lives for 30 days from then, a year in all", async () => {
    let { refresh } = await client.connect(browser);
    for (let day = 0; day < 348; day += 29) {
      scene.clock.advance(29 * DAY_MS);
      const next = tokensIn(await client.refresh(refresh));
      expect(next.refresh).not.toBe(refresh);
      ({ refresh } = next);
    }
    scene.clock.advance(18 * DAY_MS);
    expect(outcome(await client.refresh(refresh))).toEqual(INVALID_GRANT);
  });

  it("that nobody has used for 30 days is none any more", async () => {
    const { refresh } = await client.connect(browser);
    scene.clock.advance(30 * DAY_MS);
    expect(outcome(await client.refresh(refresh))).toEqual(INVALID_GRANT);
  });

  it("is of one client and for one audience", async () => {
    const { refresh } = await client.connect(browser);
    const other = await Client.register(scene.url);
    expect(outcome(await other.refresh(refresh))).toEqual(INVALID_GRANT);
    expect(outcome(await client.refresh(refresh, { resource: "https://other.example/mcp" }))[1]).toBe("invalid_target");
    tokensIn(await client.refresh(refresh, { resource: `${scene.url}/mcp` }));
  });

  it("A05: is no access token or code, and neither of those is one", async () => {
    const { access, refresh } = await client.connect(browser);
    expect(await isLive(refresh)).toBe(false);
    expect(outcome(await client.refresh(access))).toEqual(INVALID_GRANT);
    expect(outcome(await client.exchange(refresh))).toEqual(INVALID_GRANT);
    expect(outcome(await client.refresh(await code()))).toEqual(INVALID_GRANT);
    tokensIn(await client.refresh(refresh));
  });

  it("of a user who was disabled or deleted gives nothing", async () => {
    const { access, refresh } = await client.connect(browser);
    await scene.store.updateUser(scene.ada.id, { isEnabled: false }, "apply", entry("user.updated"));
    expect(await isLive(access)).toBe(false);
    expect(outcome(await client.refresh(refresh))).toEqual(INVALID_GRANT);
    await scene.store.updateUser(scene.ada.id, { isEnabled: true }, "apply", entry("user.updated"));
    expect(await isLive(access)).toBe(true);
    tokensIn(await client.refresh(refresh));
  });
});

describe("an access token", () => {
  it("lives for 10 minutes, as its client is told", async () => {
    const { access } = await client.connect(browser);
    scene.clock.advance(599_999);
    expect(await isLive(access)).toBe(true);
    scene.clock.advance(1);
    expect(await isLive(access)).toBe(false);
  });

  it("is revoked by its client with all that was issued with it, and by no other (RFC 7009)", async () => {
    const other = await Client.register(scene.url);
    for (const which of ["access", "refresh"] as const) {
      const tokens = await client.connect(browser);
      expect((await other.revoke(tokens[which])).status).toBe(200);
      expect(await isLive(tokens.access)).toBe(true);
      expect((await client.revoke(tokens[which])).status).toBe(200);
      expect(await isLive(tokens.access)).toBe(false);
      expect(outcome(await client.refresh(tokens.refresh))).toEqual(INVALID_GRANT);
      expect(await lastRevocation()).toEqual({ name: "Test", reason: "client_revoked" });
      expect(scene.reviews).toBe(which === "access" ? 1 : 2);
    }
    expect((await client.revoke("kwo_unknown")).status).toBe(200);
  });
});

describe("what lies in the database", () => {
  it("A37: is no code, token, secret or id of an authorization, in any form, nor is it in the log", async () => {
    client = await Client.register(scene.url, { token_endpoint_auth_method: "client_secret_post" });
    const secret = client.secret ?? "";
    const uid = await browser.question(client.authorizeUrl());
    const presented = codeIn((await browser.open(await browser.answer(uid))).location ?? new URL("about:blank"));
    const post = (more: Record<string, string>) =>
      new Client(scene.url, { client_id: client.id }).post("/oauth/token", { client_secret: secret, ...more });
    const { verifier: code_verifier, redirect: redirect_uri } = client;
    const grant = { grant_type: "authorization_code", code: presented, redirect_uri, code_verifier };
    const first = tokensIn(await post(grant));
    const second = tokensIn(await post({ grant_type: "refresh_token", refresh_token: first.refresh }));
    const open = await browser.question(client.authorizeUrl());
    const secrets: readonly string[] = [
      secret,
      uid,
      open,
      presented,
      code_verifier,
      ...Object.values(first),
      ...Object.values(second),
    ];
    const [files, log] = [scene.stolenFiles(), scene.log.join("\n")];
    expect(files).toContain(client.id);
    expect(log).toContain('oauth_request {"request_id":"req_1","method":"GET","route":"/oauth/authorize/{uid}"');
    for (const text of secrets) {
      expect(text.length).toBeGreaterThanOrEqual(43);
      const bytes = Buffer.from(text);
      for (const form of [text, bytes.toString("hex"), bytes.toString("base64").replaceAll("=", "")]) {
        expect(files.includes(form)).toBe(false);
        expect(log.includes(form)).toBe(false);
      }
    }
    expect(await allOf((page) => scene.store.listApps({}, page))).not.toEqual([]);
  });
});
