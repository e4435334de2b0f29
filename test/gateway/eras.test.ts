import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeywardError } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import {
  aServer,
  aTool,
  bearer,
  discovered,
  JSON_TYPE,
  legacy,
  type Listener,
  listen,
  modern,
  MODERN_META,
  type RawAnswer,
  type RawRequest,
  rpc,
  send,
  World,
} from "./gateway-fixture.ts";

let world: World;
let gate: Listener;
let key: string;

beforeEach(async () => {
  world = new World();
  key = world.addKey("vk_ann");
  world.servers.push(aServer("github"));
  gate = await listen(world);
});

afterEach(() => gate.close());

function errorOf(answer: RawAnswer): { code: number; message: string; data?: unknown } {
  return answer.body?.["error"] as unknown as { code: number; message: string; data?: unknown };
}

const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true },
  completions: {},
};

const post = (body: string | Uint8Array, ...headers: (readonly [string, string])[]): RawRequest => ({
  headers: [bearer(key), ...(headers.length === 0 ? [JSON_TYPE] : headers)],
  body,
});

describe("legacy clients", () => {
  it("get the revision they ask for, or the newest legacy one", async () => {
    const versionFor = async (asked: string) => {
      const answer = await send(gate, legacy(key, "initialize", { protocolVersion: asked, capabilities: {} }));
      return (answer.body?.["result"] as JsonObject | undefined)?.["protocolVersion"];
    };
    for (const version of ["2025-03-26", "2025-06-18", "2025-11-25"]) {
      expect(await versionFor(version)).toBe(version);
    }
    for (const version of ["2024-11-05", "2026-07-28", "1900-01-01", ""]) {
      expect(await versionFor(version)).toBe("2025-11-25");
    }
    const answer = await send(gate, legacy(key, "initialize", {}));
    expect([answer.status, errorOf(answer).code]).toEqual([200, -32602]);
  });

  it("are told what is behind /mcp, and one server's own instructions behind /mcp/<server>", async () => {
    world.servers.push(
      aServer("wiki", { discovered: discovered([], { instructions: "Search first." }) }),
      aServer("mute", { discovered: discovered([]) }),
    );
    const resultAt = async (path: string) =>
      (await send(gate, legacy(key, "initialize", { protocolVersion: "2025-11-25" }, path))).body?.["result"];
    expect(await resultAt("/mcp")).toEqual({
      protocolVersion: "2025-11-25",
      capabilities: CAPABILITIES,
      serverInfo: { name: "keyward", version: "9.9.9" },
      instructions: expect.stringContaining("<server>-<name>"),
    });
    expect(await resultAt("/mcp/wiki")).toMatchObject({ instructions: "Search first." });
    expect(await resultAt("/mcp/mute")).not.toHaveProperty("instructions");
  });

  it("get -32601 with HTTP 200 for what their era does not have", async () => {
    for (const method of [
      "server/discover",
      "logging/setLevel",
      "subscriptions/listen",
      "constructor",
      "__proto__",
      "toString",
      "",
    ]) {
      const answer = await send(gate, legacy(key, method));
      expect([answer.status, errorOf(answer).code], method).toEqual([200, -32601]);
    }
  });

  it("with a revision header that is not known are a 400 that lists those that are", async () => {
    const answer = await send(gate, post(rpc("ping"), JSON_TYPE, ["mcp-protocol-version", "2024-11-05"]));
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      code: -32022,
      data: { supported: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"], requested: "2024-11-05" },
    });
    for (const version of ["2025-03-26", "2025-06-18", "2025-11-25"]) {
      expect((await send(gate, post(rpc("ping"), JSON_TYPE, ["mcp-protocol-version", version]))).status).toBe(200);
    }
  });
});

