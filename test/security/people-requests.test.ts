import { describe, expect, it } from "vitest";
import type { Browser, BrowserAnswer } from "../helpers/browser.ts";
import { browserOf, emailOf, invite, join, PASSWORD, type Person } from "../http/people.ts";
import { textIn } from "../helpers/test-gateway.ts";
import { createScene, GOOD_VALUES, SERVER, type Scene } from "../http/scene.ts";
import { ADMIN_TOKEN, createTestApp, outcomeOf, PUBLIC_URL } from "../http/test-app.ts";

interface Cast extends Scene {
  readonly ada: Person;
  readonly bob: Person;
  readonly root: Person;
}

/** Ada and Bob, who may use the server, and Root, who administers. */
async function setCast(options: Parameters<typeof createScene>[0] = {}): Promise<Cast> {
  const scene = await createScene(options);
  const [ada, bob] = [await join(scene, "Ada"), await join(scene, "Bob")];
  const root = await join(scene, "Root", "admin");
  const grants = [ada, bob].map(({ id }) => ({ auth_mode: "user", identity: id }));
  await scene.send(`PUT /api/v1/servers/${scene.serverId}/grants`, { as: ADMIN_TOKEN, body: { grants } });
  scene.dials.length = 0;
  return { ...scene, ada, bob, root };
}

/** Stores values for a user. @returns the credential's id */
async function connect({ serverId }: Scene, { browser }: Person): Promise<string> {
  const started = await browser.call("POST", `/api/v1/servers/${serverId}/flow`);
  const flowId = textIn(started.body, "flow_id");
  const stored = await browser.call("PUT", `/api/v1/flows/${flowId}`, { headers: GOOD_VALUES });
  expect([stored.status, stored.text]).toEqual([200, expect.any(String)]);
  return textIn(stored.body, "credential_id");
}

function codeOf(answer: BrowserAnswer): string {
  return outcomeOf({ ...answer, json: answer.body });
}

/** Something of each kind that a signed-in user can change. */
async function changesOf(scene: Cast): Promise<readonly [method: string, path: string, body?: unknown][]> {
  const { browser } = scene.ada;
  const credentialId = await connect(scene, scene.ada);
  const key = await browser.call("POST", "/api/v1/virtual-keys", { name: "mine" });
  const flow = await browser.call("POST", `/api/v1/credentials/${credentialId}/flow`);
  return [
    ["PATCH", "/api/v1/me", { name: "Changed" }],
    ["POST", "/api/v1/virtual-keys", { name: "another" }],
    ["PATCH", `/api/v1/virtual-keys/${textIn(key.body, "id")}`, { name: "renamed" }],
    ["POST", `/api/v1/servers/${scene.serverId}/flow`],
    ["PUT", `/api/v1/flows/${textIn(flow.body, "flow_id")}`, { headers: GOOD_VALUES }],
    ["DELETE", `/api/v1/credentials/${credentialId}`],
    ["DELETE", "/api/v1/sessions"],
    ["DELETE", "/api/v1/session"],
  ];
}

