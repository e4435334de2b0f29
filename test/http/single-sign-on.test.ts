import { describe, expect, it, onTestFinished } from "vitest";
import { NO_ORIGIN } from "../../src/core/audit.ts";
import { Secret } from "../../src/core/secret.ts";
import type { SingleSignOnOptions } from "../../src/http/sign-in/single-sign-on.ts";
import { CLIENT, startIssuer, visitIssuer, type IssuerPerson, type TestIssuer } from "../fixtures/oidc-issuer.ts";
import type { Browser, BrowserAnswer } from "../helpers/browser.ts";
import { browserOf, join, PASSWORD } from "./people.ts";
import { createTestApp, outcomeOf, PUBLIC_URL, type TestApp } from "./test-app.ts";

const CALLBACK = "/api/v1/sso/callback/oidc";
const ADA: IssuerPerson = {
  sub: "ada-at-the-issuer",
  email: "Ada@Example.com",
  email_verified: true,
  name: "Ada Lovelace",
  groups: ["staff"],
};

interface Stage {
  readonly test: TestApp;
  readonly issuer: TestIssuer;
  /** To the issuer and back. @returns where the browser ends */
  signIn(browser: Browser, next?: string): Promise<string>;
  begin(browser: Browser, next?: string): Promise<BrowserAnswer>;
  comeBack(browser: Browser, url: string): Promise<BrowserAnswer>;
}

async function setStage(
  options: Partial<SingleSignOnOptions> & { readonly person?: IssuerPerson; readonly isTerse?: boolean } = {},
): Promise<Stage> {
  const { person = ADA, isTerse = false, ...more } = options;
  const issuer = await startIssuer({ redirectUri: PUBLIC_URL + CALLBACK, person, isTerse });
  onTestFinished(() => issuer.close());
  const test = await createTestApp({
    singleSignOn: {
      issuer: issuer.url,
      clientId: CLIENT.id,
      clientSecret: new Secret(CLIENT.secret),
      allowedDomains: ["example.com"],
      adminGroups: [],
      groupsClaim: "groups",
      label: "Example",
      ...more,
    },
  });

  function begin(browser: Browser, next?: string): Promise<BrowserAnswer> {
    return browser.call("GET", `/api/v1/sso${next === undefined ? "" : `?next=${encodeURIComponent(next)}`}`);
  }

  function comeBack(browser: Browser, url: string): Promise<BrowserAnswer> {
    return browser.call("GET", url.slice(PUBLIC_URL.length), undefined, { "sec-fetch-site": "cross-site" });
  }

  return {
    test,
    issuer,
    begin,
    comeBack,
    async signIn(browser, next) {
      const begun = await begin(browser, next);
      const ended = await comeBack(browser, await visitIssuer(issuer, locationOf(begun)));
      return locationOf(ended);
    },
  };
}

function locationOf(answer: BrowserAnswer): string {
  expect([answer.status, answer.text]).toEqual([302, ""]);
  return answer.headers.get("location") ?? "";
}

async function me(browser: Browser): Promise<Record<string, unknown>> {
  return (await browser.call("GET", "/api/v1/me")).body;
}

