import { once } from "node:events";
import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { JsonObject } from "../../src/core/json.ts";
import type { TestGateway } from "./test-gateway.ts";

/* MCP without an SDK, for what an official client would never send, or never show. */

/** One event as it came over the wire. */
interface RawEvent {
  readonly id: string | null;
  /** Null for an event without data. */
  readonly message: JsonObject | null;
}

/** The answer to one HTTP request, while it comes. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Everything that has come so far. */
  readonly text: () => string;
  /** Resolves with the next event; rejects when the stream ends before. */
  next(): Promise<RawEvent>;
  /** Resolves when so many comments have come. */
  comments(count: number): Promise<void>;
  /** Resolves when the answer has ended, with the whole of it. */
  readonly ended: Promise<string>;
  /** Breaks the connection. */
  drop(): void;
}

export interface RawRequest {
  readonly method?: "POST" | "GET" | "DELETE" | "PUT";
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
}

/** Resolves with the head of the answer. */
export async function openRequest(
  { url }: Pick<TestGateway, "url">,
  { method = "POST", path = "/mcp", headers = {}, body }: RawRequest,
): Promise<OpenAnswer> {
  const outgoing = startRequest(url + path, method, headers, body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  return follow(outgoing, incoming);
}

/** Sends a request of which nobody reads the answer. */
export function startRequest(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body?: JsonObject,
): ClientRequest {
  const outgoing = request(url, {
    method,
    agent: false,
    headers: {
      accept: "application/json, text/event-stream",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
  });
  outgoing.on("error", () => {});
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  return outgoing;
}

function follow(outgoing: ClientRequest, incoming: IncomingMessage): OpenAnswer {
  let text = "";
  let taken = 0;
  let isOver = false;
  const watchers = new Set<() => void>();
  const tell = (): void => watchers.forEach((watch) => watch());
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  incoming.setEncoding("utf8");
  incoming.on("data", (chunk: string) => {
    text += chunk;
    tell();
  });
  incoming.on("error", () => {});
  incoming.once("close", () => {
    isOver = true;
    end(text);
    tell();
  });

  function until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        const found = find();
        if (found === undefined && !isOver) {
          return;
        }
        watchers.delete(watch);
        if (found === undefined) reject(new Error("the stream ended before"));
        else resolve(found);
      };
      watchers.add(watch);
      watch();
    });
  }

  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    text: () => text,
    ended,
    next: () =>
      until(() => {
        const event = eventsIn(text)[taken];
        taken += event === undefined ? 0 : 1;
        return event;
      }),
    comments: async (count) =>
      void (await until(() => ((text.match(/^:/gm) ?? []).length >= count ? true : undefined))),
    drop: () => void outgoing.destroy(),
  };
}

function eventsIn(text: string): RawEvent[] {
  return text
    .split("\n\n")
    .slice(0, -1)
    .filter((block) => !block.startsWith(":"))
    .map((block) => {
      const fields = new Map(block.split("\n").map((line) => [line.split(":", 1)[0], line.replace(/^\w+: ?/, "")]));
      const data = fields.get("data") ?? "";
      return { id: fields.get("id") ?? null, message: data === "" ? null : (JSON.parse(data) as JsonObject) };
    });
}

let lastId = 0;

export function rpcBody(method: string, params: JsonObject = {}): JsonObject {
  lastId += 1;
  return { jsonrpc: "2.0", id: lastId, method, params };
}

export function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

/** A request of 2026-07-28 with the headers that belong to it. */
export function modernRequest(
  key: string,
  method: string,
  params: JsonObject = {},
  { path = "/mcp", capabilities = {} }: { readonly path?: string; readonly capabilities?: JsonObject } = {},
): Required<Pick<RawRequest, "path" | "headers" | "body">> {
  const named = params["name"] ?? params["uri"] ?? params["taskId"];
  return {
    path,
    headers: {
      ...bearer(key),
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof named === "string" ? { "mcp-name": named } : {}),
    },
    body: rpcBody(method, {
      ...params,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities,
        "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
      },
    }),
  };
}

/** The one JSON-RPC message that a finished answer has, as a body or as the last event. */
export async function messageOf(answer: OpenAnswer): Promise<JsonObject> {
  const text = await answer.ended;
  const isStream = answer.headers["content-type"]?.startsWith("text/event-stream") === true;
  const json = isStream ? JSON.stringify(eventsIn(text).findLast(({ message }) => message !== null)?.message) : text;
  return json === "" ? {} : (JSON.parse(json) as JsonObject);
}

export async function ask(gateway: Pick<TestGateway, "url">, sent: RawRequest): Promise<JsonObject> {
  return messageOf(await openRequest(gateway, sent));
}

export interface RawSession {
  readonly id: string;
  /** Of every request of the session. */
  readonly headers: Readonly<Record<string, string>>;
  readonly path: string;
  request(method: string, params?: JsonObject): Promise<JsonObject>;
  /** Opens the session's stream (GET). */
  stream(lastEventId?: string): Promise<OpenAnswer>;
}

export interface SessionOptions {
  readonly path?: string;
  readonly revision?: string;
  readonly capabilities?: JsonObject;
}

/** Begins a session as a legacy client does. */
export async function beginSession(
  gateway: Pick<TestGateway, "url">,
  key: string,
  { path = "/mcp", revision = "2025-11-25", capabilities = {} }: SessionOptions = {},
): Promise<RawSession> {
  const params = { protocolVersion: revision, capabilities, clientInfo: { name: "raw", version: "1" } };
  const answer = await openRequest(gateway, { path, headers: bearer(key), body: rpcBody("initialize", params) });
  await answer.ended;
  const id = answer.headers["mcp-session-id"];
  if (typeof id !== "string") {
    throw new Error(`initialize was answered with ${answer.status} and no session id`);
  }
  const headers = { ...bearer(key), "mcp-session-id": id, "mcp-protocol-version": revision };
  const notice = { jsonrpc: "2.0", method: "notifications/initialized" };
  await (await openRequest(gateway, { path, headers, body: notice })).ended;
  return {
    id,
    headers,
    path,
    request: (method, more) => ask(gateway, { path, headers, body: rpcBody(method, more) }),
    stream: (lastEventId) =>
      openRequest(gateway, {
        method: "GET",
        path,
        headers: { ...headers, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) },
      }),
  };
}
