import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { fingerprint } from "../fixtures/header-upstream.ts";
import { engineOf, isOnPostgres } from "../helpers/engine.ts";
import { canaryValue } from "../helpers/canary.ts";
import { type HalfOpenProxy, startHalfOpenProxy } from "../helpers/half-open-proxy.ts";
import { browserAt, join, PASSWORD } from "../helpers/people.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { ask, beginSession, messageOf, modernRequest, openRequest } from "../helpers/raw-mcp.ts";
import { callTool } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";
import { type ApiAnswer, startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

/* Two gateways on one database: what is done through one counts on the other. */

const HOLD_MS = 50_000;

let scene: Scene;
let other: TestGateway;
let clock: TestClock;

beforeEach(async () => {
  clock = createTestClock();
  scene = await setScene({ gateway: { clock } });
  other = await startTestGateway({ folder: scene.gateway.folder });
});
afterEach(async () => {
  await other.close();
  await scene.close();
});

async function databaseUrlOf(folder: string): Promise<string> {
  return (await engineOf(folder)).envWith({})["KEYWARD_DATABASE_URL"] ?? "";
}

function callHere() {
  return callTool(scene.gateway, scene.alice.key, "notes-whoami");
}

describe("through one gateway", () => {
  it("A52: a revoke counts for the next call on the other", async () => {
    const id = await scene.connect(scene.alice.key, scene.goodValue("alice"));
    expect((await callHere()).result.isError ?? false).toBe(false);
    expect((await other.admin("DELETE", `/api/v1/credentials/${id}`)).status).toBe(204);
    const sent = scene.upstream.received.length;
    expect((await callHere()).text).toContain("/connect/");
    expect(scene.upstream.received.slice(sent).filter(({ method }) => method === "tools/call")).toEqual([]);
  });

  it("A54: an edit of a server counts for the next call on the other", async () => {
    await scene.connect(scene.alice.key, scene.goodValue("alice"));
    expect((await callHere()).result.isError ?? false).toBe(false);
    const header_schema = [{ name: "X-API-Key" }, { name: "X-Tenant" }];
    expect((await other.admin("PATCH", `/api/v1/servers/${scene.serverId}`, { header_schema })).status).toBe(200);
    expect((await callHere()).text).toContain("/connect/");
  });

  it("A53: access that is taken away and given back counts for the next call on the other", async () => {
    await scene.connect(scene.alice.key, scene.goodValue("alice"));
    await other.grant(scene.serverId);
    expect((await callHere()).body["error"]).toBeDefined();
    await other.grant(scene.serverId, scene.alice.id);
    expect((await callHere()).result.isError ?? false).toBe(false);
  });

  it("a key that is disabled is none on the other", async () => {
    expect((await other.admin("PATCH", `/api/v1/virtual-keys/${scene.alice.id}`, { enabled: false })).status).toBe(200);
    expect((await callHere()).status).toBe(401);
  });
});

/** Does the same as often as it is asked to, at one gateway and the other in turn. @returns what came of each */
async function inTurn<T>(times: number, act: (gateway: TestGateway) => Promise<T>): Promise<T[]> {
  const outcomes: T[] = [];
  for (let i = 0; i < times; i += 1) {
    outcomes.push(await act(i % 2 === 0 ? scene.gateway : other));
  }
  return outcomes;
}

/** An answer in two words. */
function outcomeOf(answer: Pick<ApiAnswer, "status" | "body">): string {
  const error = answer.body["error"] as { readonly code?: string } | undefined;
  return error?.code === undefined ? String(answer.status) : `${answer.status} ${error.code}`;
}

describe("what may be done so often is counted for both gateways together", () => {
  it("P16: guesses at a password, which are refused at both from the eleventh on, the right one too", async () => {
    const ada = await join(scene.gateway, "Ada");
    const guess = async (gateway: TestGateway, password: string) =>
      outcomeOf(await browserAt(gateway).signIn(ada.email, password));
    const wrong = await inTurn(10, (gateway) => guess(gateway, "wrong wrong wrong"));
    expect(new Set(wrong)).toEqual(new Set(["401 sign_in_failed"]));
    expect(await inTurn(4, (gateway) => guess(gateway, PASSWORD))).toEqual(Array(4).fill("429 rate_limited"));
    // Nor does the session that is open give more of them.
    const change = { password: { current: PASSWORD, new: "another good password" } };
    expect(outcomeOf(await ada.browser.call("PATCH", "/api/v1/me", change))).toBe("429 rate_limited");
    clock.advance(15 * 60_000);
    expect(await guess(scene.gateway, PASSWORD)).toBe("200");
  });

  it("P16: of guesses that are made at both at once, exactly as many are judged as at one", async () => {
    const ada = await join(scene.gateway, "Ada");
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, async (_, i) =>
        outcomeOf(await browserAt(i % 2 === 0 ? scene.gateway : other).signIn(ada.email, "wrong wrong wrong")),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "401 sign_in_failed")).toHaveLength(10);
    expect(outcomes.filter((outcome) => outcome === "429 rate_limited")).toHaveLength(6);
  });

  it("P16: guesses from one address, of whatever kind", async () => {
    const view = async (gateway: TestGateway) =>
      outcomeOf(await gateway.call("POST", "/api/v1/invites/view", {}, { token: "kwi_x" }));
    const guesses = await inTurn(60, view);
    expect(new Set(guesses)).toEqual(new Set(["404 invite_not_found"]));
    expect(await inTurn(2, view)).toEqual(["429 rate_limited", "429 rate_limited"]);
    const signIn = await browserAt(other).signIn("ada@example.com", PASSWORD);
    expect(outcomeOf(signIn)).toBe("429 rate_limited");
  });

  it("A16: links of an identity to a server, while the form that is open goes on working at both", async () => {
    const { alice } = scene;
    const calls = await inTurn(14, (gateway) => callTool(gateway, alice.key, "notes-whoami"));
    expect(calls.map(({ text }) => text.includes("/connect/"))).toEqual([
      ...Array<boolean>(10).fill(true),
      ...Array<boolean>(4).fill(false),
    ]);
    const { flowId } = linkIn(calls[0]?.text ?? "");
    const form = { "X-API-Key": scene.goodValue("alice") };
    expect((await submit(other, flowId, keyProof(alice.key), form)).status).toBe(200);
    clock.advance(60_000);
    expect((await callHere()).result.isError ?? false).toBe(false);
  });

  it("A02: wrong keys for a link, and values for it that the server refuses", async () => {
    const { alice } = scene;
    const form = { "X-API-Key": scene.goodValue("alice") };
    const stranger = await scene.gateway.issueKey("stranger");
    const locked = await scene.askForLink(alice.key);
    await inTurn(10, (gateway) => submit(gateway, locked.flowId, keyProof(stranger.key), form));
    expect(
      await inTurn(2, async (gateway) => (await submit(gateway, locked.flowId, keyProof(alice.key), form)).status),
    ).toEqual([404, 404]);

    const spent = await scene.askForLink(alice.key);
    const wrong = { "X-API-Key": canaryValue("wrong") };
    const refused = await inTurn(6, (gateway) => submit(gateway, spent.flowId, keyProof(alice.key), wrong));
    expect(refused.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422, 404]);
  });
});