describe("single sign-on", () => {
  it("makes a user of whoever comes the first time, signed in and where it was going", async () => {
    const { test, issuer, signIn } = await setStage();
    const browser = browserOf(test);
    expect((await browser.call("GET", "/api/v1/sign-in-options")).body).toEqual({
      setup_open: false,
      password: true,
      sso: { label: "Example" },
    });
    expect(await signIn(browser, "/connect/flow_x?y=1")).toBe("/connect/flow_x?y=1");
    const user = await test.store.findUserByEmail("ada@example.com");
    expect((await me(browser))["user"]).toEqual({
      id: user?.id,
      name: "Ada Lovelace",
      email: "ada@example.com",
      role: "user",
    });
    const joined = await test.store.listAudit({ action: "user.joined" }, {});
    expect(joined.items).toMatchObject([
      { identity: { mode: "user", id: user?.id }, address: "203.0.113.9", detail: { reason: "single_sign_on" } },
    ]);
    const signedIn = await test.store.listAudit({ action: "sign_in.succeeded" }, {});
    expect(signedIn.items).toMatchObject([{ identity: { id: user?.id }, detail: { reason: "single_sign_on" } }]);
    expect(issuer.asked).toHaveLength(1);
    expect(Object.fromEntries(issuer.asked[0] ?? [])).toMatchObject({
      response_type: "code",
      client_id: CLIENT.id,
      redirect_uri: PUBLIC_URL + CALLBACK,
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^\w{32,}$/),
      nonce: expect.stringMatching(/^\w{32,}$/),
    });
  });

  it("keeps nothing of the issuer's but its name for the person", async () => {
    const { test, signIn, begin } = await setStage();
    const browser = browserOf(test);
    await signIn(browser);
    await begin(browserOf(test));
    const rows = await test.signInDatabase.db.selectFrom("user_accounts").selectAll().execute();
    expect(rows).toEqual([
      {
        id: expect.stringMatching(/^row_/),
        user_id: expect.stringMatching(/^usr_/),
        account_id: ADA.sub,
        provider_id: "oidc",
        created_at: expect.any(String),
        updated_at: expect.any(String),
        access_token: null,
        refresh_token: null,
        id_token: null,
        access_token_expires_at: null,
        refresh_token_expires_at: null,
        scope: null,
        password: null,
      },
    ]);
    expect(await test.signInDatabase.db.selectFrom("user_verifications").selectAll().execute()).toEqual([]);
  });

  it("knows the person again by the issuer's name for it, whatever the address is by then", async () => {
    const { test, issuer, signIn } = await setStage();
    await signIn(browserOf(test));
    const user = await test.store.findUserByEmail("ada@example.com");
    issuer.person = { ...ADA, email: "lovelace@example.com" };
    const browser = browserOf(test);
    expect(await signIn(browser)).toBe("/");
    expect((await me(browser))["user"]).toMatchObject({ id: user?.id, email: "ada@example.com" });
    expect((await test.store.listUsers({}, {})).items).toHaveLength(1);
  });

  it("takes what the ID token lacks from the userinfo endpoint", async () => {
    const { test, signIn, issuer } = await setStage({ isTerse: true, adminGroups: ["staff"] });
    const browser = browserOf(test);
    expect(await signIn(browser)).toBe("/");
    expect((await me(browser))["user"]).toMatchObject({ email: "ada@example.com", role: "admin" });
    expect(issuer.paths).toContain("/me");
  });

  it("of ten callbacks of one new person at once makes one user", async () => {
    const { test, issuer, begin, comeBack } = await setStage();
    const browsers = Array.from({ length: 10 }, () => browserOf(test));
    const returns = await Promise.all(
      browsers.map(async (browser) => visitIssuer(issuer, locationOf(await begin(browser)))),
    );
    const ends = await Promise.all(
      browsers.map(async (browser, i) => locationOf(await comeBack(browser, returns[i]!))),
    );
    expect(ends).toEqual(Array(10).fill("/"));
    expect((await test.store.listUsers({}, {})).items).toHaveLength(1);
  });
});