describe("a request without a good proof", () => {
  it("A10: with an empty, blank, foreign or expired cookie is nobody's, for every route and every link", async () => {
    const scene = await setCast();
    const started = await scene.ada.browser.call("POST", `/api/v1/servers/${scene.serverId}/flow`);
    const flowId = textIn(started.body, "flow_id");
    const good = scene.ada.browser.cookie;
    await scene.ada.browser.call("DELETE", "/api/v1/session");
    const cookies = ["", "keyward=", "keyward=%20", "keyward=null", "keyward=undefined", good, "session=x", "keyward"];
    for (const cookie of cookies) {
      const headers = { cookie, "sec-fetch-site": "same-origin" };
      for (const request of [
        "GET /api/v1/me",
        "GET /api/v1/servers",
        "GET /api/v1/credentials",
        "DELETE /api/v1/session",
      ]) {
        expect(outcomeOf(await scene.send(request, { headers })), `${request} with ${cookie}`).toBe(
          "401 unauthenticated",
        );
      }
      const link = await scene.send(`GET /api/v1/flows/${flowId}`, { headers });
      expect(outcomeOf(link)).toBe("401 opener_unknown");
    }
  });

  it("A11: is not mended by the cookie: garbage, an unknown key, a doubled header beside somebody signed in", async () => {
    const { root, owner } = await setCast({ areSessionsEnabled: true });
    const headers: readonly Record<string, string>[] = [
      { authorization: "garbage" },
      { authorization: "" },
      { authorization: "Bearer kw_unknown" },
      { authorization: "Bearer kwa_unknown" },
      { authorization: `Bearer ${owner.key}, Bearer ${owner.key}` },
      { authorization: `Bearer ${owner.key}`, "keyward-session": "s".repeat(40) },
      { "keyward-session": "" },
      { "keyward-session": "short" },
    ];
    for (const bad of headers) {
      for (const path of ["/api/v1/me", "/api/v1/servers"]) {
        expect((await root.browser.call("GET", path, undefined, bad)).status, JSON.stringify(bad)).toBe(401);
      }
    }
    // A good header alone decides: the administrator's cookie adds nothing to the key.
    const byKey = { authorization: `Bearer ${owner.key}` };
    expect((await root.browser.call("GET", "/api/v1/me", undefined, byKey)).body).toMatchObject({
      admin: null,
      user: null,
      identity: { id: owner.id },
    });
    expect(codeOf(await root.browser.call("GET", "/api/v1/servers", undefined, byKey))).toBe("403 forbidden");
  });

  it("A11: with two cookies of the session's name is refused, whichever of them is good", async () => {
    const { send, ada, bob } = await setCast();
    for (const cookie of [
      `${ada.browser.cookie}; ${bob.browser.cookie}`,
      `keyward=planted; ${ada.browser.cookie}`,
      `${ada.browser.cookie}; keyward=`,
    ]) {
      expect(outcomeOf(await send("GET /api/v1/me", { headers: { cookie } }))).toBe("401 ambiguous_credentials");
    }
    // Somebody who signs in anew is not held up by a cookie that was planted.
    const planted = await send("POST /api/v1/session", {
      headers: { cookie: `keyward=a; ${ada.browser.cookie}` },
      body: { email: bob.email, password: PASSWORD },
    });
    expect(planted.status).toBe(200);
  });
});

