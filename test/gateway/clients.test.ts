import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import { aServer, aTool, discovered, type Listener, listen, PUBLIC_URL, readyWith, World } from "./gateway-fixture.ts";

const ANN: Identity = { mode: "virtual_key", id: "vk_ann" };

interface Result {
  readonly isError?: boolean | undefined;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: unknown;
  readonly _meta?: { readonly [key: string]: unknown } | undefined;
}

interface ToolPage {
  readonly tools: readonly { readonly name: string }[];
  readonly nextCursor?: string | undefined;
}

/** What this suite needs of an official client, whichever it is. */
interface Official {
  listTools(params?: { cursor?: string }): Promise<ToolPage>;
  callTool(params: { name: string; arguments?: Record<string, unknown> }): Promise<Result>;
  ping(): Promise<unknown>;
  instructions(): string | undefined;
  serverName(): string | undefined;
  close(): Promise<void>;
}

type Connect = (url: string, key: string) => Promise<Official>;

const CLIENT = { name: "suite", version: "1" };

const connectV1: Connect = async (url, key) => {
  const client = new ClientV1(CLIENT);
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new TransportV1(new URL(url), { requestInit }));
  return {
    listTools: (params) => client.listTools(params),
    callTool: async (params) => (await client.callTool(params)) as Result,
    ping: () => client.ping(),
    instructions: () => client.getInstructions(),
    serverName: () => client.getServerVersion()?.name,
    close: () => client.close(),
  };
};

const connectV2 =
  (mode: "legacy" | "auto"): Connect =>
  async (url, key) => {
    const client = new ClientV2(CLIENT, { versionNegotiation: { mode } });
    await client.connect(new TransportV2(new URL(url), { requestInit: { headers: { "x-api-key": key } } }));
    return {
      listTools: (params) => client.listTools(params),
      callTool: async (params) => client.callTool(params),
      ping: () => client.ping(),
      instructions: () => client.getInstructions(),
      serverName: () => client.getServerVersion()?.name,
      close: () => client.close(),
    };
  };

const CLIENTS: readonly [string, Connect, "legacy" | "modern"][] = [
  ["the official SDK v1", connectV1, "legacy"],
  ["the official SDK v2 in the legacy era", connectV2("legacy"), "legacy"],
  ["the official SDK v2 in the modern era", connectV2("auto"), "modern"],
];

let world: World;
let gate: Listener;
let key: string;
let open: Official[];

beforeEach(async () => {
  world = new World();
  key = world.addKey(ANN.id);
  world.servers.push(aServer("github"));
  gate = await listen(world);
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((client) => client.close()));
  await gate.close();
});

