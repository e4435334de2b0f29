import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KeywardError } from "../../src/core/errors.ts";
import { actionsOf, allOf, auditOf, codeOf, entry } from "../contract/fixtures.ts";
import { Browser } from "./browser.ts";
import { Client, codeIn, tokensIn } from "./client.ts";
import { openOauthScene, type OauthScene } from "./scene.ts";

const WEB = { redirect_uris: ["https://app.example/callback"] };

let scene: OauthScene;

// One for all: what a test makes belongs to clients of its own.
beforeAll(async () => {
  scene = await openOauthScene();
});

afterAll(() => scene.close());

beforeEach(() => {
  // Every test may ask as often as an address may in a minute.
  scene.clock.advance(60_000);
});

/** Who has let a client act for them. */
async function owners({ id }: Client): Promise<readonly string[]> {
  const apps = await allOf((page) => scene.store.listApps({}, page));
  return apps.filter(({ clientId }) => clientId === id).map(({ userName }) => userName);
}

/** What a client is told in the query, or, when it has asked for tokens at once, in the fragment. */
function toldIn(location: URL | null): URLSearchParams {
  return new URLSearchParams(location?.search === "" ? location.hash.slice(1) : location?.search);
}

function errorIn(location: URL | null): string | null {
  return toldIn(location).get("error");
}