describe("a user", () => {
  it("A12: sees and changes its own only, wherever it puts somebody else's ids", async () => {
    const scene = await setCast();
    const { ada, bob, serverId } = scene;
    const credentialId = await connect(scene, ada);
    const key = await ada.browser.call("POST", "/api/v1/virtual-keys", { name: "adas" });
    const keyId = textIn(key.body, "id");
    const call = async (method: string, path: string, body?: unknown) =>
      codeOf(await bob.browser.call(method, path, body));

    expect(await call("GET", `/api/v1/credentials/${credentialId}`)).toBe("404 credential_not_found");
    expect(await call("DELETE", `/api/v1/credentials/${credentialId}`)).toBe("404 credential_not_found");
    expect(await call("POST", `/api/v1/credentials/${credentialId}/flow`)).toBe("404 credential_not_found");
    expect(await call("GET", `/api/v1/virtual-keys/${keyId}`)).toBe("404 virtual_key_not_found");
    expect(await call("PATCH", `/api/v1/virtual-keys/${keyId}`, { name: "bobs" })).toBe("404 virtual_key_not_found");
    expect(await call("DELETE", `/api/v1/virtual-keys/${keyId}`)).toBe("404 virtual_key_not_found");
    expect(await call("POST", "/api/v1/virtual-keys", { name: "x", owner_user_id: ada.id })).toBe("403 forbidden");
    for (const query of [`auth_mode=user&identity=${ada.id}`, "auth_mode=virtual_key", "q=Ada"]) {
      const listed = await bob.browser.call("GET", `/api/v1/credentials?${query}`);
      expect(listed.body["items"]).toEqual([]);
    }
    const nested = { headers: GOOD_VALUES, identity: { auth_mode: "user", id: ada.id }, credential_id: credentialId };
    const flow = await bob.browser.call("POST", `/api/v1/servers/${serverId}/flow`);
    expect(await call("PUT", `/api/v1/flows/${textIn(flow.body, "flow_id")}`, nested)).toBe("400 invalid_request");
    expect((await ada.browser.call("GET", `/api/v1/credentials/${credentialId}`)).body).toMatchObject({
      version: 1,
      status: "active",
    });
  });

  it("A47: reaches no route of an administrator's, and nothing is dialled; neither does somebody signed out", async () => {
    const { send, ada, dials, serverId } = await setCast();
    const paths = (await send("GET /openapi.json")).json["paths"] as Record<string, Record<string, Operation>>;
    const adminOnly = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security.some((proofs) => proofs["cookie"]?.includes("admin")))
        .map(([method]) => ({ method: method.toUpperCase(), path })),
    );
    expect(adminOnly.length).toBeGreaterThan(20);
    for (const { method, path } of adminOnly) {
      const at = path.replace("{id}", path.includes("servers") ? serverId : "x");
      const body = method === "GET" || method === "DELETE" ? undefined : { ...SERVER, command: "/bin/sh" };
      expect(codeOf(await ada.browser.call(method, at, body)), `${method} ${at}`).toBe("403 forbidden");
      const signedOut = await send(`${method} ${at}`, body === undefined ? {} : { body });
      expect(outcomeOf(signedOut), `${method} ${at}`).toBe("401 unauthenticated");
    }
    expect(dials).toEqual([]);
  });
});

