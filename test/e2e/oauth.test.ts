import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSite, type Site } from "../oauth/site.ts";
import { CLIENT_KINDS, type ClientKind } from "../helpers/mcp-clients.ts";
import { OauthApp, openWindow, type Window } from "../helpers/oauth-app.ts";
import { join, type Person } from "../helpers/people.ts";
import { linkIn } from "../helpers/person.ts";
import { beginSession, type OpenAnswer } from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";
import { textIn, type TestGatewayOptions } from "../helpers/test-gateway.ts";

/* An MCP client that is given a URL and nothing else: the official SDKs against the whole product. */

let scene: Scene;
let clock: TestClock;
let ada: Person;
const windows: Window[] = [];
const streams: OpenAnswer[] = [];

async function begin(options: TestGatewayOptions = {}): Promise<void> {
  clock = createTestClock();
  scene = await setScene({ gateway: { clock, ...options } });
  await scene.gateway.admin("PATCH", `/api/v1/servers/${scene.serverId}`, { allow_all_identities: true });
  ada = await join(scene.gateway, "Ada");
}

afterEach(async () => {
  streams.splice(0).forEach((stream) => stream.drop());
  await Promise.all(windows.splice(0).map((window) => window.close().catch(() => {})));
  await scene.close();
});

function windowOf(kind: ClientKind, app: OauthApp, path = "/mcp"): Window {
  const window = openWindow(kind, scene.gateway.url + path, app);
  windows.push(window);
  return window;
}

function locationOf({ headers }: { readonly headers: Headers }): URL {
  return new URL(headers.get("location") ?? "", scene.gateway.url);
}

