import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeywardError } from "../../src/core/errors.ts";
import type { Identity } from "../../src/core/identity.ts";
import type { JsonObject } from "../../src/core/json.ts";
import {
  aServer,
  aTool,
  discovered,
  legacy,
  type Listener,
  listen,
  modern,
  MODERN_META,
  PUBLIC_URL,
  type RawAnswer,
  type RawRequest,
  readyWith,
  send,
  World,
} from "./gateway-fixture.ts";

const ANN: Identity = { mode: "virtual_key", id: "vk_ann" };

let world: World;
let gate: Listener;
let key: string;

beforeEach(async () => {
  world = new World();
  key = world.addKey(ANN.id);
  world.servers.push(aServer("github"));
  gate = await listen(world);
});

afterEach(() => gate.close());

interface ToolResult {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly isError?: boolean;
  readonly structuredContent?: JsonObject;
  readonly _meta?: JsonObject;
}

function resultOf(answer: RawAnswer): ToolResult {
  expect(answer.status).toBe(200);
  return answer.body?.["result"] as unknown as ToolResult;
}

function textOf(answer: RawAnswer): string {
  return resultOf(answer).content[0]?.text ?? "";
}

function beReady(name = "github"): void {
  const server = world.servers.find((server) => server.name === name)!;
  world.resolve(ANN, server, readyWith(server, "sk-ann"));
}

const callEcho = (params: JsonObject = {}): RawRequest => legacy(key, "tools/call", { name: "github-echo", ...params });

const UNKNOWN_TOOL = { jsonrpc: "2.0", id: 1, error: { code: -32602, message: "Unknown tool" } };

describe("a call whose values are on file", () => {
  it("goes to the server under the tool's own name, with the caller's headers, and its result comes back whole", async () => {
    beReady();
    const result = {
      content: [{ type: "hologram", depth: 3, nested: { "x-y": [1, null] } }],
      structuredContent: { a: 1 },
      isError: false,
      unheardOf: { b: [true] },
      _meta: { "vendor/key": "kept" },
    };
    world.upstream = () => ({ kind: "result", result });
    // Read from text, as the gateway does: only then it is a member like any other.
    const args = JSON.parse('{ "text": "hi", "__proto__": { "a": 1 } }') as JsonObject;
    const answer = await send(gate, callEcho({ arguments: args, _meta: { "vendor/a": 1 } }));
    expect(answer.body).toEqual({ jsonrpc: "2.0", id: 1, result });
    expect(world.calls.map(({ server, message }) => ({ server, message }))).toEqual([
      {
        server: "github",
        message: {
          method: "tools/call",
          params: { name: "echo", arguments: args, _meta: { "vendor/a": 1 } },
        },
      },
    ]);
    expect([...(world.calls[0]?.headers.userHeaders.values() ?? [])].map((value) => value.reveal())).toEqual([
      "sk-ann",
    ]);
  });

  it("goes on with everything that the client put into it, known or not, but for the name", async () => {
    beReady();
    const params = {
      name: "github-echo",
      _meta: { ...MODERN_META, "io.modelcontextprotocol/logLevel": "debug", progressToken: 7, traceparent: "00-1" },
      task: { ttl: 1 },
      inputResponses: {},
      requestState: "a state of the server's",
      other: 1,
    };
    await send(gate, modern(key, "tools/call", params));
    expect(world.calls.map(({ message }) => message.params)).toEqual([{ ...params, name: "echo" }]);
  });

  it("keeps further hyphens in the tool's name, and takes names as they are at /mcp/<server>", async () => {
    world.servers.push(aServer("wiki", { discovered: discovered([aTool("get-page"), aTool("größe/x")]) }));
    beReady("wiki");
    await send(gate, legacy(key, "tools/call", { name: "wiki-get-page" }));
    await send(gate, legacy(key, "tools/call", { name: "get-page" }, "/mcp/wiki"));
    await send(gate, legacy(key, "tools/call", { name: "größe/x" }, "/mcp/wiki"));
    expect(world.calls.map(({ message }) => message.params?.["name"])).toEqual(["get-page", "get-page", "größe/x"]);
  });

  it("reaches a server of which nothing has been discovered yet", async () => {
    world.servers.push(aServer("fresh", { discovered: null }));
    beReady("fresh");
    await send(gate, legacy(key, "tools/call", { name: "fresh-anything" }));
    expect(world.calls.map(({ message }) => message.params)).toEqual([{ name: "anything" }]);
  });

  it("names the resources of its result by their server on /mcp, and as they are at /mcp/<server>", async () => {
    beReady();
    const link = (uri: string) => ({ content: [{ type: "resource_link", uri, name: "a" }] });
    world.upstream = () => ({ kind: "result", result: link("file:///a") });
    expect((await send(gate, callEcho())).body?.["result"]).toEqual(link("github+file:///a"));
    const direct = legacy(key, "tools/call", { name: "echo" }, "/mcp/github");
    expect((await send(gate, direct)).body?.["result"]).toEqual(link("file:///a"));
  });

  it("with parameters of the wrong shape is -32602 and goes nowhere", async () => {
    beReady();
    for (const params of [
      { name: 7 },
      { name: undefined },
      { arguments: [] },
      { arguments: "x" },
      { arguments: null },
    ]) {
      const answer = await send(gate, callEcho(params as unknown as JsonObject));
      expect(answer.body).toMatchObject({ error: { code: -32602 } });
    }
    expect(world.calls).toEqual([]);
  });
});

