import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import {
  type Asked,
  events,
  json,
  rpc,
  type ScriptedUpstream,
  startScriptedUpstream,
} from "../fixtures/scripted-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo, giveValue } from "../helpers/connected.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../helpers/test-gateway.ts";

/* Everybody at once on one server that keeps sessions: who gets whose answers, and in whose session they were made. */

const CALLS = 1_020;
const AT_ONCE = 40;

let gateway: TestGateway;
let remote: ScriptedUpstream & { readonly sessions: Set<string> };
let serverId = "";
const good = new Set<string | undefined>();
/** What the server remembers in a session. */
const memory = new Map<string, string>();
let beforeHello: () => Promise<void> = async () => {};

async function open(era: "legacy" | "both", options: TestGatewayOptions = {}): Promise<void> {
  remote = await startScriptedUpstream({
    era,
    isStateful: true,
    accepts: (value) => good.has(value),
    beforeHello: () => beforeHello(),
    answer,
  });
  gateway = await startTestGateway(options);
  const sample = canaryValue("sample");
  good.add(sample);
  serverId = await gateway.register("notes", remote.url, sample);
}

beforeEach(() => {
  memory.clear();
  good.clear();
  beforeHello = async () => {};
});

afterEach(async () => {
  await gateway.close();
  await remote.close();
});

function fingerprint(value: string | undefined): string {
  return createHash("sha256")
    .update(value ?? "")
    .digest("hex")
    .slice(0, 16);
}

async function answer(asked: Asked, response: Parameters<typeof json>[0]): Promise<void> {
  const params = (asked.message["params"] ?? {}) as JsonObject;
  if (asked.method === "tools/list") {
    const cache = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
    const tools = ["say", "remember", "recall"].map((name) => ({ name, inputSchema: { type: "object" } }));
    json(response, rpc(asked, { result: { tools, ...cache } }));
    return;
  }
  const args = isJsonObject(params["arguments"]) ? params["arguments"] : {};
  const { session = "" } = asked;
  if (typeof args["what"] === "string") memory.set(session, args["what"]);
  const said = `${fingerprint(asked.key)} ${Number(args["n"])} ${memory.get(session) ?? "nothing"}`;
  const body = rpc(asked, { result: { content: [{ type: "text", text: said }] } });
  const n = Number(args["n"] ?? 0);
  const pause = (n * 7) % 11;
  // Slow and fast ones, so that they overtake each other.
  if (pause > 4) await new Promise((resolve) => setTimeout(resolve, pause));
  if (n % 3 !== 0) {
    json(response, body);
    return;
  }
  const write = events(response);
  const { progressToken = null } = isJsonObject(params["_meta"]) ? params["_meta"] : {};
  write({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress: n, message: said } });
  await new Promise((resolve) => setTimeout(resolve, pause));
  write(body);
  response.end();
}

/** A client's way to the server: which endpoint, and which protocol. */
interface Way {
  readonly path: "/mcp" | "/mcp/notes";
  readonly kind: "modern" | "legacy" | "legacy in a session";
}

const WAYS: readonly Way[] = (["/mcp", "/mcp/notes"] as const).flatMap((path) =>
  (["modern", "legacy", "legacy in a session"] as const).map((kind) => ({ path, kind })),
);

function send(key: string, path: string, message: JsonObject, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.url + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
  });
}

async function begin(key: string, path: string): Promise<string> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };
  const response = await send(key, path, { id: 0, method: "initialize", params });
  expect(await response.json()).toHaveProperty("result");
  const session = response.headers.get("mcp-session-id") ?? "";
  await send(key, path, { method: "notifications/initialized" }, { "mcp-session-id": session });
  return session;
}

/** @returns the messages that came back, in their order */
async function call(
  key: string,
  { path, kind }: Way,
  { id, tool, args, session }: { id: number; tool: string; args: JsonObject; session?: string | undefined },
): Promise<readonly JsonObject[]> {
  const name = path === "/mcp" ? `notes-${tool}` : tool;
  const isModern = kind === "modern";
  const _meta = {
    progressToken: id % 5,
    ...(isModern
      ? {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
        }
      : {}),
  };
  const headers: Record<string, string> = {
    ...(isModern ? { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name } : {}),
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  };
  const message = { id, method: "tools/call", params: { name, arguments: args, _meta } };
  const response = await send(key, path, message, headers);
  const text = await response.text();
  const texts =
    response.headers.get("content-type") === "text/event-stream"
      ? [...text.matchAll(/^data: (.+)$/gm)].map(([, data = ""]) => data)
      : [text];
  return texts.map((one) => JSON.parse(one) as JsonObject);
}

