import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerText, expectedKey, isBenchKey, KEY_HEADER } from "./calls.ts";
import { answerParent, startArguments } from "./measured.ts";

/*
 * A fast MCP server. The first segment of the path says what it speaks: `/legacy/<tools>`, `/stateful/<tools>` (legacy
 * with sessions) or `/modern/<tools>`; `?ms=10` makes every answer wait, as if the server were that far away. The key of
 * every request is checked, and on a call it must be the key of the identity that the arguments name.
 */

interface Message {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: {
    readonly name?: string;
    readonly protocolVersion?: string;
    readonly arguments?: { readonly who?: string; readonly n?: number };
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

interface Dialect {
  readonly era: string;
  readonly toolCount: number;
  readonly delayMs: number;
}

/** Told to the parent. */
export interface UpstreamCounts {
  readonly requests: number;
  /** Calls with the right key. */
  readonly calls: number;
  /** Requests with a wrong key or none, negative controls included. */
  readonly refused: number;
  /** Sockets open now, and at most since the last `reset`. */
  readonly sockets: number;
  readonly maxSockets: number;
}

const MODERN = "2026-07-28";
const LEGACY = "2025-11-25";
const SERVER_INFO = { name: "bench-upstream", version: "1" };
const META = { "io.modelcontextprotocol/serverInfo": SERVER_INFO };

const counts = { requests: 0, calls: 0, refused: 0, sockets: 0, maxSockets: 0 };
const sessions = new Set<string>();
let sessionCount = 0;

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  counts.requests += 1;
  const dialect = dialectOf(request.url ?? "");
  const key = request.headers[KEY_HEADER];
  if (!isBenchKey(key)) {
    counts.refused += 1;
    send(response, 401, null);
    return;
  }
  if (request.method !== "POST") {
    if (request.method === "DELETE") sessions.delete(String(request.headers["mcp-session-id"]));
    send(response, request.method === "DELETE" ? 200 : 405, null);
    return;
  }
  const message = JSON.parse(body) as Message;
  if (message.id === undefined) {
    send(response, 202, null);
    return;
  }
  if (dialect.era === "modern" && !isModern(request, message)) {
    send(response, 400, failure(message, -32_020, "Header mismatch"));
    return;
  }
  if (dialect.era === "stateful" && message.method !== "initialize") {
    if (!sessions.has(String(request.headers["mcp-session-id"]))) {
      send(response, 404, failure(message, -32_001, "Session not found"));
      return;
    }
  }
  if (message.method === "tools/call") {
    const { who = "", n = 0 } = message.params?.arguments ?? {};
    if (key !== expectedKey(who)) {
      counts.refused += 1;
      send(response, 403, null);
      return;
    }
    counts.calls += 1;
    const result = `{"content":[{"type":"text","text":"${answerText(who, n)}"}]${dialect.era === "modern" ? MODERN_TAIL : ""}}`;
    send(response, 200, `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}`);
    return;
  }
  const result = otherResult(message, dialect);
  if (message.method === "initialize" && dialect.era === "stateful") {
    sessionCount += 1;
    const id = `bench-session-${sessionCount}`;
    sessions.add(id);
    response.setHeader("mcp-session-id", id);
  }
  const text = result === null ? failure(message, -32_601, "Method not found") : success(message, result);
  send(response, result === null && dialect.era === "modern" ? 404 : 200, text);
}

const MODERN_TAIL = `,"resultType":"complete","_meta":${JSON.stringify(META)}`;

function isModern({ headers }: IncomingMessage, { method, params }: Message): boolean {
  return (
    headers["mcp-protocol-version"] === MODERN &&
    params?._meta?.["io.modelcontextprotocol/protocolVersion"] === MODERN &&
    headers["mcp-method"] === method &&
    (method !== "tools/call" || headers["mcp-name"] === params.name)
  );
}

function otherResult({ method, params }: Message, { era, toolCount }: Dialect): object | null {
  const isModernEra = era === "modern";
  const tail = isModernEra ? { resultType: "complete", ttlMs: 0, cacheScope: "private", _meta: META } : {};
  switch (method) {
    case "initialize":
      return isModernEra
        ? null
        : {
            protocolVersion: params?.protocolVersion ?? LEGACY,
            capabilities: { tools: {} },
            serverInfo: SERVER_INFO,
          };
    case "server/discover":
      return isModernEra ? { supportedVersions: [MODERN], capabilities: { tools: {} }, ...tail } : null;
    case "tools/list":
      return { tools: toolsOf(toolCount), ...tail };
    case "ping":
      return {};
    default:
      return null;
  }
}

function toolsOf(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `tool_${index}`,
    description: `The tool number ${index} of a server that only measures: it answers with a kilobyte of text.`,
    inputSchema: {
      type: "object",
      properties: {
        who: { type: "string", description: "The identity that calls." },
        n: { type: "integer", description: "The number of the call, which the answer repeats." },
      },
      required: ["who", "n"],
    },
  }));
}

function success({ id }: Message, result: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

function failure({ id }: Message, code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
}

function send(response: ServerResponse, status: number, body: string | null): void {
  if (body === null) {
    response.writeHead(status, { "content-length": 0 }).end();
    return;
  }
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

const dialects = new Map<string, Dialect>();

function dialectOf(url: string): Dialect {
  const known = dialects.get(url);
  if (known !== undefined) {
    return known;
  }
  const { pathname, searchParams } = new URL(url, "http://upstream");
  const [, era = "legacy", tools = "1"] = pathname.split("/");
  const dialect = { era, toolCount: Number(tools), delayMs: Number(searchParams.get("ms") ?? 0) };
  dialects.set(url, dialect);
  return dialect;
}

await startArguments();
const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const [first = Buffer.alloc(0)] = chunks;
    const body = (chunks.length === 1 ? first : Buffer.concat(chunks)).toString();
    const { delayMs } = dialectOf(request.url ?? "");
    if (delayMs === 0) {
      answer(request, response, body);
    } else {
      setTimeout(() => answer(request, response, body), delayMs);
    }
  });
});
server.on("connection", (socket) => {
  counts.sockets += 1;
  counts.maxSockets = Math.max(counts.maxSockets, counts.sockets);
  socket.once("close", () => void (counts.sockets -= 1));
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 2_048 }, () => {
  const { port } = server.address() as AddressInfo;
  answerParent(
    { url: `http://127.0.0.1:${port}` },
    {
      counts: (): UpstreamCounts => ({ ...counts }),
      reset: () => void Object.assign(counts, { requests: 0, calls: 0, refused: 0, maxSockets: counts.sockets }),
    },
  );
});