describe("a tool that may not be called", () => {
  it("is answered alike, whether tool, server or access is missing", async () => {
    beReady();
    world.servers.push(aServer("secret", { discovered: discovered([aTool("read")]) }));
    world.denied.add("secret");
    world.servers.push(aServer("cut", { discovered: discovered([aTool("read"), aTool("write")]) }));
    world.grantedTools.set("cut", ["read"]);
    const names = [
      "secret-read",
      "nope-read",
      "github-nope",
      "cut-write",
      "echo",
      "-echo",
      "github-",
      "github",
      "GITHUB-echo",
      "",
    ];
    for (const name of names) {
      const answer = await send(gate, legacy(key, "tools/call", { name }));
      expect([answer.status, answer.body], name).toEqual([200, UNKNOWN_TOOL]);
    }
    const unlisted = ["a b", "x".repeat(125)];
    world.servers.push(aServer("odd", { discovered: discovered(unlisted.map((name) => aTool(name))) }));
    for (const name of unlisted) {
      expect((await send(gate, legacy(key, "tools/call", { name: `odd-${name}` }))).body).toEqual(UNKNOWN_TOOL);
    }
    expect((await send(gate, legacy(key, "tools/call", { name: "github-echo" }, "/mcp/cut"))).body).toEqual(
      UNKNOWN_TOOL,
    );
    expect([world.calls, world.initiations]).toEqual([[], 0]);
  });

  it("is unknown as well when access went away between the check and the link", async () => {
    world.errors.flows = new KeywardError("access_denied");
    expect((await send(gate, callEcho())).body).toEqual(UNKNOWN_TOOL);
  });
});

