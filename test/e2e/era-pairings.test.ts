import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import {
  type Asked,
  events,
  json,
  rpc,
  type ScriptedUpstream,
  startScriptedUpstream,
} from "../fixtures/scripted-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo } from "../helpers/connected.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

/* A client of one era and a server of the other: what each gets, by the table in the protocol notes. */

const SERVER_INFO = "io.modelcontextprotocol/serverInfo";
const ENVELOPE: JsonObject = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {}, url: {} } },
  "io.modelcontextprotocol/clientInfo": { name: "client", version: "1" },
};
const TOOLS: JsonObject[] = [
  {
    name: "list",
    inputSchema: { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } },
    outputSchema: { type: "array", items: { type: "integer" } },
    "x-own": true,
  },
];

let gateway: TestGateway;
let key = "";
const remotes = new Map<"legacy" | "modern", ScriptedUpstream>();

/** What the server answers next; by default what its era makes of the method. */
let next: ((asked: Asked, response: Parameters<typeof json>[0]) => void) | null = null;

beforeAll(async () => {
  gateway = await startTestGateway();
  const person = await gateway.issueKey("client");
  ({ key } = person);
  const good = new Set<string | undefined>();
  for (const era of ["legacy", "modern"] as const) {
    const remote = await startScriptedUpstream({
      era,
      accepts: (value) => good.has(value),
      hello: { capabilities: { tools: { listChanged: true }, logging: {}, prompts: {} }, instructions: "Hello." },
      answer(asked, response) {
        if (asked.method === "tools/list") {
          const more = era === "modern" ? { resultType: "complete", ttlMs: 5_000, cacheScope: "public" } : {};
          json(response, rpc(asked, { result: { tools: TOOLS, "x-list": 1, ...more } }));
          return;
        }
        if (next !== null) next(asked, response);
        else json(response, rpc(asked, { result: { content: [] } }));
      },
    });
    remotes.set(era, remote);
    const [sample, value] = [canaryValue("sample"), canaryValue(era)];
    good.add(sample).add(value);
    const id = await gateway.register(era, remote.url, sample);
    await connectTo(gateway, { id, name: era }, value, person);
  }
});

afterAll(async () => {
  await Promise.all([...remotes.values()].map((remote) => remote.close()));
  await gateway.close();
});

interface Answered {
  readonly status: number;
  readonly messages: readonly JsonObject[];
  /** What the server was asked for it. */
  readonly asked: Asked | undefined;
}

