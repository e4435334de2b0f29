import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createMcpHandler, McpServer as McpServerV2 } from "@modelcontextprotocol/server";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { callFor, serverFor, type TestUpstream, upstreamForTest } from "./parts.ts";

/** The official SDK's servers, old and new, as peers: what they accept is what is out there. */

const KEY = "key-of-alice-0123456789";

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    if (request.headers["x-api-key"] === KEY) {
      listener(request, response);
    } else {
      response.writeHead(401, { "www-authenticate": "Bearer" }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  opened.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

function connect(): TestUpstream["upstream"] {
  const { upstream } = upstreamForTest();
  opened.push(() => upstream.close());
  return upstream;
}

function v2(legacy: "stateless" | "reject", responseMode: "auto" | "sse" | "json" = "auto"): RequestListener {
  const handler = createMcpHandler(
    () => {
      const server = new McpServerV2({ name: "official-v2", version: "1.0.0" });
      server.registerTool(
        "weather",
        {
          description: "Weather of a place.",
          inputSchema: z.object({ place: z.string().meta({ "x-mcp-header": "Place" }), days: z.number() }),
        },
        ({ place, days }) => ({ content: [{ type: "text", text: `${place} in ${days}` }] }),
      );
      return server;
    },
    { legacy, responseMode },
  );
  const serve = getRequestListener((request) => handler.fetch(request));
  return (request, response) => void serve(request, response);
}

/** @param isJson whether results come as JSON instead of an event stream */
function v1(isStateful: boolean, isJson: boolean): RequestListener {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const known = transports.get(String(request.headers["mcp-session-id"]));
    if (known !== undefined) {
      await known.handleRequest(request, response);
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      enableJsonResponse: isJson,
      ...(isStateful
        ? {
            sessionIdGenerator: () => randomUUID(),
            onsessioninitialized: (id: string) => void transports.set(id, transport),
          }
        : {}),
    });
    const server = new McpServerV1({ name: "official-v1", version: "1.0.0" });
    server.registerTool(
      "weather",
      { description: "Weather of a place.", inputSchema: { place: z.string(), days: z.number() } },
      ({ place, days }) => ({ content: [{ type: "text", text: `${place} in ${days}` }] }),
    );
    await server.connect(transport);
    await transport.handleRequest(request, response);
  };
  return (request, response) => void serve(request, response);
}

describe.each<[string, () => RequestListener, object]>([
  ["2, modern only", () => v2("reject"), { era: "modern", isStateful: false }],
  ["2, modern only, by SSE", () => v2("reject", "sse"), { era: "modern", isStateful: false }],
  ["2, both eras", () => v2("stateless"), { era: "modern", isStateful: false }],
  ["1, stateful, by SSE", () => v1(true, false), { era: "legacy", protocolVersion: "2025-11-25", isStateful: true }],
  ["1, stateful, by JSON", () => v1(true, true), { era: "legacy", isStateful: true }],
  ["1, stateless, by SSE", () => v1(false, false), { era: "legacy", isStateful: false }],
  ["1, stateless, by JSON", () => v1(false, true), { era: "legacy", isStateful: false }],
])("a server of the official SDK, version %s", (_, listener, expected) => {
  it("is verified and called", async () => {
    const url = await listen(listener());
    const upstream = connect();
    const outcome = await upstream.verify(serverFor(url), callFor(url, KEY));
    expect(outcome).toMatchObject({
      kind: "accepted",
      strength: "proven",
      discovered: { ...expected, tools: [{ name: "weather" }] },
    });
    if (outcome.kind !== "accepted") return;

    const server = serverFor(url, { discovered: outcome.discovered });
    for (const place of ["Bern", "Zürich\r\nx-api-key: evil", " Basel ", "=?base64?QmVybg==?="]) {
      const message = { method: "tools/call", params: { name: "weather", arguments: { place, days: 2 } } };
      const answer = await upstream.request(server, callFor(url, KEY), message);
      expect(answer).toMatchObject({ kind: "result", result: { content: [{ type: "text", text: `${place} in 2` }] } });
    }
    const refused = await upstream.request(server, callFor(url, "wrong"), { method: "tools/list" });
    expect(refused).toEqual({ kind: "refused" });
  });

  it("that knew another profile is learned anew", async () => {
    const url = await listen(listener());
    const upstream = connect();
    const never = {
      tools: [],
      serverInfo: null,
      instructions: null,
      prompts: [],
      resources: [],
      resourceTemplates: [],
      capabilities: {},
      at: 0,
    };
    for (const [at, wrong] of [
      { era: "modern", protocolVersion: "2026-07-28", isStateful: false } as const,
      { era: "legacy", protocolVersion: "2025-06-18", isStateful: false } as const,
      { era: "legacy", protocolVersion: "2025-06-18", isStateful: true } as const,
    ].entries()) {
      const server = serverFor(url, { id: `srv_${at}`, discovered: { ...never, ...wrong } });
      const answer = await upstream.request(server, callFor(url, KEY), { method: "tools/list" });
      expect([wrong, answer]).toMatchObject([wrong, { kind: "result", result: { tools: [{ name: "weather" }] } }]);
    }
  });
});
