import { describe, expect, it } from "vitest";
import { NO_ORIGIN } from "../../src/core/audit.ts";
import { createConnectedApps } from "../../src/core/connected-apps.ts";
import { KeywardError } from "../../src/core/errors.ts";
import type { Consents } from "../../src/http/oauth/consents.ts";
import { browserOf, join, type Person } from "./people.ts";
import { ADMIN_TOKEN, createTestApp, outcomeOf, type Answer, type TestApp } from "./test-app.ts";

let serial = 0;

/** Lets an app act for somebody, as a consent does. @returns its id */
async function connectApp(test: TestApp, { id: userId }: Person, clientHost: string | null = null): Promise<string> {
  serial += 1;
  const id = `app_${serial}`;
  await test.store.authorizeApp(
    {
      id,
      model: "Grant",
      grantId: null,
      userId,
      clientId: "client_1",
      clientName: `App ${serial}`,
      clientHost,
      resource: null,
      scope: "mcp",
      sealed: { keyId: "dk_1", envelope: Uint8Array.of(1) },
      ttlMs: 86_400_000,
    },
    { ...NO_ORIGIN, actor: { kind: "system" }, action: "app.authorized", outcome: "ok" },
  );
  return id;
}

function codeOf(answer: { readonly status: number; readonly body: object }): string {
  return outcomeOf({ ...answer, json: answer.body } as unknown as Answer);
}

function idsIn(answer: { readonly body: object }): string[] {
  return (answer.body as { items: { id: string }[] }).items.map(({ id }) => id);
}

describe("connected apps", () => {
  it("are listed with who vouches for them, to the person whom they act for", async () => {
    const test = await createTestApp();
    const [ada, bob] = [await join(test, "Ada"), await join(test, "Bob")];
    const known = await connectApp(test, ada, "app.example");
    const self = await connectApp(test, ada);
    await connectApp(test, bob);
    const { status, body } = await ada.browser.call("GET", "/api/v1/apps");
    expect(status).toBe(200);
    expect(idsIn({ body }).toSorted()).toEqual([known, self].toSorted());
    expect((body["items"] as { id: string }[]).find(({ id }) => id === known)).toEqual({
      id: known,
      client: { name: expect.stringMatching(/^App \d+$/), host: "app.example" },
      user: { id: ada.id, name: "Ada" },
      scopes: ["mcp"],
      created_at: test.clock.now,
      last_used_at: null,
    });
    const page = await ada.browser.call("GET", "/api/v1/apps?limit=1");
    const next = await ada.browser.call("GET", `/api/v1/apps?limit=1&cursor=${page.body["next_cursor"] as string}`);
    expect([...idsIn(page), ...idsIn(next)].toSorted()).toEqual([known, self].toSorted());
    expect(next.body["next_cursor"]).toBeNull();
  });

  it("are all listed to an administrator who asks for all, and to nobody else", async () => {
    const test = await createTestApp();
    const [ada, root] = [await join(test, "Ada"), await join(test, "Root", "admin")];
    const id = await connectApp(test, ada);
    expect(idsIn(await root.browser.call("GET", "/api/v1/apps"))).toEqual([]);
    expect(idsIn(await root.browser.call("GET", "/api/v1/apps?all=true"))).toEqual([id]);
    expect(codeOf(await ada.browser.call("GET", "/api/v1/apps?all=true"))).toBe("403 forbidden");
    expect((await test.send("GET /api/v1/apps", { as: ADMIN_TOKEN })).json["items"]).toEqual([]);
    expect((await test.send("GET /api/v1/apps?all=true", { as: ADMIN_TOKEN })).json["items"]).toHaveLength(1);
  });

  it("A12: are disconnected by their person or an administrator; others find nothing", async () => {
    let reviews = 0;
    const test = await createTestApp({
      connectedApps: (store) => createConnectedApps({ store, connections: { review: () => void (reviews += 1) } }),
    });
    const [ada, bob, root] = [await join(test, "Ada"), await join(test, "Bob"), await join(test, "Root", "admin")];
    const [first, second, third] = [
      await connectApp(test, ada),
      await connectApp(test, ada),
      await connectApp(test, ada),
    ];
    expect(codeOf(await bob.browser.call("DELETE", `/api/v1/apps/${first}`))).toBe("404 app_not_found");
    expect(codeOf(await bob.browser.call("DELETE", "/api/v1/apps/app_unknown"))).toBe("404 app_not_found");
    expect(reviews).toBe(0);
    expect((await ada.browser.call("DELETE", `/api/v1/apps/${first}`)).status).toBe(204);
    expect(codeOf(await ada.browser.call("DELETE", `/api/v1/apps/${first}`))).toBe("404 app_not_found");
    expect((await root.browser.call("DELETE", `/api/v1/apps/${second}`)).status).toBe(204);
    expect((await test.send(`DELETE /api/v1/apps/${third}`, { as: ADMIN_TOKEN })).status).toBe(204);
    expect(reviews).toBe(3);
    const { items } = await test.store.listAudit({ action: "app.revoked" }, {});
    expect(items.map(({ actor, identity, address }) => ({ actor, identity, address })).toReversed()).toMatchObject([
      { actor: { kind: "identity", identity: { mode: "user", id: ada.id } }, identity: { id: ada.id } },
      { actor: { kind: "admin", id: root.id }, identity: { id: ada.id } },
      { actor: { kind: "admin" }, identity: { id: ada.id }, address: "203.0.113.9" },
    ]);
  });

  it("A47: are no affair of a program with a key, nor of nobody, nor of another site", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const id = await connectApp(test, ada);
    const { json } = await test.send("POST /api/v1/virtual-keys", { as: ADMIN_TOKEN, body: { name: "key" } });
    for (const request of ["GET /api/v1/apps", `DELETE /api/v1/apps/${id}`]) {
      expect(outcomeOf(await test.send(request, { as: String(json["key"]) }))).toBe("403 forbidden");
      expect(outcomeOf(await test.send(request))).toBe("401 unauthenticated");
    }
    const headers = { cookie: ada.browser.cookie, "sec-fetch-site": "same-origin" };
    expect(outcomeOf(await test.send(`DELETE /api/v1/apps/${id}`, { headers }))).toBe("403 csrf_failed");
    expect(await test.store.isAppLive(id)).toBe(true);
  });
});