async function ask(
  server: "legacy" | "modern",
  client: "legacy" | "modern",
  method: string,
  params: JsonObject = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const isModern = client === "modern";
  const meta = params["_meta"] as JsonObject | undefined;
  const named = typeof params["name"] === "string" ? { "mcp-name": params["name"] } : {};
  const uri = typeof params["uri"] === "string" ? { "mcp-name": params["uri"] } : {};
  const response = await fetch(`${gateway.url}/mcp/${server}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(isModern ? { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...named, ...uri } : {}),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: "c-1",
      method,
      params: isModern ? { ...params, _meta: { ...ENVELOPE, ...meta } } : params,
    }),
  });
  const text = await response.text();
  const isStream = response.headers.get("content-type") === "text/event-stream";
  const texts = isStream ? [...text.matchAll(/^data: (.+)$/gm)].map(([, data = ""]) => data) : [text];
  return {
    status: response.status,
    messages: texts.map((one) => JSON.parse(one) as JsonObject),
    asked: remotes.get(server)?.asked.at(-1),
  };
}

async function answerTo(...question: Parameters<typeof ask>): Promise<JsonObject | undefined> {
  return (await ask(...question)).messages.at(-1);
}

function answering(answer: Parameters<typeof rpc>[1], status = 200): void {
  next = (asked, response) => json(response, rpc(asked, answer), status);
}

describe("a modern client and a legacy server", () => {
  it("lists get what 2026-07-28 requires, and keep the rest", async () => {
    const { messages, asked } = await ask("legacy", "modern", "tools/list", { _meta: { own: 1 } });
    expect(messages).toEqual([
      {
        jsonrpc: "2.0",
        id: "c-1",
        result: { tools: TOOLS, "x-list": 1, resultType: "complete", ttlMs: 0, cacheScope: "private" },
      },
    ]);
    expect(asked?.message["params"]).toEqual({ _meta: { own: 1 } });
    expect(Object.keys(asked?.headers ?? {}).filter((name) => /^mcp-(method|name|param)/.test(name))).toEqual([]);
    expect(asked?.headers["mcp-protocol-version"]).toBe("2025-11-25");
  });

  it("the server's greeting is told as a discovery, with what can be answered for it", async () => {
    expect(await answerTo("legacy", "modern", "server/discover")).toMatchObject({
      result: {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: { listChanged: true }, prompts: {} },
        instructions: "Hello.",
        ttlMs: 0,
        cacheScope: "private",
        _meta: { [SERVER_INFO]: { name: "scripted", version: "1" } },
      },
    });
  });

  it("results are complete, errors are those of its revision, and links that only a person can follow are text", async () => {
    answering({ result: { content: [], structuredContent: { a: 1 }, "x-own": [1] } });
    expect(
      await answerTo("legacy", "modern", "tools/call", { name: "list" }, { "mcp-param-region": "" }),
    ).toMatchObject({
      error: { code: -32_020 },
    });
    expect(await answerTo("legacy", "modern", "tools/call", { name: "list" })).toEqual({
      jsonrpc: "2.0",
      id: "c-1",
      result: { content: [], structuredContent: { a: 1 }, "x-own": [1], resultType: "complete" },
    });
    answering({ error: { code: -32_002, message: "gone", data: { uri: "a:b" } } });
    expect(await answerTo("legacy", "modern", "resources/read", { uri: "a:b" })).toMatchObject({
      error: { code: -32_602, message: "gone", data: { uri: "a:b" } },
    });
    const elicitations = [{ mode: "url", elicitationId: "e", url: "https://example.test/go", message: "Open" }];
    answering({ error: { code: -32_042, message: "asks", data: { elicitations } } });
    expect(await answerTo("legacy", "modern", "tools/call", { name: "list" })).toMatchObject({
      result: { isError: true, content: [{ text: "asks\nOpen: https://example.test/go" }], resultType: "complete" },
    });
  });

  it("progress passes under the client's token, and what nobody could answer does not", async () => {
    next = (asked, response) => {
      const write = events(response);
      const { progressToken } = (asked.message["params"] as JsonObject)["_meta"] as JsonObject;
      write({
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken: progressToken ?? "none", progress: 1 },
      });
      write({ jsonrpc: "2.0", id: 1, method: "sampling/createMessage", params: {} });
      write(rpc(asked, { result: { content: [] } }));
      response.end();
    };
    const { messages } = await ask("legacy", "modern", "tools/call", { name: "list", _meta: { progressToken: "tok" } });
    expect(messages).toMatchObject([
      { method: "notifications/progress", params: { progressToken: "tok", progress: 1 } },
      { id: "c-1", result: { resultType: "complete" } },
    ]);
    expect(messages).toHaveLength(2);
  });
});

describe("a legacy client and a modern server", () => {
  it("lists lose what legacy revisions do not know, and schemas of no object become one", async () => {
    const { messages, asked } = await ask("modern", "legacy", "tools/list", { _meta: { own: 1, progressToken: 3 } });
    const [{ result } = {}] = messages;
    expect(result).toMatchObject({
      tools: [{ name: "list", outputSchema: { type: "object" }, "x-own": true }],
      "x-list": 1,
    });
    expect(Object.keys(result as JsonObject).toSorted()).toEqual(["tools", "x-list"]);
    expect(asked?.headers).toMatchObject({ "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" });
    const meta = ((asked?.message["params"] ?? {}) as JsonObject)["_meta"];
    expect(meta).toMatchObject({
      own: 1,
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    });
  });

  it("A36: calls carry the name and the parameters that the tool wants in headers", async () => {
    answering({
      result: { resultType: "complete", content: [], structuredContent: [1, 2], _meta: { [SERVER_INFO]: {} } },
    });
    const params = { name: "list", arguments: { region: "Zürich" } };
    const { messages, asked } = await ask("modern", "legacy", "tools/call", params, { "mcp-param-region": "evil" });
    expect(asked?.headers).toMatchObject({
      "mcp-method": "tools/call",
      "mcp-name": "list",
      "mcp-param-region": `=?base64?${Buffer.from("Zürich").toString("base64")}?=`,
    });
    expect(messages).toEqual([
      { jsonrpc: "2.0", id: "c-1", result: { content: [], structuredContent: { result: [1, 2] } } },
    ]);
  });

  it("is greeted with what the server discovers of itself", async () => {
    const hello = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "c", version: "1" } };
    expect(await answerTo("modern", "legacy", "initialize", hello)).toMatchObject({
      result: {
        protocolVersion: "2025-06-18",
        capabilities: { tools: { listChanged: true } },
        serverInfo: { name: "scripted", version: "1" },
        instructions: "Hello.",
      },
    });
  });

  it("a result that asks for input ends, for there is nobody whom that server could ask", async () => {
    answering({ result: { resultType: "input_required", inputRequests: {}, requestState: "s" } });
    expect(await answerTo("modern", "legacy", "tools/call", { name: "list" })).toMatchObject({
      result: { isError: true },
    });
    expect(await answerTo("modern", "legacy", "prompts/get", { name: "p" })).toMatchObject({
      error: { code: -32_603 },
    });
  });

  it("errors about the connection between gateway and server are not the client's to correct", async () => {
    for (const code of [-32_020, -32_021, -32_022]) {
      answering({ error: { code, message: "yours", data: { supported: [] } } });
      expect(await answerTo("modern", "legacy", "x/y", {})).toMatchObject({ error: { code: -32_603 } });
    }
    answering({ error: { code: -32_601, message: "none" } }, 404);
    expect(await ask("modern", "legacy", "logging/setLevel", { level: "info" })).toMatchObject({
      messages: [{ error: { code: -32_601 } }],
    });
  });

  it("a ping is answered without the server, which knows none", async () => {
    const before = remotes.get("modern")?.asked.length;
    expect(await answerTo("modern", "legacy", "ping")).toEqual({ jsonrpc: "2.0", id: "c-1", result: {} });
    expect(remotes.get("modern")?.asked.length).toBe(before);
  });
});

describe.each(["legacy", "modern"] as const)("client and server of the %s era", (era) => {
  it("get each other's words", async () => {
    const result = { tools: TOOLS, "x-list": 1 };
    const cache = { resultType: "complete", ttlMs: 5_000, cacheScope: "public" };
    expect(await answerTo(era, era, "tools/list")).toEqual({
      jsonrpc: "2.0",
      id: "c-1",
      result: era === "modern" ? { ...result, ...cache } : result,
    });
    for (const code of [-32_002, -32_042, -32_020, -32_022, -31_999]) {
      answering({ error: { code, message: "m", data: { any: 1 } } });
      const answer = { jsonrpc: "2.0", id: "c-1", error: { code, message: "m", data: { any: 1 } } };
      expect(await answerTo(era, era, "x/y", {})).toEqual(answer);
    }
    answering({ result: { resultType: "input_required", inputRequests: { a: {} }, requestState: "s" } });
    expect(await answerTo(era, era, "tools/call", { name: "list" })).toMatchObject({
      result: { resultType: "input_required", requestState: "s" },
    });
  });
});

describe("a subscription of a modern client", () => {
  const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
  const wanted = { notifications: { toolsListChanged: true, resourceSubscriptions: ["a:b"] } };

  it("is the modern server's own, and is named by the client's id in everything that comes for it", async () => {
    next = (asked, response) => {
      const write = events(response);
      const _meta = { [SUBSCRIPTION]: asked.id ?? null };
      const acknowledged = "notifications/subscriptions/acknowledged";
      write({ jsonrpc: "2.0", method: acknowledged, params: { notifications: wanted.notifications, _meta } });
      write({ jsonrpc: "2.0", method: "notifications/tools/list_changed", params: { _meta } });
      write({ jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri: "a:b", _meta } });
      write(rpc(asked, { result: { resultType: "complete", _meta } }));
      response.end();
    };
    const { messages, asked } = await ask("modern", "modern", "subscriptions/listen", wanted);
    expect(asked?.message["params"]).toMatchObject(wanted);
    const ofClient = { params: { _meta: { [SUBSCRIPTION]: "c-1" } } };
    expect(messages).toMatchObject([
      { method: "notifications/subscriptions/acknowledged", ...ofClient },
      { method: "notifications/tools/list_changed", ...ofClient },
      { method: "notifications/resources/updated", ...ofClient },
      { id: "c-1", result: { _meta: { [SUBSCRIPTION]: "c-1" } } },
    ]);
  });

  it("is Keyward's where the server has none", async () => {
    const leaving = new AbortController();
    const before = remotes.get("legacy")?.asked.length;
    const response = await fetch(`${gateway.url}/mcp/legacy`, {
      method: "POST",
      signal: leaving.signal,
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "subscriptions/listen",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: "c-2",
        method: "subscriptions/listen",
        params: { ...wanted, _meta: ENVELOPE },
      }),
    });
    let said = "";
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      said += part;
      if (said.includes("acknowledged")) break;
    }
    expect(said).toContain('"notifications/subscriptions/acknowledged"');
    expect(said).toContain(`"${SUBSCRIPTION}":"c-2"`);
    expect(remotes.get("legacy")?.asked.length).toBe(before);
    leaving.abort();
  });
});