describe("an authorization", () => {
  it("ends at the client with a code, its state and the issuer, and is audited", async () => {
    const client = await Client.register(scene.url);
    const back = await new Browser(scene, scene.ada).consent(client.authorizeUrl());
    expect(back.origin + back.pathname).toBe(client.redirect);
    expect(Object.fromEntries(back.searchParams)).toEqual({
      code: expect.any(String),
      state: "the-state",
      iss: scene.url,
    });
    expect((await auditOf(scene.store)).at(-1)).toMatchObject({
      action: "app.authorized",
      actor: { kind: "admin", id: scene.ada.id },
      identity: { mode: "user", id: scene.ada.id },
      address: "203.0.113.9",
      detail: { name: "Test", reason: "self_registered" },
    });
    const apps = await allOf((page) => scene.store.listApps({ userId: scene.ada.id }, page));
    expect(apps.find(({ clientId }) => clientId === client.id)).toMatchObject({
      id: expect.stringMatching(/^app_[A-Za-z0-9_-]{22}$/),
      clientName: "Test",
      clientHost: null,
      scopes: ["mcp"],
    });
    const { status, body } = await client.exchange(codeIn(back));
    expect([status, body]).toEqual([
      200,
      {
        access_token: expect.stringMatching(/^kwo_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$/),
        refresh_token: expect.stringMatching(/^kwr_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$/),
        token_type: "Bearer",
        expires_in: 600,
        scope: "mcp",
      },
    ]);
  });

  it("of somebody who is signed out leads to the sign-in, and back", async () => {
    const client = await Client.register(scene.url);
    const browser = new Browser(scene);
    const { location } = await browser.open(client.authorizeUrl());
    expect(location?.pathname).toBe("/sign-in");
    const next = location?.searchParams.get("next") ?? "";
    expect(next).toMatch(/^\/oauth\/authorize\/[A-Za-z0-9_-]{43}$/);
    const still = await browser.open(next);
    expect(still.location?.pathname).toBe("/sign-in");
    browser.signIn(scene.ada);
    const back = await browser.consent(still.location?.searchParams.get("next") ?? "");
    tokensIn(await client.exchange(codeIn(back)));
    expect(await owners(client)).toEqual(["Ada"]);
  });

  it("trap 1: after A has signed out and B in, in the same browser, is B's, and B is asked", async () => {
    const client = await Client.register(scene.url, WEB);
    const browser = new Browser(scene, scene.ada);
    await client.connect(browser);
    browser.signIn(scene.bob);
    await client.connect(browser);
    expect((await owners(client)).toSorted()).toEqual(["Ada", "Bob"]);
    browser.session = "";
    expect((await browser.open(client.authorizeUrl())).location?.pathname).toBe("/sign-in");
  });

  it("trap 1: knows no login but the dashboard's: none is kept in a cookie, and none is read from one", async () => {
    const client = await Client.register(scene.url);
    const browser = new Browser(scene, scene.ada);
    await client.connect(browser);
    expect(browser.received.filter((cookie) => !/^keyward_(?:consent|resume)/.test(cookie))).toEqual([]);
    const stranger = new Browser(scene);
    for (const name of ["keyward_oauth_session", "_session"]) {
      stranger.plant(name, "dashboard");
    }
    expect((await stranger.open(client.authorizeUrl())).location?.pathname).toBe("/sign-in");
  });

  it("that was begun by one person cannot be finished by another, nor in another session or browser", async () => {
    const client = await Client.register(scene.url);
    const browser = new Browser(scene, scene.ada);
    const resume = await browser.answer(await browser.question(client.authorizeUrl()));
    for (const other of [new Browser(scene, scene.ada), new Browser(scene, scene.bob), new Browser(scene)]) {
      const { status, location, text } = await other.open(resume);
      expect([status, location, text]).toEqual([400, null, expect.stringContaining("begun in another browser")]);
    }
    const { session } = browser;
    browser.signIn(scene.bob);
    expect((await browser.open(resume)).location).toBeNull();
    browser.session = session;
    codeIn((await browser.open(resume)).location ?? new URL("about:blank"));
    expect((await browser.open(resume)).location).toBeNull();
  });

  it.each([
    ["without a code challenge", { code_challenge: null, code_challenge_method: null }, "invalid_request"],
    ["with a plain code challenge", { code_challenge_method: "plain" }, "invalid_request"],
    ["for a token at once", { response_type: "token" }, "unsupported_response_type"],
    ["for an ID token", { response_type: "code id_token" }, "unsupported_response_type"],
    ["for a server of somebody else", { resource: "https://other.example/mcp" }, "invalid_target"],
    ["for another path of this host", { resource: "SELF/api/v1" }, "invalid_target"],
    ["for a path that is spelled otherwise", { resource: "SELF/mcp/" }, "invalid_target"],
    ["for this host under another name", { resource: "http://localhost/mcp" }, "invalid_target"],
    ["for no URL", { resource: "mcp" }, "invalid_target"],
  ])("%s is refused, and the client is told", async (_, more, error) => {
    const client = await Client.register(scene.url);
    const resource = "resource" in more ? { resource: more.resource.replace("SELF", scene.url) } : {};
    const { location } = await new Browser(scene, scene.ada).open(client.authorizeUrl({ ...more, ...resource }));
    expect([location?.origin, errorIn(location)]).toEqual([new URL(client.redirect).origin, error]);
    expect(toldIn(location).get("state")).toBe("the-state");
  });

  it("trap 4: gets one scope whatever a client asks for by habit, and no ID token", async () => {
    const client = await Client.register(scene.url, { scope: "openid profile offline_access read" });
    for (const scope of [null, "openid profile email offline_access", "mcp", "mcp:tools admin", ""]) {
      const code = codeIn(await new Browser(scene, scene.ada).consent(client.authorizeUrl({ scope, nonce: "n" })));
      const { body } = await client.exchange(code);
      expect([body["scope"], Object.hasOwn(body, "id_token")], String(scope)).toEqual(["mcp", false]);
    }
  });

  it("names a server, or nothing, and its token is for /mcp", async () => {
    const client = await Client.register(scene.url, WEB);
    const browser = new Browser(scene, scene.ada);
    for (const resource of [null, `${scene.url}/mcp/notes`]) {
      const code = codeIn(await browser.consent(client.authorizeUrl({ resource })));
      const more = resource === null ? {} : { resource };
      tokensIn(await client.exchange(code, more));
    }
    const other = codeIn(await browser.consent(client.authorizeUrl({ resource: `${scene.url}/mcp/other` })));
    expect((await client.exchange(other, { resource: `${scene.url}/mcp/notes` })).body["error"]).toBe("invalid_target");
  });
});

