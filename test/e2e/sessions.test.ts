import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { watchMemory } from "../helpers/memory.ts";
import { ask, bearer, beginSession, openRequest, type RawSession, rpcBody } from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../helpers/test-gateway.ts";

/* `Mcp-Session-Id`: what it lets its owner do, and that it lets nobody else do anything. */

const LIST: JsonObject = { jsonrpc: "2.0", id: "list", method: "tools/list", params: {} };
const DAY_MS = 24 * 60 * 60_000;

let scene: Scene;
let clock: TestClock;

async function start(options: TestGatewayOptions = {}): Promise<void> {
  clock = createTestClock();
  scene = await setScene({ gateway: { clock, ...options } });
}

interface Told {
  readonly status: number;
  readonly text: string;
}

/** What a session id is answered with, on each of the three ways. */
async function tell(
  gateway: Pick<TestGateway, "url">,
  headers: Record<string, string>,
  path = "/mcp",
): Promise<Told[]> {
  const answers = [
    await openRequest(gateway, { path, headers, body: LIST }),
    await openRequest(gateway, { method: "GET", path, headers }),
    await openRequest(gateway, { method: "DELETE", path, headers }),
  ];
  return Promise.all(answers.map(async ({ status, ended }) => ({ status, text: await ended })));
}

const NOT_FOUND = { code: -32_001, message: "Session not found" };
const UNKNOWN: readonly Told[] = ["list", null, null].map((id) => ({
  status: 404,
  text: JSON.stringify({ jsonrpc: "2.0", id, error: NOT_FOUND }),
}));