/** What the person's browser does with the URL that an app has opened, up to the way back to the app. */
async function allow({ browser }: Person, url: URL | null): Promise<URL> {
  const asked = locationOf(await browser.call("GET", (url?.pathname ?? "") + (url?.search ?? "")));
  const uid = /^\/consent\/(.+)$/.exec(asked.pathname)?.[1] ?? "";
  const answer = await browser.call("POST", `/api/v1/oauth/consent/${uid}`, { decision: "allow" });
  expect([asked.pathname, answer.status]).toEqual([expect.stringMatching(/^\/consent\//), 200]);
  const resume = new URL(textIn(answer.body, "redirect_to"));
  return locationOf(await browser.call("GET", resume.pathname));
}

/** From the URL alone to a connected client. */
async function connect(kind: ClientKind, app: OauthApp, person = ada, path = "/mcp"): Promise<Window> {
  const window = windowOf(kind, app, path);
  app.sentTo = null;
  await expect(window.connect()).rejects.toThrow(/unauthorized/i);
  await window.finish(await allow(person, app.sentTo));
  const again = windowOf(kind, app, path);
  await again.connect();
  return again;
}

async function appsOf({ browser }: Person): Promise<readonly { id: string; last_used_at: number | null }[]> {
  return (await browser.call("GET", "/api/v1/apps")).body["items"] as never;
}

async function disconnect(person: Person): Promise<void> {
  for (const { id } of await appsOf(person)) {
    expect((await person.browser.call("DELETE", `/api/v1/apps/${id}`)).status).toBe(204);
  }
}

describe.each(CLIENT_KINDS)("%s, given a URL alone", (kind) => {
  beforeEach(() => begin());

  it("connects as the person who allowed it, calls, and gets that person's own link", async () => {
    const app = new OauthApp();
    const window = await connect(kind, app);
    expect(app.sentTo?.searchParams.get("resource")).toBe(`${scene.gateway.url}/mcp`);
    expect(await window.listTools()).toContain("notes-whoami");
    const { flowId } = linkIn(await window.callTool("notes-whoami"));
    const put = await ada.browser.call("PUT", `/api/v1/flows/${flowId}`, {
      headers: { "X-API-Key": scene.goodValue("ada") },
    });
    expect([put.status, put.text]).toEqual([200, expect.stringContaining("credential_id")]);
    expect(await window.callTool("notes-whoami")).not.toContain("/connect/");
    expect(await appsOf(ada)).toMatchObject([
      { client: { name: "Test app", host: null }, user: { id: ada.id }, scopes: ["mcp"] },
    ]);
  });

  it("connects to one server by its own URL", async () => {
    const app = new OauthApp();
    const window = await connect(kind, app, ada, "/mcp/notes");
    expect(app.sentTo?.searchParams.get("resource")).toBe(`${scene.gateway.url}/mcp/notes`);
    expect(linkIn(await window.callTool("whoami")).flowId).toMatch(/^flow_/);
  });

  it("goes on when its token has run out, also in two windows at once", async () => {
    const app = new OauthApp();
    const first = await connect(kind, app);
    const second = windowOf(kind, app);
    await second.connect();
    const { tokens } = app.kept;
    clock.advance(600_000);
    await Promise.all([first.callTool("notes-whoami"), second.callTool("notes-whoami")]);
    expect(app.kept.tokens?.access_token).not.toBe(tokens?.access_token);
    clock.advance(600_000);
    await Promise.all([second.callTool("notes-whoami"), first.callTool("notes-whoami")]);
    expect(await appsOf(ada)).toHaveLength(1);
  });

  it("is asked to authorize again at once when the app is disconnected, and cannot refresh", async () => {
    const app = new OauthApp();
    const window = await connect(kind, app);
    await window.callTool("notes-whoami");
    await disconnect(ada);
    app.sentTo = null;
    await expect(window.callTool("notes-whoami")).rejects.toThrow(/unauthorized/i);
    expect(app.sentTo).not.toBeNull();
    expect(app.kept.tokens).toBeUndefined();
    expect(await appsOf(ada)).toEqual([]);
  });
});

describe("an app that acts for a person", () => {
  beforeEach(() => begin());

  it("P8: loses the gateway with the person, at once, and gets it back with them", async () => {
    const app = new OauthApp();
    const window = await connect("SDK v1", app);
    const set = (enabled: boolean) => scene.gateway.admin("PATCH", `/api/v1/users/${ada.id}`, { enabled });
    const token = app.kept.tokens?.access_token ?? "";
    const ping = () =>
      scene.gateway.call(
        "POST",
        "/mcp",
        { authorization: `Bearer ${token}` },
        { jsonrpc: "2.0", id: 1, method: "ping" },
      );
    expect((await ping()).status).toBe(200);
    expect((await set(false)).status).toBe(200);
    const refused = await ping();
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      401,
      `Bearer resource_metadata="${scene.gateway.url}/.well-known/oauth-protected-resource/mcp", scope="mcp", error="invalid_token"`,
    ]);
    await set(true);
    expect((await ping()).status).toBe(200);
    expect((await scene.gateway.admin("DELETE", `/api/v1/users/${ada.id}`)).status).toBeLessThan(300);
    expect((await ping()).status).toBe(401);
    await expect(window.callTool("notes-whoami")).rejects.toThrow(/unauthorized/i);
  });

  it("P8: keeps its stream when its token runs out, and loses it with its grant or its person", async () => {
    const openStream = async (app: OauthApp): Promise<OpenAnswer> => {
      const session = await beginSession(scene.gateway, app.kept.tokens?.access_token ?? "");
      const stream = await session.stream();
      streams.push(stream);
      await stream.next();
      return stream;
    };
    const isOpen = async (stream: OpenAnswer): Promise<boolean> => {
      const timeout = new Promise((resolve) => {
        setTimeout(resolve, 200, "open");
      });
      return (await Promise.race([stream.ended, timeout])) === "open";
    };
    const app = new OauthApp();
    await connect("SDK v1", app);
    const stream = await openStream(app);
    clock.advance(600_000);
    expect(await isOpen(stream)).toBe(true);
    await disconnect(ada);
    await stream.ended;

    const again = new OauthApp();
    await connect("SDK v1", again);
    const other = await openStream(again);
    await scene.gateway.admin("PATCH", `/api/v1/users/${ada.id}`, { enabled: false });
    await other.ended;
  });

  it("opens nothing but the MCP endpoint: its token is none for the REST API", async () => {
    const app = new OauthApp();
    await connect("SDK v1", app);
    const { access_token: access, refresh_token: refresh = "" } = app.kept.tokens ?? { access_token: "" };
    for (const token of [access, refresh]) {
      for (const path of ["/api/v1/me", "/api/v1/servers", "/api/v1/apps", "/api/v1/settings"]) {
        const { status } = await scene.gateway.call("GET", path, { authorization: `Bearer ${token}` });
        expect([path, status]).toEqual([path, 401]);
      }
    }
    const refused = await scene.gateway.call("POST", "/mcp", { authorization: `Bearer ${refresh}` }, {});
    expect(refused.status).toBe(401);
  });

  it("trap 7: leaves nothing behind that has run out: it is swept with the rest", async () => {
    await connect("SDK v1", new OauthApp());
    const { store } = scene.gateway.running;
    const count = () => store.countSweepableOauthRecords({ unusedClientMs: Infinity });
    clock.advance(10 * 60_000);
    expect(await count()).toBeGreaterThan(0);
    clock.advance(5 * 60_000);
    await expect.poll(count).toBe(0);
    expect(await appsOf(ada)).toHaveLength(1);
  });

  it("A43: shows each person what that person may use, whoever uses the app before", async () => {
    const bob = await join(scene.gateway, "Bob");
    const only = [{ auth_mode: "user", identity: bob.id }];
    await scene.gateway.admin("PATCH", `/api/v1/servers/${scene.serverId}`, { allow_all_identities: false });
    expect(
      (await scene.gateway.admin("PUT", `/api/v1/servers/${scene.serverId}/grants`, { grants: only })).status,
    ).toBe(200);
    const app = new OauthApp();
    const asAda = await connect("SDK v1", app);
    const mine = { ...app.kept };
    app.invalidateCredentials("tokens");
    const asBob = await connect("SDK v1", app, bob);
    expect(await asBob.listTools()).toContain("notes-whoami");
    Object.assign(app.kept, mine);
    expect(await asAda.listTools()).toEqual([]);
  });
});

describe("an app with a metadata document", () => {
  let site: Site;

  afterEach(() => site.close());

  it.each(["SDK v1", "SDK v2 modern"] as const)("%s is known by it, and registers nothing", async (kind) => {
    site = await openSite("app.example");
    await begin({ documents: { resolve: site.resolve, allowPrivate: ["127.0.0.1"] } });
    const documentUrl = `https://app.example:${site.port}/client.json`;
    const app = new OauthApp({ documentUrl });
    site.publish("/client.json", { ...app.clientMetadata, client_id: documentUrl });
    const window = await connect(kind, app);
    expect(await window.listTools()).toContain("notes-whoami");
    expect(app.sentTo?.searchParams.get("client_id")).toBe(documentUrl);
    expect(await appsOf(ada)).toMatchObject([{ client: { name: "Test app", host: `app.example:${site.port}` } }]);
    expect(site.paths).toEqual(["/client.json"]);
  });
});