describe("when it cannot be known who is signed in", () => {
  it.each([
    ["two cookies that prove a session", "ambiguous_credentials", 400],
    ["a store that cannot be asked", "credential_store_unavailable", 503],
  ] as const)("because of %s, the person is told, and nobody is taken for signed out", async (_, code, status) => {
    const client = await Client.register(scene.url);
    const browser = new Browser(scene, scene.ada);
    scene.signInFailure = new KeywardError(code);
    const page = await browser.open(client.authorizeUrl());
    scene.signInFailure = null;
    expect([page.status, page.location, page.text]).toEqual([status, null, expect.stringContaining("Not connected")]);
  });
});

describe("a consent", () => {
  it("says who asks, where the answer goes, and as whom", async () => {
    const client = await Client.register(scene.url, { client_name: "Claude\u202e Code " });
    const browser = new Browser(scene, scene.ada);
    const uid = await browser.question(client.authorizeUrl());
    const signedIn = scene.signedInBy(browser.session);
    const origin = { requestId: null, address: null };
    expect(signedIn === null ? null : await scene.oauth.consents.find(uid, signedIn, origin)).toEqual({
      client: { name: "Claude Code", host: null, redirectHost: "127.0.0.1:33418" },
      scopes: ["mcp"],
      user: scene.ada,
    });
  });

  it("that is refused is told to the client, and leaves nothing", async () => {
    const client = await Client.register(scene.url);
    const before = await actionsOf(scene.store);
    const back = await new Browser(scene, scene.ada).consent(client.authorizeUrl(), "deny");
    expect([errorIn(back), back.searchParams.get("code")]).toEqual(["access_denied", null]);
    expect(await owners(client)).toEqual([]);
    expect(await actionsOf(scene.store)).toEqual(before);
  });

  it("A03: belongs to the session in which it was asked: a link to it is nothing to anybody else", async () => {
    const client = await Client.register(scene.url);
    const attacker = new Browser(scene, scene.bob);
    const uid = await attacker.question(client.authorizeUrl());
    for (const victim of [new Browser(scene, scene.ada), new Browser(scene, scene.bob)]) {
      expect(await codeOf(victim.answer(uid))).toBe("consent_not_found");
    }
    for (const unknown of ["x".repeat(43), "", "../x", uid.toLowerCase(), "a".repeat(100_000)]) {
      expect(await codeOf(attacker.answer(unknown))).toBe("consent_not_found");
    }
    expect(await owners(client)).toEqual([]);
    await attacker.answer(uid);
    expect(await owners(client)).toEqual(["Bob"]);
  });

  it("is given once, whatever the number of clicks, and not after an hour", async () => {
    const client = await Client.register(scene.url);
    const browser = new Browser(scene, scene.ada);
    const uid = await browser.question(client.authorizeUrl());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => codeOf(browser.answer(uid, i % 2 === 0 ? "allow" : "deny"))),
    );
    expect(answers.filter((answer) => answer === "resolved")).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(["resolved", "consent_not_found"]));
    const late = await browser.question(client.authorizeUrl());
    scene.clock.advance(60 * 60_000);
    expect(await codeOf(browser.answer(late))).toBe("consent_not_found");
  });

  it("is asked of each client, and remembered for one that comes back to its own host", async () => {
    const [client, other] = [await Client.register(scene.url, WEB), await Client.register(scene.url, WEB)];
    const browser = new Browser(scene, scene.ada);
    await client.connect(browser);
    codeIn((await browser.open(client.authorizeUrl())).location ?? new URL("about:blank"));
    await browser.question(client.authorizeUrl({ prompt: "consent" }));
    await browser.question(other.authorizeUrl());
    expect(await owners(client)).toEqual(["Ada"]);
  });

  it("is asked again of an application on the person's machine, and renews its grant (RFC 8252 section 8.6)", async () => {
    const client = await Client.register(scene.url);
    const browser = new Browser(scene, scene.ada);
    await client.connect(browser);
    await client.connect(browser);
    expect(await owners(client)).toEqual(["Ada"]);
  });

  it("is asked again when it was revoked, and after a year", async () => {
    const client = await Client.register(scene.url, WEB);
    const browser = new Browser(scene, scene.ada);
    await client.connect(browser);
    const appId = await scene.store.findNewestGrant(scene.ada.id, client.id);
    await scene.store.revokeApp(appId ?? "", entry("app.revoked"), "revoked");
    await client.connect(browser);
    scene.clock.advance(365 * 86_400_000);
    expect(await browser.question(client.authorizeUrl())).toHaveLength(43);
  });

  it("prompt=none asks nothing: it tells what would have to be asked", async () => {
    const client = await Client.register(scene.url, WEB);
    const browser = new Browser(scene);
    const ask = async () => (await browser.open(client.authorizeUrl({ prompt: "none" }))).location;
    expect(errorIn(await ask())).toBe("login_required");
    browser.signIn(scene.ada);
    expect(errorIn(await ask())).toBe("consent_required");
    await client.connect(browser);
    codeIn((await ask()) ?? new URL("about:blank"));
  });

  it.each(["login", "select_account", "consent login", "create"])(
    "prompt=%s shows who is signed in",
    async (prompt) => {
      const client = await Client.register(scene.url, WEB);
      const browser = new Browser(scene, scene.ada);
      await client.connect(browser);
      const { location } = await browser.open(client.authorizeUrl({ prompt }));
      expect(location?.pathname).toMatch(/^\/consent\//);
    },
  );
});

