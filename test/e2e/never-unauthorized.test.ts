import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { bearer, beginSession, messageOf, modernRequest, openRequest, rpcBody } from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";

/*
 * A key of an upstream that is missing or refused is never a 401 or 403 to the client, which would take it for its own
 * (mcp: a client asks its person to log in to the gateway again).
 */

const OPENS_URLS = { elicitation: { url: {} } };
const CONTENT = {
  prompts: [{ name: "greet" }],
  resources: [{ name: "readme", uri: "file:///readme" }],
  resourceTemplates: [],
};

/** Every request that goes on to a server, as it is on `/mcp/<server>`. */
const REQUESTS: readonly [string, JsonObject][] = [
  ["tools/call", { name: "whoami" }],
  ["prompts/get", { name: "greet" }],
  ["resources/read", { uri: "file:///readme" }],
  ["completion/complete", { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "a", value: "b" } }],
  ["logging/setLevel", { level: "info" }],
  ["resources/subscribe", { uri: "file:///readme" }],
  ["resources/unsubscribe", { uri: "file:///readme" }],
  ["tools/list", {}],
  ["prompts/list", {}],
  ["resources/list", {}],
  ["resources/templates/list", {}],
  ["tasks/get", { taskId: "t" }],
  ["acme/unknown", {}],
];

let scene: Scene;
let clock: TestClock;

beforeEach(async () => {
  clock = createTestClock();
  scene = await setScene({ gateway: { clock }, upstream: { content: CONTENT } });
});

afterEach(() => scene.close());

/** The same request on `/mcp`, where names and URIs begin with the server's. */
function onAll([method, params]: readonly [string, JsonObject]): readonly [string, JsonObject] {
  const { name, uri, ref } = params;
  return [
    method,
    {
      ...params,
      ...(typeof name === "string" ? { name: `notes-${name}` } : {}),
      ...(typeof uri === "string" ? { uri: `notes+${uri}` } : {}),
      ...(ref === undefined ? {} : { ref: { type: "ref/prompt", name: "notes-greet" } }),
    },
  ];
}

interface Seen {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly message: JsonObject;
}

const WAYS: Readonly<Record<string, (path: string, method: string, params: JsonObject) => Promise<Seen>>> = {
  "a legacy client without a session": (path, method, params) =>
    see({ path, headers: bearer(scene.alice.key), body: rpcBody(method, params) }),
  "a 2025-11-25 session that opens URLs": async (path, method, params) => {
    const session = await beginSession(scene.gateway, scene.alice.key, { path, capabilities: OPENS_URLS });
    const stream = await session.stream();
    const seen = await see({ path, headers: session.headers, body: rpcBody(method, params) });
    stream.drop();
    return seen;
  },
  "a modern client": (path, method, params) => see(modernRequest(scene.alice.key, method, params, { path })),
  "a modern client that opens URLs": (path, method, params) =>
    see(modernRequest(scene.alice.key, method, params, { path, capabilities: OPENS_URLS })),
};

async function see(sent: Parameters<typeof openRequest>[1]): Promise<Seen> {
  const answer = await openRequest(scene.gateway, sent);
  return { status: answer.status, challenge: answer.headers["www-authenticate"], message: await messageOf(answer) };
}

async function spoilKey(refusal: 401 | 403 | "json_rpc"): Promise<void> {
  const value = scene.goodValue("alice");
  await scene.connect(scene.alice.key, value);
  scene.spoil(value);
  scene.upstream.change({ refusal });
}

const STATES: readonly [string, () => Promise<void>][] = [
  ["a key that is missing", () => Promise.resolve()],
  ["a key that is refused with 401", () => spoilKey(401)],
  ["a key that is refused with 403", () => spoilKey(403)],
  ["a key that is refused in JSON-RPC", () => spoilKey("json_rpc")],
];

function expectInBand({ status, challenge, message }: Seen, what: string): void {
  const isUnknown = (message["error"] as { code?: number } | undefined)?.code === -32_601;
  expect([status, challenge], what).toEqual([isUnknown && status === 404 ? 404 : 200, undefined]);
  expect("result" in message || "error" in message, what).toBe(true);
}

describe.each(STATES)("%s is no 401 and no 403", (_state, bring) => {
  it.each(Object.entries(WAYS))("to %s", async (_way, send) => {
    await bring();
    for (const path of ["/mcp", "/mcp/notes"]) {
      for (const request of REQUESTS) {
        const [method, params] = path === "/mcp" ? onAll(request) : request;
        expectInBand(await send(path, method, params), `${method} on ${path}`);
      }
    }
  });
});

it.each(Object.entries(WAYS))("nor is the first request that the server refuses, to %s", async (_way, send) => {
  for (const [method, params] of REQUESTS) {
    // Links for one server are limited by the minute.
    clock.advance(60_000);
    await spoilKey(401);
    expectInBand(await send("/mcp/notes", method, params), method);
  }
});