function asking(key: string, id: string): Record<string, string> {
  return { ...bearer(key), "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
}

describe("a session", () => {
  beforeEach(() => start());
  afterEach(() => scene.close());

  it("begins with initialize, and serves its owner with what was declared there", async () => {
    const { alice, gateway } = scene;
    const session = await beginSession(gateway, alice.key, { capabilities: { elicitation: { url: {} } } });
    expect(session.id).toMatch(/^[\x21-\x7e]+$/);
    expect(await session.request("tools/list")).toHaveProperty("result.tools");
    const stream = await session.stream();
    expect(await session.request("tools/call", { name: "notes-whoami" })).toHaveProperty("error.code", -32_042);
    stream.drop();
  });

  it("is begun by nothing else, and not by an initialize that fails", async () => {
    const { alice, gateway } = scene;
    for (const body of [LIST, rpcBody("ping"), rpcBody("initialize", {})]) {
      const answer = await openRequest(gateway, { headers: bearer(alice.key), body });
      await answer.ended;
      expect([answer.status, answer.headers["mcp-session-id"]]).toEqual([200, undefined]);
    }
  });

  it("A42: is unknown to another identity, and a request of nobody is a 401 that says nothing of it", async () => {
    const { alice, gateway, serverId } = scene;
    const bob = await gateway.issueKey("bob");
    await gateway.grant(serverId, alice.id, bob.id);
    const { id } = await beginSession(gateway, alice.key);
    expect(await tell(gateway, asking(bob.key, id))).toEqual(UNKNOWN);

    const nobodies = await tell(gateway, { "mcp-session-id": id });
    expect(nobodies.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(nobodies).toEqual(await tell(gateway, { "mcp-session-id": "made-up" }));
    expect((await ask(gateway, { headers: asking(alice.key, id), body: LIST }))["result"]).toBeDefined();
  });

  it("A42: is unknown on every endpoint but its own", async () => {
    const { alice, gateway, goodValue, serverId, upstream } = scene;
    await gateway.grant(await gateway.register("wiki", upstream.url, goodValue("wiki")), alice.id);
    const at: Record<string, RawSession> = {};
    for (const path of ["/mcp", "/mcp/notes", "/mcp/wiki"]) at[path] = await beginSession(gateway, alice.key, { path });
    for (const [path, { id }] of Object.entries(at)) {
      for (const other of Object.keys(at).filter((candidate) => candidate !== path)) {
        expect(await tell(gateway, asking(alice.key, id), other), `${path} at ${other}`).toEqual(UNKNOWN);
      }
    }
    expect(serverId).not.toBe("");
  });

  it("A42: is unknown when a character of its id is changed, and so is an id that was made up", async () => {
    const { alice, gateway } = scene;
    const { id } = await beginSession(gateway, alice.key);
    const [body = "", mac = ""] = id.split(".");
    const forged = Buffer.from(JSON.stringify({ owner: "x", facts: { id: "ses_x", scope: "/mcp" } })).toString(
      "base64url",
    );
    const wrong = [
      `${id}0`,
      id.slice(0, -1),
      `${body.slice(0, -1)}${body.endsWith("A") ? "B" : "A"}.${mac}`,
      `${body}.${mac.replace(/.$/, (last) => (last === "0" ? "1" : "0"))}`,
      `kwm_${forged}.${mac}`,
      `kwm_${forged}.${"0".repeat(64)}`,
      body,
      "kwm_",
      "0".repeat(36),
      "x".repeat(9_000),
      `${id}, ${id}`,
    ];
    for (const each of wrong) {
      expect(await tell(gateway, asking(alice.key, each)), each.slice(0, 80)).toEqual(UNKNOWN);
    }
  });

  it("A42: is unknown after a day, however busy it was", async () => {
    const { alice, gateway } = scene;
    const session = await beginSession(gateway, alice.key);
    clock.advance(DAY_MS - 60_000);
    expect((await session.request("tools/list"))["result"]).toBeDefined();
    clock.advance(61_000);
    expect(await tell(gateway, session.headers)).toEqual(UNKNOWN);
  });

  it("A42: is unknown after its DELETE, which ends its streams", async () => {
    const { alice, gateway } = scene;
    const session = await beginSession(gateway, alice.key);
    const stream = await session.stream();
    const { status, ended } = await openRequest(gateway, { method: "DELETE", headers: session.headers });
    expect([status, await ended]).toEqual([200, ""]);
    await stream.ended;
    expect(await tell(gateway, session.headers)).toEqual(UNKNOWN);
  });
});

it("a session survives a restart of the gateway", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keyward-sessions-"));
  const first = await startTestGateway({ folder });
  const { key } = await first.issueKey("alice");
  const { headers } = await beginSession(first, key, { capabilities: { elicitation: { url: {} } } });
  await first.close();
  const second = await startTestGateway({ folder });
  expect((await ask(second, { headers, body: LIST }))["result"]).toEqual({ tools: [] });
  const stream = await openRequest(second, { method: "GET", headers });
  expect(stream.status).toBe(200);
  stream.drop();
  await second.close();
  rmSync(folder, { recursive: true });
});

it("A44: 20,000 sessions of one identity cost no memory and nobody else's session", async () => {
  await start({ keepsAnswers: false });
  const { alice, gateway, serverId } = scene;
  const bob = await gateway.issueKey("bob");
  await gateway.grant(serverId, alice.id, bob.id);
  const session = await beginSession(gateway, bob.key);
  const stream = await session.stream();
  await stream.next();

  // Held whole, 20,000 sessions are 40 MB.
  const checkMemory = watchMemory({ everyMs: 5_000, growthMb: 20 });
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const ids = new Set<string>();
  let left = 20_000;
  const flood = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const isKept = left % 1_000 === 0;
      const id = await initialize(gateway, alice.key, agent);
      if (isKept) ids.add(id);
    }
  };
  await Promise.all(Array.from({ length: 20 }, flood));
  agent.destroy();
  checkMemory();

  expect(ids.size).toBe(20);
  // To be forgotten harms no session: the first of them still goes on.
  for (const id of ids) {
    expect((await ask(gateway, { headers: asking(alice.key, id), body: LIST }))["result"]).toBeDefined();
  }
  expect((await session.request("tools/list"))["result"]).toBeDefined();
  await gateway.grant(serverId, alice.id, bob.id);
  expect((await stream.next()).message).toMatchObject({ method: "notifications/tools/list_changed" });
  stream.drop();
  await scene.close();
}, 120_000);

function initialize({ url }: TestGateway, key: string, agent: Agent): Promise<string> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "flood", version: "1" } };
  const headers = { ...bearer(key), "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/mcp`, { method: "POST", agent, headers }, (incoming) => {
      incoming.resume();
      incoming.once("end", () => resolve(String(incoming.headers["mcp-session-id"])));
    });
    outgoing.once("error", reject);
    outgoing.end(JSON.stringify(rpcBody("initialize", params)));
  });
}
