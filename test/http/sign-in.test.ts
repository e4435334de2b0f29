import { describe, expect, it, onTestFinished, vi } from "vitest";
import { KeywardError } from "../../src/core/errors.ts";
import type { BrowserAnswer } from "../helpers/browser.ts";
import { browserOf, emailOf, invite, join, PASSWORD } from "./people.ts";
import { createTestApp, outcomeOf, type TestApp } from "./test-app.ts";

const APP = { adminToken: null };

async function auditOf(test: TestApp, action: string): Promise<Record<string, unknown>[]> {
  const { items } = await test.store.listAudit({ action: action as never }, { limit: 100 });
  return items.map(({ actor, outcome, identity, address, detail }) => ({ actor, outcome, identity, address, detail }));
}

function codeOf(answer: BrowserAnswer): string {
  return outcomeOf({ ...answer, json: answer.body });
}

describe("the first administrator", () => {
  it("comes by the setup token, chooses a password and is signed in", async () => {
    const test = await createTestApp(APP);
    const token = (await test.admins.offerSetup())?.reveal();
    const browser = browserOf(test);
    const before = await browser.call("GET", "/api/v1/sign-in-options");
    expect(before.body).toEqual({ setup_open: true, password: true, sso: null });

    const done = await browser.enter("POST", "/api/v1/setup/admin", {
      setup_token: token,
      name: "Ada",
      email: "Ada@Example.com",
      password: PASSWORD,
    });
    expect([done.status, done.body]).toEqual([
      201,
      {
        user: expect.objectContaining({ name: "Ada", email: "ada@example.com", role: "admin", enabled: true }),
        csrf_token: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    expect(done.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^keyward=[^;]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const me = await browser.call("GET", "/api/v1/me");
    const { id } = done.body["user"] as { id: string };
    expect(me.body).toEqual({
      admin: { id, name: "Ada" },
      user: { id, name: "Ada", email: "ada@example.com", role: "admin" },
      csrf_token: done.body["csrf_token"],
      identity: { auth_mode: "user", id, name: "Ada" },
      servers: [],
    });
    expect((await browser.call("GET", "/api/v1/sign-in-options")).body["setup_open"]).toBe(false);
    expect((await browser.call("GET", "/api/v1/servers")).status).toBe(200);
  });

  it("A48: is one of thirty who come at once, and the token is used up", async () => {
    const test = await createTestApp(APP);
    const token = (await test.admins.offerSetup())?.reveal();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        browserOf(test).enter("POST", "/api/v1/setup/admin", {
          setup_token: token,
          name: `Racer ${i}`,
          email: `racer${i}@example.com`,
          password: PASSWORD,
        }),
      ),
    );
    const outcomes = answers.map(codeOf);
    expect(outcomes.filter((outcome) => outcome === "201")).toHaveLength(1);
    expect(outcomes.filter((outcome) => !["201", "409 setup_done"].includes(outcome))).toEqual([]);
    const { items } = await test.store.listUsers({}, {});
    expect(items.map(({ role }) => role)).toEqual(["admin"]);
  });

  it("A48: with a token that is wrong, malformed or replaced there is none", async () => {
    const test = await createTestApp(APP);
    const replaced = (await test.admins.offerSetup())?.reveal();
    await test.admins.offerSetup();
    for (const [token, outcome] of [
      ["", "401 unauthenticated"],
      ["kws_", "401 unauthenticated"],
      ["admin", "401 unauthenticated"],
      [replaced, "409 setup_done"],
    ]) {
      const answer = await browserOf(test).enter("POST", "/api/v1/setup/admin", {
        setup_token: token,
        name: "Eve",
        email: "eve@example.com",
        password: PASSWORD,
      });
      expect(codeOf(answer)).toBe(outcome);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect((await test.store.listUsers({}, {})).items).toEqual([]);
  });

  it("is told what is wrong with the address or the password, and may try again", async () => {
    const test = await createTestApp(APP);
    const setupToken = (await test.admins.offerSetup())?.reveal();
    const body = { setup_token: setupToken, name: "Ada", email: "ada@example.com", password: PASSWORD };
    const setUp = async (change: object) =>
      codeOf(await browserOf(test).enter("POST", "/api/v1/setup/admin", { ...body, ...change }));
    expect(await setUp({ email: "ada@localhost" })).toBe("400 invalid_email");
    expect(await setUp({ password: "short" })).toBe("400 invalid_password");
    expect(await setUp({ password: "x".repeat(129) })).toBe("400 invalid_password");
    expect(await setUp({ name: "" })).toBe("400 invalid_request");
    expect(await setUp({})).toBe("201");
  });

  it("is not awaited where an admin token is configured", async () => {
    const test = await createTestApp();
    expect((await test.send("GET /api/v1/sign-in-options")).json["setup_open"]).toBe(false);
  });
});

describe("a password sign-in", () => {
  it("makes a session of its own each time, and the one before in that browser ends", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const first = ada.browser.cookie;
    const again = await ada.browser.signIn("ADA@example.com", PASSWORD);
    expect(again.status).toBe(200);
    expect(ada.browser.cookie).not.toBe(first);
    const stale = await test.send("GET /api/v1/me", { headers: { cookie: first } });
    expect(outcomeOf(stale)).toBe("401 unauthenticated");
    const sessions = await ada.browser.call("GET", "/api/v1/sessions");
    expect(sessions.body["items"]).toHaveLength(1);
  });

  it("A40: answers alike for an unknown address, a wrong password and a disabled user", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const bob = await join(test, "Bob");
    await test.store.updateUser(bob.id, { isEnabled: false }, "apply", SYSTEM);
    const browser = browserOf(test);
    const answers = [
      await browser.signIn("nobody@example.com", PASSWORD),
      await browser.signIn("not an address", PASSWORD),
      await browser.signIn(ada.email, "wrong wrong wrong"),
      await browser.signIn(ada.email, ""),
      await browser.signIn(ada.email, "x".repeat(1024)),
      await browser.signIn(bob.email, PASSWORD),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.text, answer.headers.getSetCookie()]).toEqual([401, answers[0]?.text, []]);
    }
    expect(codeOf(answers[0]!)).toBe("401 sign_in_failed");
    const refused = await auditOf(test, "sign_in.failed");
    expect(refused).toHaveLength(6);
    expect(refused.map(({ identity, detail }) => [identity, detail])).toEqual([
      [{ mode: "user", id: bob.id }, { reason: "password" }],
      [{ mode: "user", id: ada.id }, { reason: "password" }],
      [{ mode: "user", id: ada.id }, { reason: "password" }],
      [{ mode: "user", id: ada.id }, { reason: "password" }],
      [undefined, { reason: "unknown_account" }],
      [undefined, { reason: "unknown_account" }],
    ]);
    expect(JSON.stringify(refused)).not.toContain("nobody");
  });

  it("A40: takes as long for an unknown address as for a wrong password", async () => {
    const test = await createTestApp({ hasRealPasswordCost: true });
    const ada = await join(test, "Ada");
    const browser = browserOf(test);
    async function timeOf(email: string): Promise<number> {
      const start = performance.now();
      await browser.signIn(email, "wrong wrong wrong");
      return performance.now() - start;
    }
    await timeOf("warm@example.com");
    const [unknown, wrong] = [[], []] as [number[], number[]];
    for (let i = 0; i < 4; i += 1) {
      unknown.push(await timeOf(`nobody${i}@example.com`));
      wrong.push(await timeOf(ada.email));
    }
    const ratio = Math.min(...unknown) / Math.min(...wrong);
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
  });

  it("is limited for an account whatever the addresses, and for an address whatever the accounts", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    for (let i = 0; i < 10; i += 1) {
      expect((await browserOf(test, `198.51.100.${i}`).signIn(ada.email, "wrong wrong wrong")).status).toBe(401);
    }
    const limited = await browserOf(test, "198.51.100.99").signIn(ada.email, PASSWORD);
    expect(codeOf(limited)).toBe("429 rate_limited");
    // Others at that address are served, and so is she a quarter of an hour later.
    const bob = await join(test, "Bob");
    expect((await browserOf(test, "198.51.100.99").signIn(bob.email, PASSWORD)).status).toBe(200);
    test.clock.now += 15 * 60_000;
    expect((await browserOf(test, "198.51.100.99").signIn(ada.email, PASSWORD)).status).toBe(200);

    // A whole IPv6 network of one customer is one address.
    const outcomes = [];
    for (let i = 0; i < 61; i += 1) {
      const browser = browserOf(test, `2001:db8:1:2::${i.toString(16)}`);
      outcomes.push((await browser.enter("POST", "/api/v1/invites/view", { token: "kwi_x" })).status);
    }
    expect(outcomes.filter((status) => status === 404)).toHaveLength(60);
    expect(outcomes.at(-1)).toBe(429);
  });

  it("P16: is counted under digests, in which neither account nor address can be read", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    await browserOf(test, "198.51.100.7").signIn(ada.email, "wrong wrong wrong");
    const rows = await test.signInDatabase.db.selectFrom("attempts").selectAll().execute();
    // Of two addresses, and of one account.
    expect(rows).toHaveLength(3);
    for (const { digest } of rows) {
      expect(digest).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it("P10: is not judged when it cannot be counted, nor is any other guess", async () => {
    const outage = new KeywardError("credential_store_unavailable");
    const test = await createTestApp({ adminToken: null, failures: { takeAttempt: outage } });
    const body = { token: (await invite(test, "Bob")).token, password: PASSWORD };
    const setup = { setup_token: "kws_x", name: "Eve", email: "eve@example.com", password: PASSWORD };
    const browser = browserOf(test);
    for (const answer of [
      await browser.signIn(emailOf("Bob"), PASSWORD),
      await browser.enter("POST", "/api/v1/invites/view", { token: body.token }),
      await browser.enter("POST", "/api/v1/invites/accept", body),
      await browser.enter("POST", "/api/v1/setup/admin", setup),
    ]) {
      expect(codeOf(answer)).toBe("503 credential_store_unavailable");
    }
  });

  it("P16: from very many addresses at once writes no more than can be judged", async () => {
    const test = await createTestApp({ hasRealPasswordCost: true });
    test.storeCalls.length = 0;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        browserOf(test, `198.51.100.${i}`).signIn(`nobody${i}@example.com`, PASSWORD),
      ),
    );
    const judged = answers.filter(({ status }) => status === 401).length;
    expect(judged).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(200 - judged);
    expect(test.storeCalls.filter((name) => name === "takeAttempt")).toHaveLength(judged);
  });

  it("is written down with who, how and from where, and its end too", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada", "admin");
    const bob = await join(test, "Bob");
    await bob.browser.signIn(bob.email, PASSWORD);
    await bob.browser.call("DELETE", "/api/v1/session");
    const address = "203.0.113.9";
    const bobs = { mode: "user", id: bob.id };
    expect(await auditOf(test, "sign_in.succeeded")).toEqual([
      {
        actor: { kind: "identity", identity: bobs },
        outcome: "ok",
        identity: bobs,
        address,
        detail: { reason: "password" },
      },
      {
        actor: { kind: "identity", identity: bobs },
        outcome: "ok",
        identity: bobs,
        address,
        detail: { reason: "invite" },
      },
      {
        actor: { kind: "admin", id: ada.id },
        outcome: "ok",
        identity: { mode: "user", id: ada.id },
        address,
        detail: { reason: "invite" },
      },
    ]);
    expect((await auditOf(test, "sign_in.ended")).map(({ detail }) => detail)).toEqual([
      { reason: "signed_out" },
      { reason: "signed_in_again" },
    ]);
  });

  it("does not take place when it cannot be written down", async () => {
    const test = await createTestApp({ failures: { appendAudit: new Error("the log is full") } });
    const { token } = await invite(test, "Ada");
    const browser = browserOf(test);
    const answer = await browser.enter("POST", "/api/v1/invites/accept", { token, password: PASSWORD });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([500, []]);
    const user = await test.store.findUserByEmail(emailOf("Ada"));
    expect(await test.store.listSessions(user?.id ?? "")).toEqual([]);
  });
});