describe("a call without values", () => {
  it("is answered with a link, as text for the model and as a payload for a program", async () => {
    const answer = await send(gate, callEcho());
    const result = resultOf(answer);
    const [flow] = world.flows.values();
    const url = `${PUBLIC_URL}/connect/${flow?.id}`;
    const payload = {
      kind: "headers",
      server: "github",
      url,
      expires_at: "2026-10-24T12:15:00.000Z",
      required_fields: ["x-api-key"],
      reason: "missing",
    };
    expect(result).toEqual({
      isError: true,
      content: [
        {
          type: "text",
          text: [
            "The server github needs a key of the person you work for, and none is on file.",
            `Open ${url} to enter X-API-Key, then call the tool again.`,
            "The link works until 2026-10-24T12:15:00.000Z. Never ask for the key itself in this conversation.",
          ].join("\n"),
        },
      ],
      structuredContent: payload,
      _meta: { "keyward/auth-required": payload },
    });
    expect(world.calls).toEqual([]);
    expect(answer.headers["www-authenticate"]).toBeUndefined();
  });

  it("says that what follows the # belongs to the link, when something does", async () => {
    world.hasLinkTokens = true;
    const second = await listen(world);
    const text = textOf(await send(second, callEcho()));
    expect(text).toMatch(/Open http:\S+#t=kwt_token to enter/);
    expect(text).toContain("Pass the whole link on, with everything after the #");
    await second.close();
  });

  it("says why values are asked for again", async () => {
    const [server] = world.servers;
    for (const [reason, words] of [
      ["needs_update", "has changed"],
      ["rejected", "refused the key on file"],
    ] as const) {
      world.resolve(ANN, server!, { kind: "auth_required", reason });
      const result = resultOf(await send(gate, callEcho()));
      expect(result.content[0]?.text).toContain(words);
      expect(result.structuredContent).toMatchObject({ reason });
    }
  });

  it("is a complete result for a modern client", async () => {
    const result = resultOf(await send(gate, modern(key, "tools/call", { name: "github-echo" })));
    expect(result).toMatchObject({ resultType: "complete", isError: true, structuredContent: { kind: "headers" } });
    expect(result._meta).toHaveProperty(["io.modelcontextprotocol/serverInfo"]);
    expect(result._meta).toHaveProperty(["keyward/auth-required"]);
  });

  it("keeps structuredContent free for a tool that declares what is in it: the payload is in _meta", async () => {
    world.servers.push(
      aServer("typed", { discovered: discovered([aTool("sum", { outputSchema: { type: "object" } })]) }),
    );
    const result = resultOf(await send(gate, legacy(key, "tools/call", { name: "typed-sum" })));
    expect(result).not.toHaveProperty("structuredContent");
    expect(result._meta).toMatchObject({ "keyward/auth-required": { server: "typed", kind: "headers" } });
  });

  it("tells the person behind the link which client asked, and from where", async () => {
    const legacyCall = legacy(key, "tools/call", { name: "github-echo" });
    await send(gate, {
      ...legacyCall,
      headers: [...(legacyCall.headers ?? []), ["user-agent", "claude-code/2.1 (cli)"]],
    });
    expect([...world.flows.values()].map(({ requestedBy }) => requestedBy)).toEqual([
      { clientName: "claude-code", clientVersion: "2.1", address: "192.0.2.7" },
    ]);
    world.flows.clear();
    await send(gate, modern(key, "tools/call", { name: "github-echo" }));
    expect([...world.flows.values()].map(({ requestedBy }) => requestedBy)).toEqual([
      { clientName: "fixture", clientVersion: "1.2", address: "192.0.2.7" },
    ]);
  });

  it("is unavailable, not a link, when the values cannot be read", async () => {
    const [server] = world.servers;
    for (const [code, retryable] of [
      ["credential_store_unavailable", true],
      ["credential_unreadable", false],
    ] as const) {
      world.resolve(ANN, server!, { kind: "unavailable", code });
      for (const request of [callEcho(), modern(key, "tools/call", { name: "github-echo" })]) {
        const answer = await send(gate, request);
        expect(answer.status).toBe(200);
        expect(answer.body).toMatchObject({ error: { code: -32603, data: { code, retryable } } });
      }
    }
    expect(world.initiations).toBe(0);
  });

  it("is unavailable when no link can be made", async () => {
    world.errors.flows = new KeywardError("credential_store_unavailable");
    const answer = await send(gate, callEcho());
    expect([answer.status, answer.body]).toMatchObject([200, { error: { code: -32603, data: { retryable: true } } }]);
  });
});