describe("modern clients", () => {
  it("discover the server without a handshake", async () => {
    expect((await send(gate, modern(key, "server/discover"))).body).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: CAPABILITIES,
        instructions: expect.stringContaining("<server>-<name>"),
        ttlMs: 0,
        cacheScope: "private",
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "keyward", version: "9.9.9" } },
      },
    });
  });

  it("get -32601 with HTTP 404 for what their era does not have", async () => {
    for (const method of ["ping", "initialize", "logging/setLevel", "resources/subscribe", "constructor"]) {
      const answer = await send(gate, modern(key, method));
      expect([answer.status, errorOf(answer).code, answer.body?.["id"]], method).toEqual([404, -32601, 1]);
    }
  });

  const call = (headers: Record<string, string | undefined>, params = {}) => {
    const all = {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "github-echo",
      ...headers,
    };
    const pairs = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return send(
      gate,
      post(rpc("tools/call", { name: "github-echo", _meta: MODERN_META, ...params }), JSON_TYPE, ...pairs),
    );
  };

  it("with headers that are missing or differ from the body are -32020 with HTTP 400", async () => {
    const wrong: Record<string, string | undefined>[] = [
      { "mcp-protocol-version": undefined },
      { "mcp-protocol-version": "2025-11-25" },
      { "mcp-method": undefined },
      { "mcp-method": "tools/list" },
      { "mcp-method": "TOOLS/CALL" },
      { "mcp-name": undefined },
      { "mcp-name": "github-delete" },
      { "mcp-name": "" },
      { "mcp-name": "=?base64?Z2l0aHViLWRlbGV0ZQ==?=" },
      { "mcp-name": "=?base64?Z2l0aHViLWVjaG8?=" },
      { "mcp-name": "=?base64?!!!?=" },
      { "mcp-name": "=?base64?/w==?=" },
      { "mcp-name": "=?BASE64?Z2l0aHViLWVjaG8=?=" },
    ];
    for (const headers of wrong) {
      const answer = await call(headers);
      expect([answer.status, errorOf(answer).code, answer.body?.["id"]], JSON.stringify(headers)).toEqual([
        400, -32020, 1,
      ]);
    }
    expect(world.initiations).toBe(0);
    expect((await call({})).status).toBe(200);
    expect((await call({ "mcp-name": "=?base64?Z2l0aHViLWVjaG8=?=" })).status).toBe(200);
  });

  it("with a doubled header are -32020: two parts of the way could each have read another one", async () => {
    const headers = [
      bearer(key),
      JSON_TYPE,
      ["mcp-protocol-version", "2026-07-28"],
      ["mcp-method", "tools/call"],
      ["mcp-name", "github-echo"],
      ["mcp-name", "github-echo"],
    ] as const;
    const body = rpc("tools/call", { name: "github-echo", _meta: MODERN_META });
    const answer = await send(gate, { headers, body });
    expect([answer.status, errorOf(answer).code]).toEqual([400, -32020]);
  });

  it("without a required _meta key are -32602 with HTTP 400", async () => {
    const metas = [
      {},
      { "io.modelcontextprotocol/clientCapabilities": {} },
      { "io.modelcontextprotocol/protocolVersion": "2026-07-28" },
      { ...MODERN_META, "io.modelcontextprotocol/clientCapabilities": [] },
      { ...MODERN_META, "io.modelcontextprotocol/protocolVersion": 20260728 },
    ];
    for (const meta of metas) {
      const answer = await call({}, { _meta: meta });
      expect([answer.status, errorOf(answer).code], JSON.stringify(meta)).toEqual([400, -32602]);
    }
  });

  it("of a revision that is not known are -32022, with what is known", async () => {
    const meta = { ...MODERN_META, "io.modelcontextprotocol/protocolVersion": "2099-01-01" };
    const answer = await call({ "mcp-protocol-version": "2099-01-01" }, { _meta: meta });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      code: -32022,
      data: { supported: expect.arrayContaining(["2026-07-28"]), requested: "2099-01-01" },
    });
  });

  it("may not send initialize under the modern header", async () => {
    const answer = await send(
      gate,
      post(rpc("initialize", { protocolVersion: "2025-11-25" }), JSON_TYPE, ["mcp-protocol-version", "2026-07-28"]),
    );
    expect([answer.status, errorOf(answer).code]).toEqual([400, -32020]);
  });
});

describe("listing", () => {
  it("shows tools before a key is given, in both eras, with what each era requires", async () => {
    world.servers.push(aServer("wiki", { discovered: discovered([aTool("find", { "x-custom": { a: [1] } })]) }));
    const tools = [
      { name: "github-echo", inputSchema: { type: "object" } },
      { name: "wiki-find", inputSchema: { type: "object" }, "x-custom": { a: [1] } },
    ];
    expect((await send(gate, legacy(key, "tools/list"))).body?.["result"]).toEqual({ tools });
    expect((await send(gate, modern(key, "tools/list"))).body?.["result"]).toEqual({
      tools,
      resultType: "complete",
      ttlMs: 0,
      cacheScope: "private",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "keyward", version: "9.9.9" } },
    });
  });

  it("is unprefixed for one server, and that server's alone", async () => {
    world.servers.push(aServer("wiki", { discovered: discovered([aTool("find")]) }));
    const answer = await send(gate, legacy(key, "tools/list", {}, "/mcp/github"));
    expect(answer.body?.["result"]).toEqual({ tools: [{ name: "echo", inputSchema: { type: "object" } }] });
  });

  it("pages through more than 500 tools without losing or repeating one", async () => {
    const names = Array.from({ length: 1201 }, (_, index) => `t${index}`);
    world.servers.push(aServer("big", { discovered: discovered(names.map((name) => aTool(name))) }));
    const seen: string[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const answer = await send(gate, legacy(key, "tools/list", cursor === undefined ? {} : { cursor }));
      const result = answer.body?.["result"] as unknown as { tools: { name: string }[]; nextCursor?: string };
      seen.push(...result.tools.map(({ name }) => name));
      sizes.push(result.tools.length);
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    expect(sizes).toEqual([500, 500, 202]);
    expect(seen).toEqual(["github-echo", ...names.map((name) => `big-${name}`)]);
  });

  it("refuses a cursor that it did not give", async () => {
    for (const cursor of ["", "zzz", Buffer.from("secret-tool").toString("base64url"), 7, {}]) {
      const answer = await send(gate, legacy(key, "tools/list", { cursor }));
      expect([answer.status, errorOf(answer).code]).toEqual([200, -32602]);
    }
  });

  it("a store that cannot be asked is unavailable and retryable, not an empty list", async () => {
    world.errors.access = new KeywardError("credential_store_unavailable");
    for (const path of ["/mcp", "/mcp/github"]) {
      for (const request of [legacy(key, "tools/list", {}, path), modern(key, "tools/list", {}, path)]) {
        const answer = await send(gate, request);
        expect([answer.status, answer.body?.["id"]]).toEqual([200, 1]);
        expect(errorOf(answer)).toMatchObject({
          code: -32603,
          data: { code: "credential_store_unavailable", retryable: true },
        });
      }
    }
  });
});