function textOf(messages: readonly JsonObject[]): string {
  const result = (messages.at(-1)?.["result"] ?? {}) as { content?: { text: string }[] };
  return result.content?.[0]?.text ?? JSON.stringify(messages);
}

function tokenOf({ message }: Asked): unknown {
  return ((message["params"] as JsonObject)["_meta"] as JsonObject)["progressToken"];
}

/** Upstream sessions, and with which values each was used. */
function keysBySession(): Map<string, Set<string | undefined>> {
  const keys = new Map<string, Set<string | undefined>>();
  for (const { session, key } of remote.asked) {
    if (session !== undefined) keys.set(session, (keys.get(session) ?? new Set()).add(key));
  }
  return keys;
}

async function connect(label: string): Promise<{ readonly key: string; readonly value: string }> {
  const value = canaryValue(label);
  good.add(value);
  const { key } = await connectTo(gateway, { id: serverId, name: "notes" }, value);
  return { key, value };
}

describe("two identities on one server", () => {
  it.each([
    ["of both eras", "both"],
    ["with sessions alone", "legacy"],
  ] as const)(
    "A41: %s: 1,000 interleaved calls with the same ids, by every way, each with its own answer",
    async (_, era) => {
      await open(era);
      const people = [await connect("alice"), await connect("bob")];
      const sessions = new Map<string, string>();
      for (const { key } of people) {
        for (const path of ["/mcp", "/mcp/notes"]) sessions.set(`${key} ${path}`, await begin(key, path));
      }
      remote.asked.length = 0;
      let next = 0;
      const caller = async (): Promise<void> => {
        while (next < CALLS) {
          const at = next++;
          const { key, value } = people[at % 2]!;
          const way = WAYS[Math.floor(at / 2) % WAYS.length]!;
          // Both say the same id at the same moment.
          const n = Math.floor(at / 2);
          const session = way.kind === "legacy in a session" ? sessions.get(`${key} ${way.path}`) : undefined;
          const messages = await call(key, way, { id: n, tool: "say", args: { n }, session });
          const said = `${fingerprint(value)} ${n} nothing`;
          expect([at, messages.at(-1)?.["id"], textOf(messages)]).toEqual([at, n, said]);
          for (const { params } of messages.slice(0, -1)) {
            expect(params).toEqual({ progressToken: n % 5, progress: n, message: said });
          }
          expect(messages).toHaveLength(n % 3 === 0 ? 2 : 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, caller));
      expect(remote.asked.filter(({ method }) => method === "tools/call")).toHaveLength(CALLS);
      // In what is shared no two requests have one id, and in a shared session no two have one progress token.
      const shared = remote.asked.filter(({ method, id }) => method === "tools/call" && Number(id) > CALLS);
      expect(shared).toHaveLength((CALLS * 5) / 6);
      expect(new Set(shared.map(({ id }) => id)).size).toBe(shared.length);
      const tokens = shared.filter(({ session }) => session !== undefined).map(tokenOf);
      expect(tokens).toHaveLength(era === "legacy" ? shared.length : 0);
      expect(new Set(tokens).size).toBe(tokens.length);
      for (const keys of keysBySession().values()) expect(keys.size).toBe(1);
    },
  );

  it("A43: have nothing in common: what one says in a session, no other session knows", async () => {
    await open("legacy");
    const [alice, bob] = [await connect("alice"), await connect("bob")];
    const ways: Way[] = [
      { path: "/mcp", kind: "legacy" },
      { path: "/mcp/notes", kind: "legacy" },
      { path: "/mcp", kind: "legacy in a session" },
      { path: "/mcp/notes", kind: "legacy in a session" },
    ];
    const sessionOf = (key: string, { path, kind }: Way) => (kind === "legacy" ? undefined : begin(key, path));
    const recall = async (key: string, way: Way, session?: string): Promise<string> =>
      textOf(await call(key, way, { id: 1, tool: "recall", args: { n: 1 }, session }));
    for (const way of ways) {
      const session = await sessionOf(alice.key, way);
      await call(alice.key, way, {
        id: 1,
        tool: "remember",
        args: { n: 1, what: `${way.path}, ${way.kind}` },
        session,
      });
      expect(await recall(alice.key, way, session)).toBe(`${fingerprint(alice.value)} 1 ${way.path}, ${way.kind}`);
      for (const other of ways) {
        expect(await recall(bob.key, other, await sessionOf(bob.key, other))).toBe(
          `${fingerprint(bob.value)} 1 nothing`,
        );
      }
      // A session of the client's own is not shared with her other ones either.
      const another: Way = { path: "/mcp/notes", kind: "legacy in a session" };
      expect(await recall(alice.key, another, await begin(alice.key, "/mcp/notes"))).toContain("nothing");
    }
    for (const keys of keysBySession().values()) expect(keys.size).toBe(1);
  });

  it("A43: a downstream session of one is nobody for the other, and opens nothing", async () => {
    await open("legacy");
    const [alice, bob] = [await connect("alice"), await connect("bob")];
    for (const path of ["/mcp", "/mcp/notes"] as const) {
      const session = await begin(alice.key, path);
      const before = remote.asked.length;
      const stolen = await call(
        bob.key,
        { path, kind: "legacy in a session" },
        { id: 1, tool: "say", args: {}, session },
      );
      expect(stolen).toMatchObject([{ id: 1, error: { code: -32_001 } }]);
      expect(remote.asked.length).toBe(before);
    }
  });
});

describe("an upstream session", () => {
  it("is opened once, however many first calls come at once, and then used by all of them", async () => {
    await open("legacy");
    const { key } = await connect("alice");
    remote.asked.length = 0;
    const inHello = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    beforeHello = () => {
      entered.resolve();
      return inHello.promise;
    };
    const calls = Array.from({ length: 50 }, (_, n) =>
      call(key, n % 2 === 0 ? WAYS[1]! : WAYS[4]!, { id: n, tool: "say", args: { n } }),
    );
    await entered.promise;
    inHello.resolve();
    const answers = await Promise.all(calls);
    expect(answers.map((messages) => Number(textOf(messages).split(" ")[1]))).toEqual(answers.map((_, n) => n));
    expect(remote.methods().filter((method) => method === "initialize")).toHaveLength(1);
    expect(new Set(remote.asked.map(({ session }) => session).filter((session) => session !== undefined)).size).toBe(1);
  });

  it("ends with the value that it was opened with: a new value never goes into it", async () => {
    await open("legacy");
    const { key } = await connect("alice");
    const own = await begin(key, "/mcp/notes");
    const shared: Way = { path: "/mcp", kind: "legacy" };
    const transparent: Way = { path: "/mcp/notes", kind: "legacy in a session" };
    const callAll = async (): Promise<string[]> => [
      textOf(await call(key, shared, { id: 1, tool: "say", args: { n: 1 } })),
      textOf(await call(key, transparent, { id: 1, tool: "say", args: { n: 1 }, session: own })),
    ];
    await callAll();
    const old = new Set(remote.asked.map(({ session }) => session));
    const fresh = canaryValue("fresh");
    good.add(fresh);
    await giveValue(gateway, serverId, key, fresh);
    remote.asked.length = 0;
    const said = `${fingerprint(fresh)} 1 nothing`;
    expect(await callAll()).toEqual([said, said]);
    expect(await callAll()).toEqual([said, said]);
    expect(remote.asked.filter(({ session }) => session !== undefined && old.has(session))).toEqual([]);
    for (const keys of keysBySession().values()) expect(keys.size).toBe(1);
  });

  it("P16: is one of a bounded number, and whoever's was let go gets another", async () => {
    await open("legacy", { upstream: { limits: { sessions: 3 } } });
    const people = [];
    for (const label of ["a", "b", "c", "d", "e"]) people.push(await connect(label));
    remote.asked.length = 0;
    for (let round = 0; round < 3; round += 1) {
      for (const { key, value } of people) {
        const messages = await call(
          key,
          { path: "/mcp/notes", kind: "legacy" },
          { id: 1, tool: "say", args: { n: 1 } },
        );
        expect(textOf(messages)).toBe(`${fingerprint(value)} 1 nothing`);
      }
    }
    expect(remote.methods().filter((method) => method === "initialize")).toHaveLength(15);
    for (const keys of keysBySession().values()) expect(keys.size).toBe(1);
  });
});