describe("the question of a client", () => {
  const answered: unknown[] = [];
  const consents: Consents = {
    async find(uid, { user }) {
      if (uid !== "u1") throw new KeywardError("consent_not_found");
      const client = { name: "App", host: null, redirectHost: "127.0.0.1:1" };
      return { client, scopes: ["mcp"], user };
    },
    async answer(uid, decision, { user, sessionId }, origin) {
      answered.push([uid, decision, user.email, sessionId, origin.address]);
      return new URL(`http://127.0.0.1:4180/oauth/authorize/${uid}`);
    },
  };

  it("is shown to and answered by somebody who is signed in", async () => {
    const test = await createTestApp({ parts: { consents } });
    const ada = await join(test, "Ada");
    const question = await ada.browser.call("GET", "/api/v1/oauth/consent/u1");
    expect([question.status, question.body]).toEqual([
      200,
      {
        client: { name: "App", host: null, verified: false, redirect_host: "127.0.0.1:1" },
        scopes: ["mcp"],
        user: { id: ada.id, name: "Ada", email: "ada@example.com" },
      },
    ]);
    const answer = await ada.browser.call("POST", "/api/v1/oauth/consent/u1", { decision: "allow" });
    expect([answer.status, answer.body]).toEqual([200, { redirect_to: "http://127.0.0.1:4180/oauth/authorize/u1" }]);
    expect(answered).toEqual([["u1", "allow", "ada@example.com", expect.any(String), "203.0.113.9"]]);
    expect(codeOf(await ada.browser.call("GET", "/api/v1/oauth/consent/u2"))).toBe("404 consent_not_found");
  });

  it("A17: is answered by no one else, and not from another site", async () => {
    answered.length = 0;
    const test = await createTestApp({ parts: { consents } });
    const ada = await join(test, "Ada");
    const path = "/api/v1/oauth/consent/u1";
    const body = { decision: "allow" };
    expect(codeOf(await browserOf(test).call("POST", path, body))).toBe("401 unauthenticated");
    expect(outcomeOf(await test.send(`POST ${path}`, { as: ADMIN_TOKEN, body }))).toBe("403 forbidden");
    for (const headers of [
      { cookie: ada.browser.cookie },
      { cookie: ada.browser.cookie, "sec-fetch-site": "same-origin" },
      { cookie: ada.browser.cookie, "keyward-csrf": ada.browser.csrf ?? "" },
      { cookie: ada.browser.cookie, "keyward-csrf": ada.browser.csrf ?? "", "sec-fetch-site": "cross-site" },
    ]) {
      expect(outcomeOf(await test.send(`POST ${path}`, { headers, body }))).toMatch(
        /^403 (?:csrf_failed|foreign_origin)$/,
      );
    }
    for (const wrong of [{}, { decision: "yes" }, { decision: "allow", user: "usr_1" }]) {
      expect(codeOf(await ada.browser.call("POST", path, wrong))).toBe("400 invalid_request");
    }
    expect(answered).toEqual([]);
  });

  it("is none where OAuth is off", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    expect(codeOf(await ada.browser.call("GET", "/api/v1/oauth/consent/u1"))).toBe("404 consent_not_found");
  });
});