describe("a session", () => {
  it("is none at once when its user is disabled or deleted", async () => {
    const test = await createTestApp();
    const root = await join(test, "Root", "admin");
    const ada = await join(test, "Ada");
    const bob = await join(test, "Bob");
    await test.store.updateUser(ada.id, { isEnabled: false }, "apply", SYSTEM);
    await test.store.deleteUser(bob.id, "apply", SYSTEM);
    for (const { browser } of [ada, bob]) {
      expect(codeOf(await browser.call("GET", "/api/v1/me"))).toBe("401 unauthenticated");
    }
    // Enabled again, she signs in again: what was open stays closed.
    await test.store.updateUser(ada.id, { isEnabled: true }, "apply", SYSTEM);
    expect(codeOf(await ada.browser.call("GET", "/api/v1/me"))).toBe("401 unauthenticated");
    expect((await ada.browser.signIn(ada.email, PASSWORD)).status).toBe(200);
    expect((await root.browser.call("GET", "/api/v1/me")).status).toBe(200);
  });

  it("ends after a week by Keyward's clock, however much it is used", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const { items } = (await ada.browser.call("GET", "/api/v1/sessions")).body as { items: { expires_at: number }[] };
    test.clock.now = (items[0]?.expires_at ?? 0) - 1;
    expect((await ada.browser.call("GET", "/api/v1/me")).status).toBe(200);
    test.clock.now += 1;
    expect((await ada.browser.call("GET", "/api/v1/me")).status).toBe(401);
  });

  it("A64: does not end sooner, and is not deleted, by a machine whose own clock is a month ahead", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 30 * 24 * 60 * 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await ada.browser.call("GET", "/api/v1/me")).status).toBe(200);
    const elsewhere = browserOf(test);
    await elsewhere.signIn(ada.email, PASSWORD);
    const { items } = (await elsewhere.call("GET", "/api/v1/sessions")).body as { items: { expires_at: number }[] };
    const expiry = test.clock.now + 7 * 24 * 60 * 60_000;
    expect(items.map((session) => session.expires_at)).toEqual([expiry, expiry]);
  });

  it("cannot be made of another one's parts, nor without the gateway's key", async () => {
    const test = await createTestApp();
    const [ada, bob] = [await join(test, "Ada"), await join(test, "Bob")];
    const valueOf = (cookie: string) => decodeURIComponent(cookie.slice("keyward=".length));
    const [token, signature] = valueOf(ada.browser.cookie).split(".");
    const [, others] = valueOf(bob.browser.cookie).split(".");
    test.storeCalls.length = 0;
    for (const value of [
      token,
      `${token}.`,
      `${token}.${others}`,
      `.${signature}`,
      `${token}.${signature}x`,
      "x".repeat(9_000),
    ]) {
      const cookie = `keyward=${encodeURIComponent(value ?? "")}`;
      expect(outcomeOf(await test.send("GET /api/v1/me", { headers: { cookie } }))).toBe("401 unauthenticated");
    }
  });

  it("is listed with where it is, and ends one by one, or all at once", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const bob = await join(test, "Bob");
    const other = browserOf(test, "198.51.100.7");
    await other.signIn(ada.email, PASSWORD);
    const listed = await ada.browser.call("GET", "/api/v1/sessions");
    const items = listed.body["items"] as { id: string; current: boolean; client: string; address: string }[];
    const places = items.map(({ current, client, address }) => `${current} ${client} ${address}`);
    expect(places.toSorted()).toEqual(["false Firefox on Linux 198.51.100.7", "true Firefox on Linux 203.0.113.9"]);
    expect(listed.text).not.toContain("token");

    const others = items.find(({ current }) => !current)?.id ?? "";
    // A12: somebody else's session is answered like one that is not there.
    expect(codeOf(await bob.browser.call("DELETE", `/api/v1/sessions/${others}`))).toBe("404 session_not_found");
    expect((await other.call("GET", "/api/v1/me")).status).toBe(200);
    expect((await ada.browser.call("DELETE", `/api/v1/sessions/${others}`)).status).toBe(204);
    expect((await other.call("GET", "/api/v1/me")).status).toBe(401);
    expect(codeOf(await ada.browser.call("DELETE", `/api/v1/sessions/${others}`))).toBe("404 session_not_found");

    await other.signIn(ada.email, PASSWORD);
    const everywhere = await ada.browser.call("DELETE", "/api/v1/sessions");
    expect([everywhere.status, ada.browser.cookie]).toEqual([204, ""]);
    expect((await other.call("GET", "/api/v1/me")).status).toBe(401);
    expect((await bob.browser.call("GET", "/api/v1/me")).status).toBe(200);
  });

  it("has no sessions to list, and nothing to change of itself, for a key or an admin token", async () => {
    const test = await createTestApp();
    const { json } = await test.send("POST /api/v1/virtual-keys", { as: ADMIN, body: { name: "key" } });
    for (const as of [ADMIN, String(json["key"])]) {
      for (const request of ["GET /api/v1/sessions", "DELETE /api/v1/sessions", "DELETE /api/v1/session"]) {
        expect(outcomeOf(await test.send(request, { as }))).toBe("403 forbidden");
      }
      expect(outcomeOf(await test.send("PATCH /api/v1/me", { as, body: { name: "x" } }))).toBe("403 forbidden");
    }
  });
});