interface Operation {
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

describe("what another site makes a browser send", () => {
  it("A17: changes nothing: without the token, from elsewhere, or with nothing said of where it comes from", async () => {
    const scene = await setCast();
    const { ada, bob, send } = scene;
    const { cookie, csrf } = ada.browser;
    const token = { "keyward-csrf": csrf ?? "" };
    const own = { "sec-fetch-site": "same-origin" };
    const bad: readonly Record<string, string>[] = [
      own,
      token,
      { ...own, "keyward-csrf": "" },
      { ...own, "keyward-csrf": bob.browser.csrf ?? "" },
      { ...own, "keyward-csrf": `${csrf}, ${csrf}` },
      { ...token, "sec-fetch-site": "same-site" },
      { ...token, "sec-fetch-site": "cross-site" },
      { ...token, "sec-fetch-site": "none" },
      { ...token, origin: "null" },
      { ...token, origin: "http://127.0.0.1:4181" },
      { ...token, origin: `${PUBLIC_URL}.evil.example` },
      { ...token, ...own, origin: "https://evil.example" },
    ];
    const changes = await changesOf(scene);
    for (const [method, path, body] of changes) {
      for (const headers of bad) {
        const answer = await send(`${method} ${path}`, {
          headers: { cookie, ...headers },
          ...(body === undefined ? {} : { body }),
        });
        expect(answer.status, `${method} ${path} with ${JSON.stringify(headers)}`).toBe(403);
        expect(["403 csrf_failed", "403 foreign_origin"]).toContain(outcomeOf(answer));
      }
    }
    // All of it goes through from a page of ours; an older browser names the origin instead.
    const [[method, path, body] = ["", ""], ...others] = changes;
    const byOrigin = await send(`${method} ${path}`, { headers: { cookie, ...token, origin: PUBLIC_URL }, body });
    expect(byOrigin.status).toBe(200);
    for (const [otherMethod, otherPath, otherBody] of others.slice(0, -1)) {
      const answer = await ada.browser.call(otherMethod, otherPath, otherBody);
      expect(answer.status, `${otherMethod} ${otherPath} ${answer.text}`).toBeLessThan(300);
    }
  });

  it("A17: as a form, as text or without CORS is no request of this API, for signing in neither", async () => {
    const scene = await setCast();
    const { ada, send } = scene;
    const changes = await changesOf(scene);
    const withBody = changes.filter(([, , body]) => body !== undefined);
    const signIns: readonly [string, string, unknown][] = [
      ["POST", "/api/v1/session", { email: ada.email, password: PASSWORD }],
      ["POST", "/api/v1/invites/accept", { token: "kwi_x", password: PASSWORD }],
      ["POST", "/api/v1/setup/admin", { setup_token: "kws_x", name: "x", email: "x@example.com", password: PASSWORD }],
    ];
    const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""];
    for (const [method, path, body] of [...withBody, ...signIns]) {
      for (const type of types) {
        // From a page of ours: the type alone is refused.
        const answer = await ada.browser.call(method, path, JSON.stringify(body), { "content-type": type });
        expect([400, 415], `${method} ${path} as ${type}`).toContain(answer.status);
      }
    }
    // From another one: refused before the type is looked at, with cookies and without.
    for (const [method, path, body] of signIns) {
      for (const headers of [
        { "sec-fetch-site": "cross-site" },
        { origin: "https://evil.example" },
        { origin: "null" },
      ]) {
        const answer = await send(`${method} ${path}`, {
          headers: { "content-type": "text/plain", ...headers },
          body: JSON.stringify(body),
        });
        expect(outcomeOf(answer)).toBe("403 foreign_origin");
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    }
  });

  it("A17: the cookie is sent along by no other site's request but a visit, and no script reads it", async () => {
    const test = await createTestApp({ parts: { publicUrl: "https://keys.example.com" } });
    const { token } = await invite(test, "Ada");
    const answer = await test.send("POST /api/v1/invites/accept", { body: { token, password: PASSWORD } });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-keyward=[^;]+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    // A cookie of the plain name, which another host could have set, is not looked at.
    const value = answer.headers.getSetCookie()[0]?.split(";")[0]?.slice("__Host-keyward=".length);
    expect(outcomeOf(await test.send("GET /api/v1/me", { headers: { cookie: `keyward=${value}` } }))).toBe(
      "401 unauthenticated",
    );
    const proven = { cookie: `__Host-keyward=${value}` };
    expect((await test.send("GET /api/v1/me", { headers: proven })).status).toBe(200);
    const csrf = String(answer.json["csrf_token"]);
    const gone = await test.send("DELETE /api/v1/session", {
      headers: { ...proven, "sec-fetch-site": "same-origin", "keyward-csrf": csrf },
    });
    expect(gone.headers.getSetCookie()).toEqual(["__Host-keyward=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"]);
  });
});

describe("a header that claims somebody", () => {
  it("A34: in another spelling, or of a proxy's, claims nobody; in another letter case it is the same header", async () => {
    const { send, root, owner } = await setCast({ areSessionsEnabled: true });
    const claims: readonly Record<string, string>[] = [
      { Keyward_Session: "s".repeat(40) },
      { "X-Keyward-Session": "s".repeat(40) },
      { "Keyward-User": root.id },
      { "X-Forwarded-User": root.email },
      { "X-Forwarded-Email": root.email },
      { "X-Remote-User": root.id },
      { "Remote-User": root.id },
      { "X-Auth-Request-Email": root.email },
      { "X-Keyward-Visitor": "127.0.0.1" },
      { "Proxy-Authorization": `Bearer ${owner.key}` },
      { "X-Cookie": root.browser.cookie },
      { Cookie2: root.browser.cookie },
      { cookie: root.browser.cookie.replace("keyward=", "KEYWARD=") },
      { cookie: root.browser.cookie.replace("keyward=", "__Host-keyward=") },
      { cookie: root.browser.cookie.replace("keyward=", "keyward_=") },
    ];
    for (const headers of claims) {
      expect(outcomeOf(await send("GET /api/v1/me", { headers })), JSON.stringify(headers)).toBe("401 unauthenticated");
    }
    const shouted = { AUTHORIZATION: `BEARER ${owner.key}` };
    expect((await send("GET /api/v1/me", { headers: shouted })).json["identity"]).toMatchObject({ id: owner.id });
  });

  it("A34: of where it comes from moves no sign-in: address and limit are those of the socket", async () => {
    const { send, ada } = await setCast();
    for (let i = 0; i < 12; i += 1) {
      const headers = {
        "x-forwarded-for": `198.51.100.${i}`,
        "x-keyward-visitor": `198.51.100.${i}`,
        "x-real-ip": "::1",
      };
      const answer = await send("POST /api/v1/session", {
        headers,
        body: { email: ada.email, password: "wrong wrong wrong" },
      });
      expect(answer.status).toBe(i < 10 ? 401 : 429);
    }
    const sessions = await ada.browser.call("GET", "/api/v1/sessions");
    expect(sessions.body["items"]).toMatchObject([{ address: "203.0.113.9" }]);
  });

  it("A46: forwarded hosts and schemes change no cookie and no address of the sign-in", async () => {
    const test = await createTestApp();
    const { token } = await invite(test, "Ada");
    const forwarded = {
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil.example",
      forwarded: "host=evil.example;proto=https",
    };
    const answer = await test.send("POST /api/v1/invites/accept", {
      headers: forwarded,
      body: { token, password: PASSWORD },
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^keyward=[^;]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    for (const rawPath of ["/api/v1/%73ession", "/api/v1/session/", "/api/v1//session", "/api/v1/x/../session"]) {
      const odd = await test.send("POST /api/v1/session", {
        rawPath,
        body: { email: emailOf("Ada"), password: PASSWORD },
      });
      expect([odd.status, odd.headers.getSetCookie()]).toEqual([404, []]);
    }
  });
});

describe("many at once", () => {
  it("A44: a flood of sign-ins is turned away rather than kept, and others are served meanwhile", async () => {
    const test = await createTestApp();
    const ada: { browser: Browser } = await join(test, "Ada");
    const started = performance.now();
    const flood = Array.from({ length: 500 }, (_, i) =>
      browserOf(test, `198.51.${i % 200}.${i % 250}`).signIn(`nobody${i}@example.com`, PASSWORD),
    );
    expect((await ada.browser.call("GET", "/api/v1/me")).status).toBe(200);
    const outcomes = (await Promise.all(flood)).map(codeOf);
    expect(new Set(outcomes)).toEqual(new Set(["401 sign_in_failed", "429 rate_limited"]));
    expect(outcomes.filter((outcome) => outcome === "429 rate_limited").length).toBeGreaterThan(300);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("the first start", () => {
  it("A48: one setup token makes one administrator, whichever of the two ways it is traded in", async () => {
    const test = await createTestApp({ adminToken: null });
    const token = (await test.admins.offerSetup())?.reveal();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2 === 0
          ? test.send("POST /api/v1/setup", { body: { setup_token: token } })
          : test.send("POST /api/v1/setup/admin", {
              body: { setup_token: token, name: "Ada", email: `ada${i}@example.com`, password: PASSWORD },
            }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => outcomeOf(answer) === "409 setup_done")).toHaveLength(19);
    expect(await test.admins.offerSetup()).toBeNull();
  });

  it("A48: there is no account to guess: before anybody is invited no password signs in", async () => {
    const test = await createTestApp({ adminToken: null });
    for (const email of ["admin@example.com", "root@localhost", "admin", "keyward@keyward.local"]) {
      for (const password of ["admin", "password", "keyward", "changeme", ""]) {
        const answer = await browserOf(test, `192.0.2.${email.length}`).signIn(email, password);
        expect(codeOf(answer)).toBe("401 sign_in_failed");
      }
    }
  });
});