describe("the role of somebody who signs in at the issuer", () => {
  it("follows the issuer's groups at every sign-in, and the log says so", async () => {
    const { test, issuer, signIn } = await setStage({ adminGroups: ["keyward-admins", "ops"] });
    await join(test, "Root", "admin");
    const browser = browserOf(test);
    const roles: unknown[] = [];
    for (const groups of [["staff"], ["staff", "ops"], [], "keyward-admins", undefined, ["OPS"]]) {
      issuer.person = { ...ADA, groups };
      await signIn(browser);
      const { user, admin } = await me(browser);
      roles.push([(user as { role: string }).role, admin !== null]);
    }
    const [asUser, asAdmin] = [
      ["user", false],
      ["admin", true],
    ];
    expect(roles).toEqual([asUser, asAdmin, asUser, asAdmin, asUser, asUser]);
    const { items } = await test.store.listAudit({ action: "user.updated" }, {});
    expect(items.map(({ actor, detail }) => [actor.kind, detail?.changed, detail?.reason])).toEqual(
      Array(4).fill(["system", ["role"], "single_sign_on"]),
    );
  });

  it("stays when it is the last administrator's", async () => {
    const { test, issuer, signIn } = await setStage({ adminGroups: ["ops"], person: { ...ADA, groups: ["ops"] } });
    const browser = browserOf(test);
    await signIn(browser);
    issuer.person = { ...ADA, groups: [] };
    expect(await signIn(browser)).toBe("/");
    expect((await me(browser))["user"]).toMatchObject({ role: "admin" });
    await join(test, "Root", "admin");
    await signIn(browser);
    expect((await me(browser))["user"]).toMatchObject({ role: "user" });
  });

  it("is Keyward's to give where no group means anything", async () => {
    const { test, issuer, signIn } = await setStage();
    const browser = browserOf(test);
    await signIn(browser);
    const user = await test.store.findUserByEmail("ada@example.com");
    await test.store.updateUser(user?.id ?? "", { role: "admin" }, "apply", UPDATED);
    issuer.person = { ...ADA, groups: ["nothing"] };
    await signIn(browser);
    expect((await me(browser))["user"]).toMatchObject({ role: "admin" });
  });
});

describe("single sign-on ends at the sign-in page", () => {
  async function endOf(person: IssuerPerson, prepare?: (stage: Stage) => Promise<void>): Promise<[string, number]> {
    const stage = await setStage({ person });
    await prepare?.(stage);
    const { items: before } = await stage.test.store.listUsers({}, {});
    const browser = browserOf(stage.test);
    const end = await stage.signIn(browser);
    expect((await browser.call("GET", "/api/v1/me")).status).toBe(401);
    const { items: after } = await stage.test.store.listUsers({}, {});
    const refused = await stage.test.store.listAudit({ action: "sign_in.failed" }, {});
    expect(refused.items).toHaveLength(1);
    return [end, after.length - before.length];
  }

  it("for an address of another domain, a subdomain too", async () => {
    for (const email of ["ada@example.org", "ada@sub.example.com", "ada@example.com.evil.org"]) {
      expect(await endOf({ ...ADA, email })).toEqual(["/sign-in?error=sso_not_allowed", 0]);
    }
  });

  it("for an address that the issuer has not verified", async () => {
    for (const verified of [false, undefined, "false", 1]) {
      expect(await endOf({ ...ADA, email_verified: verified })).toEqual(["/sign-in?error=sso_email_unverified", 0]);
    }
  });

  it("for no address at all", async () => {
    expect(await endOf({ ...ADA, email: undefined })).toEqual(["/sign-in?error=sso_failed", 0]);
  });

  it("for an address that somebody here has already: no account is ever linked by it", async () => {
    const end = await endOf(ADA, async ({ test }) => {
      await join(test, "Ada");
    });
    expect(end).toEqual(["/sign-in?error=sso_account_exists", 0]);
  });

  it("for somebody who has been disabled", async () => {
    const { test, signIn } = await setStage();
    await signIn(browserOf(test));
    const user = await test.store.findUserByEmail("ada@example.com");
    await test.store.updateUser(user?.id ?? "", { isEnabled: false }, "apply", UPDATED);
    const browser = browserOf(test);
    expect(await signIn(browser)).toBe("/sign-in?error=sso_disabled");
    expect(browser.cookie).not.toContain("keyward=");
    const refused = await test.store.listAudit({ action: "sign_in.failed" }, {});
    expect(refused.items).toMatchObject([
      { identity: { mode: "user", id: user?.id }, detail: { reason: "sso_disabled" } },
    ]);
  });
});