describe("my account", () => {
  it("has a name and a password of my own, and a new password ends every other session", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const other = browserOf(test);
    await other.signIn(ada.email, PASSWORD);
    const wanted = "another good password";
    const answer = await ada.browser.call("PATCH", "/api/v1/me", {
      name: "Ada Lovelace",
      password: { current: PASSWORD, new: wanted },
    });
    expect([answer.status, answer.body["user"]]).toEqual([
      200,
      { id: ada.id, name: "Ada Lovelace", email: ada.email, role: "user" },
    ]);
    expect((await ada.browser.call("GET", "/api/v1/me")).body["user"]).toMatchObject({ name: "Ada Lovelace" });
    expect((await other.call("GET", "/api/v1/me")).status).toBe(401);
    expect(codeOf(await other.signIn(ada.email, PASSWORD))).toBe("401 sign_in_failed");
    expect((await other.signIn(ada.email, wanted)).status).toBe(200);
    expect((await auditOf(test, "user.updated")).map(({ detail }) => detail)).toEqual([
      expect.objectContaining({ changed: ["name"] }),
      { changed: ["password"] },
    ]);
  });

  it("stays as it is when the current password is wrong or the new one is too short", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const change = async (current: string, wanted: string) =>
      codeOf(await ada.browser.call("PATCH", "/api/v1/me", { name: "X", password: { current, new: wanted } }));
    expect(await change("wrong wrong wrong", "another good password")).toBe("401 sign_in_failed");
    expect(await change(PASSWORD, "short")).toBe("400 invalid_password");
    expect((await ada.browser.call("GET", "/api/v1/me")).body["user"]).toMatchObject({ name: "Ada" });
    expect((await browserOf(test).signIn(ada.email, PASSWORD)).status).toBe(200);
  });

  it("of two changes with one old password, one wins", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const answers = await Promise.all(
      ["first new password", "second new password"].map((wanted) =>
        ada.browser.call("PATCH", "/api/v1/me", { password: { current: PASSWORD, new: wanted } }),
      ),
    );
    expect(answers.map(codeOf).toSorted()).toEqual(["200", "401 sign_in_failed"]);
  });
});

