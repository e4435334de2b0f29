import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { McpAnswer, UpstreamFailureCode } from "../../src/core/ports.ts";
import {
  aServer,
  aTool,
  discovered,
  legacy,
  type Listener,
  listen,
  modern,
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

describe("what the server answers", () => {
  const answerFrom = async (upstream: McpAnswer, request: RawRequest) => {
    beReady();
    world.upstream = () => upstream;
    return send(gate, request);
  };
  const modernEcho = () => modern(key, "tools/call", { name: "github-echo" });

  it("refused, and refused again: the same answer carries a fresh link", async () => {
    const result = resultOf(await answerFrom({ kind: "refused" }, callEcho()));
    expect(result).toMatchObject({ isError: true, structuredContent: { kind: "headers", reason: "rejected" } });
    expect(result.content[0]?.text).toMatch(/^The server github refused the key on file\.\nOpen http/);
  });

  it("refused, but the key is good or could not be tried: said so, and no link", async () => {
    for (const [verdict, words] of [
      ["call_refused", "accepts the key on file"],
      ["unknown", "could not be asked"],
    ] as const) {
      world.verdict = verdict;
      const result = resultOf(await answerFrom({ kind: "refused" }, callEcho()));
      expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(words) }] });
      expect([result.structuredContent, world.initiations]).toEqual([undefined, 0]);
    }
  });

  it("refused what is the same for everyone: no link, since no caller could help it", async () => {
    const server = aServer("shared", { authType: "headers", headerSchema: [] });
    world.servers.push(server);
    world.resolve(ANN, server, {
      kind: "ready",
      headers: {
        origin: server.origin,
        staticHeaders: new Map(),
        userHeaders: new Map(),
        plainNames: new Set(),
        identity: null,
        credential: null,
      },
    });
    const result = resultOf(await answerFrom({ kind: "refused" }, legacy(key, "tools/call", { name: "shared-echo" })));
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("administrator") }] });
    expect([result.structuredContent, world.initiations]).toEqual([undefined, 0]);
    expect(world.touched).toEqual(["vk_ann"]);
  });

  it("failed: a tool error with a fixed text for each code, without an address", async () => {
    const codes: UpstreamFailureCode[] = [
      "upstream_unreachable",
      "upstream_redirected",
      "upstream_not_allowed",
      "upstream_protocol",
      "upstream_url_invalid",
    ];
    const texts = new Set<string>();
    for (const code of codes) {
      const answer = await answerFrom({ kind: "failed", code }, callEcho());
      expect(resultOf(answer).isError).toBe(true);
      expect(answer.text).not.toContain("example");
      texts.add(textOf(answer));
    }
    expect(texts.size).toBe(codes.length);
    expect(world.initiations).toBe(0);
  });

  it("threw: unavailable, with nothing of what was thrown", async () => {
    beReady();
    world.upstream = () => {
      throw new Error("connect ECONNREFUSED 10.1.2.3:443");
    };
    const answer = await send(gate, callEcho());
    expect([answer.status, answer.body]).toMatchObject([200, { error: { code: -32603, data: { code: "internal" } } }]);
    expect(answer.text + JSON.stringify(world.lines)).not.toContain("10.1.2.3");
  });

  it("a JSON-RPC error passes with its code, message and data", async () => {
    const error = { code: 4711, message: "quota", data: { left: 0 } };
    for (const request of [callEcho(), modernEcho()]) {
      expect((await answerFrom({ kind: "error", error }, request)).body).toEqual({ jsonrpc: "2.0", id: 1, error });
    }
  });

  it("an error code that the client's revision does not have is translated", async () => {
    const codeFor = async (code: number, request: RawRequest) => {
      const answer = await answerFrom({ kind: "error", error: { code, message: "m" } }, request);
      expect(answer.status).toBe(200);
      return (answer.body?.["error"] as { code: number } | undefined)?.code;
    };
    expect(await codeFor(-32002, callEcho())).toBe(-32002);
    expect(await codeFor(-32002, modernEcho())).toBe(-32602);
    expect(await codeFor(-32042, callEcho())).toBe(-32042);
    expect(await codeFor(-32042, modernEcho())).toBeUndefined();
    for (const code of [-32020, -32021, -32022]) {
      expect(await codeFor(code, callEcho())).toBe(-32603);
      expect(await codeFor(code, modernEcho())).toBe(-32603);
    }
  });

  it("-32042 reaches a modern client as text with its links", async () => {
    const data = {
      elicitations: [{ mode: "url", url: "https://idp.example/a", message: "Sign in" }, 7, { message: 1 }],
    };
    const answer = await answerFrom({ kind: "error", error: { code: -32042, message: "Needed", data } }, modernEcho());
    expect(resultOf(answer)).toMatchObject({ isError: true, resultType: "complete" });
    expect(textOf(answer)).toBe("Needed\nSign in: https://idp.example/a");
  });

  it("a modern result loses for a legacy client what only modern ones know", async () => {
    const result = {
      resultType: "complete",
      content: [],
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "up", version: "1" }, "vendor/a": 1 },
    };
    expect(resultOf(await answerFrom({ kind: "result", result }, callEcho()))).toEqual({
      content: [],
      _meta: { "vendor/a": 1 },
    });
    const bare = { content: [], _meta: { "io.modelcontextprotocol/serverInfo": {} } };
    expect(resultOf(await answerFrom({ kind: "result", result: bare }, callEcho()))).toEqual({ content: [] });
  });

  it("a legacy result gains for a modern client what modern ones require", async () => {
    const result = {
      content: [],
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "up", version: "1" }, "vendor/a": 1 },
    };
    expect(resultOf(await answerFrom({ kind: "result", result }, modernEcho()))).toEqual({
      resultType: "complete",
      content: [],
      _meta: { "vendor/a": 1, "io.modelcontextprotocol/serverInfo": { name: "keyward", version: "9.9.9" } },
    });
  });

  it("a result that asks for input ends as a tool error: it could only be answered to this gateway", async () => {
    const result = { resultType: "input_required", requestState: "s", inputRequests: {} };
    for (const request of [callEcho(), modernEcho()]) {
      const shown = resultOf(await answerFrom({ kind: "result", result }, request));
      expect(shown.isError).toBe(true);
      expect(shown).not.toHaveProperty("requestState");
    }
  });

  it("structured content that is no object is wrapped for a legacy client, as its schema is, and not for a modern one", async () => {
    const tool = aTool("echo", { outputSchema: { type: "array", items: { type: "string" } } });
    world.servers.splice(0, 1, aServer("github", { discovered: discovered([tool]) }));
    const result = { content: [], structuredContent: ["a"] };
    expect(resultOf(await answerFrom({ kind: "result", result }, callEcho())).structuredContent).toEqual({
      result: ["a"],
    });
    expect(resultOf(await answerFrom({ kind: "result", result }, modernEcho())).structuredContent).toEqual(["a"]);
  });
});