describe("a callback", () => {
  it("is the browser's that began: without its cookie, or with another's, nobody is signed in", async () => {
    const { test, issuer, begin, comeBack } = await setStage();
    const [ada, eve] = [browserOf(test), browserOf(test)];
    const back = await visitIssuer(issuer, locationOf(await begin(ada)));
    await begin(eve);
    for (const browser of [browserOf(test), eve]) {
      expect(locationOf(await comeBack(browser, back))).toBe("/sign-in?error=sso_expired");
      expect((await browser.call("GET", "/api/v1/me")).status).toBe(401);
    }
    expect(locationOf(await comeBack(ada, back))).toBe("/");
  });

  it("works once", async () => {
    const { test, issuer, begin, comeBack } = await setStage();
    const browser = browserOf(test);
    const begun = locationOf(await begin(browser));
    const thief = browser.copy();
    const back = await visitIssuer(issuer, begun);
    expect(locationOf(await comeBack(browser, back))).toBe("/");
    // Even somebody who has the cookie of the sign-in under way.
    expect(locationOf(await comeBack(thief, back))).toBe("/sign-in?error=sso_expired");
  });

  it("needs the state, the code and the nonce of one and the same sign-in", async () => {
    const { test, issuer, begin, comeBack } = await setStage();
    const browser = browserOf(test);
    const other = new URL(await visitIssuer(issuer, locationOf(await begin(browserOf(test)))));
    const back = new URL(await visitIssuer(issuer, locationOf(await begin(browser))));
    const mixed = new URL(back);
    mixed.searchParams.set("code", other.searchParams.get("code") ?? "");
    expect(locationOf(await comeBack(browser.copy(), mixed.href))).toBe("/sign-in?error=sso_expired");
    const tampered = new URL(back);
    tampered.searchParams.set("state", `${back.searchParams.get("state")?.slice(0, -1)}_`);
    expect(locationOf(await comeBack(browser.copy(), tampered.href))).toBe("/sign-in?error=sso_expired");

    const asked = new URL(locationOf(await begin(browser)));
    asked.searchParams.set("nonce", "a-nonce-of-somebody-else");
    const replayed = await visitIssuer(issuer, asked.href);
    expect(locationOf(await comeBack(browser, replayed))).toBe("/sign-in?error=sso_failed");
    expect((await test.store.listUsers({}, {})).items).toEqual([]);
  });

  it("says nothing that stands in its query", async () => {
    const { test, begin, comeBack } = await setStage();
    const browser = browserOf(test);
    const begun = new URL(locationOf(await begin(browser)));
    const query = new URLSearchParams({
      state: begun.searchParams.get("state") ?? "",
      error: "access_denied",
      error_description: "call 555-0100 to unlock",
    });
    const url = `${PUBLIC_URL}${CALLBACK}?${query}`;
    expect(locationOf(await comeBack(browser.copy(), url))).toBe("/sign-in?error=sso_denied");
    query.set("error", "your account is locked");
    expect(locationOf(await comeBack(browser, `${PUBLIC_URL}${CALLBACK}?${query}`))).toBe("/sign-in?error=sso_failed");
    expect(JSON.stringify(test.log)).not.toMatch(/555|locked/);
  });

  it("leads to pages of the gateway only", async () => {
    const { test, signIn } = await setStage();
    for (const next of ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "evil", ""]) {
      expect(await signIn(browserOf(test), next)).toBe("/");
    }
  });
});

describe("an issuer that cannot be asked", () => {
  it("is said, holds up no password, and is asked again by the next visitor", async () => {
    const stage = await setStage();
    const { test, issuer, begin, signIn } = stage;
    const root = await join(test, "Root", "admin");
    issuer.isSilent = true;
    const waiting = begin(browserOf(test));
    expect((await browserOf(test).signIn(root.email, PASSWORD)).status).toBe(200);
    issuer.isSilent = false;
    await issuer.close();
    expect(locationOf(await waiting)).toBe("/sign-in?error=sso_unavailable");
    expect(locationOf(await begin(browserOf(test)))).toBe("/sign-in?error=sso_unavailable");
    await issuer.reopen();
    expect(await signIn(browserOf(test))).toBe("/");
  });

  it("is none where none is configured", async () => {
    const test = await createTestApp();
    for (const path of ["/api/v1/sso", `${CALLBACK}?code=x&state=y`]) {
      expect(outcomeOf(await test.send(`GET ${path}`))).toBe("404 not_found");
    }
  });
});

const UPDATED = { ...NO_ORIGIN, actor: { kind: "system" }, action: "user.updated", outcome: "ok" } as const;