describe("an invitation", () => {
  it("says for whom it is, is used up by a password, and signs in", async () => {
    const test = await createTestApp();
    const { token, id } = await invite(test, "Ada");
    const browser = browserOf(test);
    const seen = await browser.call("POST", "/api/v1/invites/view", { token });
    expect(seen.body).toEqual({
      name: "Ada",
      email: "ada@example.com",
      expires_at: test.clock.now + 7 * 24 * 60 * 60_000,
    });
    expect(codeOf(await browser.enter("POST", "/api/v1/invites/accept", { token, password: "short" }))).toBe(
      "400 invalid_password",
    );
    expect((await browser.enter("POST", "/api/v1/invites/accept", { token, password: PASSWORD })).status).toBe(200);
    expect((await browser.call("GET", "/api/v1/me")).body["user"]).toMatchObject({ id, role: "user" });
    for (const path of ["view", "accept"]) {
      const body = path === "view" ? { token } : { token, password: PASSWORD };
      expect(codeOf(await browser.enter("POST", `/api/v1/invites/${path}`, body))).toBe("404 invite_not_found");
    }
    const identity = { mode: "user", id };
    expect(await auditOf(test, "user.joined")).toEqual([
      {
        actor: { kind: "identity", identity },
        outcome: "ok",
        identity,
        address: "203.0.113.9",
        detail: { reason: "invite" },
      },
    ]);
  });

  it("is answered alike when it is unknown, malformed, expired or somebody disabled's", async () => {
    const test = await createTestApp();
    const [expired, disabled] = [await invite(test, "Ada"), await invite(test, "Bob")];
    await test.store.updateUser(disabled.id, { isEnabled: false }, "apply", SYSTEM);
    const other = await createTestApp();
    const unknown = await invite(other, "Eve");
    test.clock.now += 7 * 24 * 60 * 60_000;
    const answers = [];
    for (const token of [expired.token, disabled.token, unknown.token, "kwi_x", ""]) {
      answers.push(await browserOf(test).enter("POST", "/api/v1/invites/view", { token }));
      answers.push(await browserOf(test).enter("POST", "/api/v1/invites/accept", { token, password: PASSWORD }));
    }
    for (const answer of answers) {
      expect([answer.status, answer.text]).toEqual([404, answers[0]?.text]);
    }
  });

  it("is accepted by one of several who have it", async () => {
    const test = await createTestApp();
    const { token } = await invite(test, "Ada");
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        browserOf(test).enter("POST", "/api/v1/invites/accept", { token, password: `${PASSWORD} ${i}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(9);
  });
});

const ADMIN = "admin-token-of-the-test-configuration";

const SYSTEM = {
  requestId: null,
  address: null,
  actor: { kind: "system" },
  action: "user.updated",
  outcome: "ok",
} as const;