describe("a session of the dashboard", () => {
  it("counts on both gateways, ends on both a week later, and is swept then", async () => {
    const ada = await join(scene.gateway, "Ada");
    const headers = { cookie: ada.browser.cookie };
    const visits = () => inTurn(2, async (gateway) => (await gateway.call("GET", "/api/v1/me", headers)).status);
    expect(await visits()).toEqual([200, 200]);
    expect(await scene.gateway.running.store.sweepSessions(500)).toBe(0);
    clock.advance(7 * 24 * 60 * 60_000);
    expect((await scene.gateway.call("GET", "/api/v1/me", headers)).status).toBe(401);
    // By the sweep that has become due, or by this one.
    await scene.gateway.running.store.sweepSessions(500);
    expect(await (await engineOf(scene.gateway.folder)).query("select id from user_sessions")).toEqual([]);
    expect(await visits()).toEqual([401, 401]);
  });

  it.runIf(isOnPostgres)("A64: lives and ends by the database's clock, whatever a gateway's own says", async () => {
    const ada = await join(other, "Ada");
    const fast = await startTestGateway({ folder: scene.gateway.folder, skewMs: 30 * 24 * 60 * 60_000 });
    onTestFinished(() => fast.close());
    const headers = { cookie: ada.browser.cookie };
    expect((await fast.call("GET", "/api/v1/me", headers)).status).toBe(200);
    const browser = browserAt(fast);
    await browser.signIn(ada.email, PASSWORD);
    const { items } = (await browser.call("GET", "/api/v1/sessions")).body as { items: { expires_at: number }[] };
    const [newest = 0, oldest = 0] = items.map((session) => session.expires_at);
    // Both were made on one day, as the database sees it.
    expect([items.length, Math.abs(newest - oldest) < 24 * 60 * 60_000]).toEqual([2, true]);
  });
});

