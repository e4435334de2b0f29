import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

/** The header that the demo's server demands of everyone. */
export const DEMO_HEADER = "X-Demo-Key";

const REVISIONS = ["2025-11-25", "2025-06-18", "2025-03-26"];
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const MAX_BODY_CHARACTERS = 100_000;

/** What the server saw of one request. */
interface SeenRequest {
  /** JSON-RPC method. */
  readonly method: string;
  /** First 8 hex characters of the key's SHA-256; null = the request had none. */
  readonly fingerprint: string | null;
  /** Whose key it is; null = nobody's, and the request was refused. */
  readonly person: string | null;
}

export interface DemoUpstream {
  /** Its MCP endpoint. */
  readonly url: string;
  /** Everything it saw, oldest first. */
  readonly seen: readonly SeenRequest[];
  stop(): Promise<void>;
}

/**
 * A small MCP server (streamable HTTP, stateless) as there are many: no OAuth, but a key of every person in a header.
 * It listens on a free loopback port.
 * @param people key to the name of its owner
 */
export async function startDemoUpstream(people: ReadonlyMap<string, string>): Promise<DemoUpstream> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    answer(request, people, seen).then(
      ({ status, body }) => send(response, status, body),
      () => send(response, 400, null),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function fingerprintOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 8);
}

interface Answer {
  readonly status: number;
  readonly body: JsonObject | null;
}

async function answer(
  request: IncomingMessage,
  people: ReadonlyMap<string, string>,
  seen: SeenRequest[],
): Promise<Answer> {
  if (request.method !== "POST" || request.url !== "/mcp") {
    request.resume();
    return { status: request.url === "/mcp" ? 405 : 404, body: null };
  }
  const message = JSON.parse(await textOf(request)) as JsonValue;
  if (!isJsonObject(message) || typeof message["method"] !== "string") {
    return { status: 400, body: null };
  }
  const { id, method } = message;
  const key = request.headers[DEMO_HEADER.toLowerCase()];
  const person = typeof key === "string" ? (people.get(key) ?? null) : null;
  seen.push({ method, fingerprint: typeof key === "string" ? fingerprintOf(key) : null, person });
  if (person === null) {
    return { status: 401, body: { error: "unauthorized" } };
  }
  if (id === undefined) {
    return { status: 202, body: null };
  }
  return { status: 200, body: { jsonrpc: "2.0", id, ...handle(method, message["params"] ?? {}, person) } };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request as AsyncIterable<Buffer>) {
    // What is too much is read and dropped: to leave the loop would cut the connection before the answer.
    if (text.length < MAX_BODY_CHARACTERS) {
      text += chunk.toString();
    }
  }
  return text;
}

function handle(method: string, params: JsonValue, person: string): JsonObject {
  const given = isJsonObject(params) ? params : {};
  switch (method) {
    case "initialize":
      return {
        result: {
          protocolVersion: REVISIONS.find((revision) => revision === given["protocolVersion"]) ?? "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "keyward-demo-weather", version: "1.0.0" },
        },
      };
    case "ping":
      return { result: {} };
    case "tools/list":
      return { result: { tools: TOOLS } };
    case "tools/call":
      return call(given, person);
    default:
      return { error: { code: METHOD_NOT_FOUND, message: "Method not found" } };
  }
}

const TOOLS: readonly JsonObject[] = [
  {
    name: "whoami",
    description: "Says whose key the request carried.",
    inputSchema: { type: "object", properties: {} },
  },
  {
    name: "forecast",
    description: "The weather of tomorrow, at the place that the caller's account is set to.",
    inputSchema: { type: "object", properties: {} },
  },
];

const FORECASTS: readonly string[] = ["sunny, 21 °C", "rain in the morning, 14 °C", "snow, -3 °C"];

function call(params: JsonObject, person: string): JsonObject {
  if (params["name"] === "whoami") {
    return text(`You are ${person}.`);
  }
  return params["name"] === "forecast"
    ? text(`Tomorrow at ${person}'s place: ${FORECASTS[person.length % FORECASTS.length] ?? "fog"}.`)
    : { error: { code: INVALID_PARAMS, message: "Unknown tool" } };
}

function text(content: string): JsonObject {
  return { result: { content: [{ type: "text", text: content }] } };
}

function send(response: ServerResponse, status: number, body: JsonObject | null): void {
  if (body === null) {
    response.writeHead(status).end();
  } else {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  }
}