describe.each(CLIENTS)("%s", (_name, connect, era) => {
  async function connected(path = "/mcp"): Promise<Official> {
    const client = await connect(gate.url + path, key);
    open.push(client);
    return client;
  }

  function beReady(name: string): void {
    const server = world.servers.find((server) => server.name === name)!;
    world.resolve(ANN, server, readyWith(server, "sk-ann"));
  }

  it("connects, reads who answers, and lists and calls tools", async () => {
    beReady("github");
    const client = await connected();
    expect(client.serverName()).toBe("keyward");
    expect(client.instructions()).toContain("<server>-<name>");
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["github-echo"]);
    const result = await client.callTool({ name: "github-echo", arguments: { text: "hi" } });
    expect(result.content).toEqual([{ type: "text", text: "done" }]);
    expect(world.calls.map(({ message }) => message.params)).toMatchObject([
      { name: "echo", arguments: { text: "hi" } },
    ]);
  });

  it("uses one server without a prefix", async () => {
    beReady("github");
    const client = await connected("/mcp/github");
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["echo"]);
    expect((await client.callTool({ name: "echo" })).content).toEqual([{ type: "text", text: "done" }]);
  });

  it("reads the link in the text and in the structured content", async () => {
    const client = await connected();
    await client.listTools();
    const result = await client.callTool({ name: "github-echo" });
    const [flow] = world.flows.values();
    const url = `${PUBLIC_URL}/connect/${flow?.id}`;
    expect(result.isError).toBe(true);
    expect(result.content[0]?.text).toContain(`Open ${url} to enter X-API-Key`);
    expect(result.structuredContent).toMatchObject({
      kind: "headers",
      server: "github",
      url,
      required_fields: ["x-api-key"],
    });
  });

  it("reads the link also when the tool declares another shape of structured content", async () => {
    const outputSchema = { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] };
    world.servers.push(aServer("typed", { discovered: discovered([aTool("sum", { outputSchema })]) }));
    const client = await connected();
    await client.listTools();
    const result = await client.callTool({ name: "typed-sum" });
    expect(result.content[0]?.text).toContain("/connect/");
    expect(result._meta?.["keyward/auth-required"]).toMatchObject({ kind: "headers", server: "typed" });
  });

  it("gets every other tool when one tool is odd in any way", async () => {
    const odd = [
      { name: 7, inputSchema: { type: "object" } },
      { name: "", inputSchema: { type: "object" } },
      { inputSchema: { type: "object" } },
      { name: "a b", inputSchema: { type: "object" } },
      { name: "x".repeat(125), inputSchema: { type: "object" } },
      { name: "no-object-1", inputSchema: { type: "string" } },
      { name: "no-object-2", inputSchema: "x" },
      { name: "no-object-3", inputSchema: { type: "object", properties: { a: 1 } } },
      { name: "no-object-4", inputSchema: { type: "object", required: "a" } },
      { name: "no-object-5", inputSchema: { $schema: 1 } },
    ];
    const mended = [
      { name: "bare" },
      aTool("input", { inputSchema: { properties: { a: true, b: false } } }),
      aTool("members", { title: 1, description: {}, annotations: "x", icons: {}, _meta: [], execution: 1 }),
      aTool("hints", { annotations: { readOnlyHint: "yes" }, icons: [{ href: "x" }], execution: { taskSupport: "x" } }),
      aTool("out-array", { outputSchema: { type: "array", items: {} } }),
      aTool("out-any", { outputSchema: { anyOf: [{ type: "object" }, { type: "null" }] } }),
      aTool("out-text", { outputSchema: "x" }),
      aTool("out-true", { outputSchema: true }),
      aTool("out-ref", { outputSchema: { type: "object", properties: { a: { $ref: "#/$defs/none" } } } }),
      aTool("out-remote", { outputSchema: { type: "object", properties: { a: { $ref: "https://x.example/s" } } } }),
      aTool("out-pattern", { outputSchema: { type: "object", properties: { a: { pattern: "(" } } } }),
      aTool("out-type", { outputSchema: { type: "object", properties: { a: { type: "strin" } } } }),
      aTool("out-bool", { outputSchema: { type: "object", properties: { a: true } } }),
      aTool("out-draft4", { outputSchema: { type: "object", properties: { a: { exclusiveMinimum: true } } } }),
      aTool("out-dialect", {
        outputSchema: { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" },
      }),
      aTool("out-bad-dialect", { outputSchema: { $schema: 7, type: "object" } }),
    ];
    const tools = [aTool("first"), ...odd, ...mended, aTool("echo"), aTool("echo", { title: "again" })];
    world.servers.push(aServer("odd", { discovered: discovered(tools) }));
    const listed = (await (await connected()).listTools()).tools.map(({ name }) => name);
    const expected = ["first", ...mended.map(({ name }) => name as string), "echo"].map((name) => `odd-${name}`);
    expect(listed).toEqual(["github-echo", ...expected]);
  });

  it("is told that the tool is unknown", async () => {
    await expect((await connected()).callTool({ name: "nope-echo" })).rejects.toMatchObject({ code: -32602 });
  });

  it("is told that the store is unavailable, and that this may pass", async () => {
    const client = await connected();
    const [server] = world.servers;
    world.resolve(ANN, server!, { kind: "unavailable", code: "credential_store_unavailable" });
    await expect(client.callTool({ name: "github-echo" })).rejects.toMatchObject({
      code: -32603,
      data: { code: "credential_store_unavailable", retryable: true },
    });
  });

  it("does not connect with a key that is not known", async () => {
    await expect(connect(`${gate.url}/mcp`, "kw_no")).rejects.toThrow(/unauthorized|virtual key|401/i);
  });

  it("gets structured content that is no object in the form that the listed schema announces", async () => {
    const tool = aTool("list", { outputSchema: { type: "array", items: { type: "string" } } });
    world.servers.push(aServer("typed", { discovered: discovered([tool]) }));
    beReady("typed");
    world.upstream = () => ({ kind: "result", result: { content: [], structuredContent: ["a"] } });
    const client = await connected();
    await client.listTools();
    const { structuredContent } = await client.callTool({ name: "typed-list" });
    expect(structuredContent).toEqual(era === "legacy" ? { result: ["a"] } : ["a"]);
  });
});

it.each(CLIENTS.filter(([, , era]) => era === "legacy"))("%s pings", async (_name, connect) => {
  const client = await connect(`${gate.url}/mcp`, key);
  open.push(client);
  await expect(client.ping()).resolves.toBeDefined();
});