/** Asks the gateway for a link, as a client that opens URLs itself, and comes back with its call, which is held then. */
async function holdCall(gateway: TestGateway, key: string) {
  const params = { name: "notes-whoami", arguments: {} };
  const capabilities = { elicitation: { url: {} } };
  const asked = await ask(gateway, modernRequest(key, "tools/call", params, { capabilities }));
  const { inputRequests, requestState } = asked["result"] as {
    inputRequests: Record<string, { params: { url: string } }>;
    requestState: string;
  };
  const again = { ...params, requestState, inputResponses: { notes: { action: "accept" } } };
  const held = openRequest(gateway, modernRequest(key, "tools/call", again, { capabilities }));
  return { held, flowId: linkIn(inputRequests["notes"]?.params.url ?? "").flowId };
}

describe("a gateway that no hint reaches", () => {
  let deaf: TestGateway;
  let deafClock: TestClock;
  let proxy: HalfOpenProxy | null;

  beforeEach(async () => {
    deafClock = createTestClock();
    const { folder } = scene.gateway;
    // Gateways on one SQLite file have no hints at all.
    proxy = isOnPostgres ? await startHalfOpenProxy(await databaseUrlOf(folder)) : null;
    proxy?.become({ kind: "deaf", after: "listen keyward" });
    const env = proxy === null ? {} : { KEYWARD_DATABASE_URL: proxy.url };
    deaf = await startTestGateway({ folder, clock: deafClock, env });
  });
  afterEach(async () => {
    await deaf.close();
    await proxy?.close();
  });

  it("goes on with a call that it holds within seconds of the form's submission to the other", async () => {
    const { alice } = scene;
    const { held, flowId } = await holdCall(deaf, alice.key);
    await deafClock.waitsFor(HOLD_MS);
    const form = { "X-API-Key": scene.goodValue("alice") };
    expect((await submit(scene.gateway, flowId, keyProof(alice.key), form)).status).toBe(200);
    // No time is put forward: the 50 s of the hold do not pass.
    expect(await messageOf(await held)).toMatchObject({
      result: { content: expect.arrayContaining([{ type: "text", text: fingerprint(form["X-API-Key"]) }]) },
    });
    expect(deaf.log()).not.toContain("stored_elsewhere");
  });

  it("tells a session on its stream that the link has done its work", async () => {
    const { alice } = scene;
    const session = await beginSession(deaf, alice.key, { capabilities: { elicitation: { url: {} } } });
    const stream = await session.stream();
    await stream.next();
    const call = { name: "notes-whoami", arguments: {} };
    const { error } = (await session.request("tools/call", call)) as unknown as { error: { message: string } };
    const { flowId } = linkIn(error.message);
    const form = { "X-API-Key": scene.goodValue("alice") };
    expect((await submit(scene.gateway, flowId, keyProof(alice.key), form)).status).toBe(200);
    const heard: unknown[] = [];
    while (!heard.includes("notifications/elicitation/complete")) {
      heard.push((await stream.next()).message?.["method"]);
    }
    expect(deaf.log()).not.toContain("stored_elsewhere");
    stream.drop();
  });
});

describe.runIf(isOnPostgres)("on PostgreSQL", () => {
  it("a call that one gateway holds goes on when the form is submitted to the other", async () => {
    const { gateway, alice } = scene;
    const { held, flowId } = await holdCall(gateway, alice.key);
    await clock.waitsFor(HOLD_MS);
    const form = { "X-API-Key": scene.goodValue("alice") };
    expect((await submit(other, flowId, keyProof(alice.key), form)).status).toBe(200);
    expect(await messageOf(await held)).toMatchObject({
      result: { content: expect.arrayContaining([{ type: "text", text: fingerprint(form["X-API-Key"]) }]) },
    });
  });

  it("A62: without its database a gateway asks nobody for a key, says that it cannot know, and comes back", async () => {
    const { alice, gateway } = scene;
    await scene.connect(alice.key, scene.goodValue("alice"));
    const proxy = await startHalfOpenProxy(await databaseUrlOf(gateway.folder));
    const cut = await startTestGateway({ folder: gateway.folder, env: { KEYWARD_DATABASE_URL: proxy.url } });
    onTestFinished(async () => {
      await cut.close();
      await proxy.close();
    });
    const call = () => callTool(cut, alice.key, "notes-whoami");
    expect((await call()).result.isError ?? false).toBe(false);

    proxy.become({ kind: "blackhole" });
    const sent = scene.upstream.received.length;
    const outage = await call();
    expect([outage.status, JSON.stringify(outage.body)]).toEqual([
      503,
      expect.stringContaining("credential_store_unavailable"),
    ]);
    expect(JSON.stringify(outage.body)).not.toContain("/connect/");
    expect(scene.upstream.received.length).toBe(sent);
    expect((await cut.call("GET", "/readyz")).status).toBe(503);
    expect((await cut.call("GET", "/healthz")).status).toBe(200);

    proxy.heal();
    await expect.poll(async () => (await cut.call("GET", "/readyz")).status, { timeout: 10_000 }).toBe(200);
    expect((await call()).result.isError ?? false).toBe(false);
  });
});