describe("a redirect", () => {
  const registered = [
    "http://localhost:8080/callback?a=1",
    "http://127.0.0.1/cb",
    "https://app.example/callback",
    "com.example.app:/callback",
  ];

  it.each([
    ...registered,
    "http://localhost:1/callback?a=1",
    "http://127.0.0.1:65535/cb",
    "http://localhost/callback?a=1",
  ])("goes to %s, as registered but for the port of a loopback host", async (redirect) => {
    const { id } = await Client.register(scene.url, { redirect_uris: registered });
    const client = new Client(scene.url, { client_id: id }, redirect);
    const back = await new Browser(scene, scene.ada).consent(client.authorizeUrl());
    expect(back.href.startsWith(redirect.split("?", 1)[0] ?? "")).toBe(true);
    tokensIn(await client.exchange(codeIn(back)));
  });

  it.each([
    "http://localhost:8080/callback",
    "http://localhost:8080/callback?a=2",
    "http://localhost:8080/callback/?a=1",
    "http://LOCALHOST:8080/callback?a=1",
    "http://localhost:8080@evil.example/callback?a=1",
    "http://127.0.0.2/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://127.1/cb",
    "http://[::1]/cb",
    "https://127.0.0.1/cb",
    "https://app.example/callback/",
    "https://app.example/callback?x",
    "https://app.example/callback#x",
    "https://app.example:443/callback",
    "https://app.example:8443/callback",
    "https://app.example./callback",
    "https://sub.app.example/callback",
    "http://app.example/callback",
    "com.example.app:/callback2",
    "com.example.app://callback",
    "javascript:alert(1)",
    "//app.example/callback",
    "",
  ])("never goes to %s: the person is told, and sent nowhere", async (redirect) => {
    const { id } = await Client.register(scene.url, { redirect_uris: registered });
    const client = new Client(scene.url, { client_id: id }, redirect);
    const { status, location, text } = await new Browser(scene, scene.ada).open(client.authorizeUrl());
    expect([status, location]).toEqual([400, null]);
    expect(text).toContain("<h1>Not connected</h1>");
    if (redirect.length > 1) {
      expect(text).not.toContain(redirect);
    }
  });

  it("goes nowhere for a client that is not known", async () => {
    const client = new Client(scene.url, { client_id: "client_unknown" });
    const { status, location, text } = await new Browser(scene, scene.ada).open(client.authorizeUrl());
    expect([status, location, text]).toEqual([400, null, expect.stringContaining("is not known")]);
  });
});
