import { isKeywardError, KeywardError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { CallHeaders, Clock, McpMessage, UpstreamFailureCode } from "../core/ports.ts";
import type { Egress } from "./egress/door.ts";
import type { EgressResponse } from "./egress/receiver.ts";
import type { Connection } from "./era/connection.ts";
import { frame } from "./era/frame.ts";
import { injectHeaders } from "./inject.ts";
import { bodyKind, readEvents, readText } from "./body.ts";
import type { Channels } from "./old-sse/channels.ts";
import { type Attached, withOldSse } from "./old-sse/old-wire.ts";
import { isAuthError, type JsonRpcResponse, parseJson, responseTo } from "./json-rpc.ts";
import type { UpstreamLimits } from "./limits.ts";
import type { WatchRequests } from "./request-watch.ts";

/** What came of one HTTP exchange. */
export type Reply =
  | {
      readonly kind: "answered";
      readonly response: JsonRpcResponse;
      readonly status: number;
      readonly sessionId: string | null;
    }
  /** 401, 403 or an authorisation error in JSON-RPC. */
  | { readonly kind: "refused" }
  /** An HTTP response without an answer in it. */
  | { readonly kind: "unanswered"; readonly status: number }
  /** No usable HTTP response. */
  | { readonly kind: "failed"; readonly code: UpstreamFailureCode; readonly cause: string | null };

export type NoAnswer = Exclude<Reply, { kind: "answered" }>;

/** One HTTP request on a wire. */
export interface WireRequest {
  /** Default: the server's. */
  readonly url?: URL;
  readonly method: "GET" | "POST" | "DELETE";
  /** The protocol's own headers. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | null;
  readonly timeouts: Timeouts;
  /** Whether the response may go on for as long as the client wants; default: that of a `GET`. */
  readonly isStream?: boolean;
}

/** Milliseconds. */
export interface Timeouts {
  /** Until the response's head; 0 = for ever. */
  readonly headersTimeoutMs: number;
  /** Between two parts of the body; 0 = for ever. */
  readonly idleTimeoutMs: number;
  /** Until the end, or until `prolong` is called again; null = for ever. */
  readonly totalMs: number | null;
  /** When it ends though it is prolonged; milliseconds since the epoch. Default: never. */
  readonly until?: number;
}

/** Starts the total time of the exchange anew: something has come that was worth waiting for. */
type Prolong = () => void;

/** One caller's line to one server: every request on it carries the same headers, and no other headers than these. */
export interface Wire {
  /** Sends a request and waits for its answer. */
  ask(connection: Connection, message: McpMessage): Promise<Reply>;
  /** Sends a notification; what HTTP accepts counts as an empty result. */
  tell(connection: Connection, message: McpMessage): Promise<Reply>;
  /** Sends anything, and has its response read unless its status alone decides. */
  send(request: WireRequest, read: (response: EgressResponse, prolong: Prolong) => Promise<Reply>): Promise<Reply>;
  /** Ends an upstream session, best effort. */
  end(connection: Connection): Promise<void>;
  /** Opens the stream of a server of 2024-11-05; the connection that carries it is then asked like any other. */
  attach(): Promise<Attached>;
}

export interface WireParts {
  readonly egress: Egress;
  readonly clock: Clock;
  readonly limits: UpstreamLimits;
  /** JSON-RPC ids are Keyward's own: two callers with the id 5 may share an upstream session (abuse case A41). */
  readonly nextId: () => number;
  readonly channels: Channels;
  readonly watchRequests: WatchRequests;
}

export interface WireTarget {
  readonly serverId: string;
  readonly url: URL;
  readonly call: CallHeaders;
  readonly signal: AbortSignal;
  /** Tool definitions, for the parameters that a modern server wants to see in headers. */
  readonly tools: readonly JsonObject[];
}

const END_TIMEOUT_MS = 2_000;
const LATE: NoAnswer = { kind: "failed", code: "upstream_unreachable", cause: "TIMEOUT" };

/** @throws KeywardError from each method when the headers may not go to the URL; see `injectHeaders` */
export function createWire(parts: WireParts, target: WireTarget): Wire {
  const { egress, clock, limits, nextId, watchRequests } = parts;
  const { serverId, call, signal, tools } = target;

  const send: Wire["send"] = async ({ url = target.url, method, headers, body, timeouts, ...request }, read) => {
    const isStream = request.isStream ?? method === "GET";
    const { totalMs, until = Infinity, headersTimeoutMs, idleTimeoutMs } = timeouts;
    let end = (): void => {};
    let isLate = false;
    const expire = (): void => {
      isLate = true;
      end();
    };
    let cancel = (): void => {};
    const prolong = (): void => {
      cancel();
      const leftMs = Math.max(0, until - clock.now());
      cancel = totalMs === null ? () => {} : clock.schedule(Math.min(totalMs, leftMs), expire);
    };
    const onStart = (endIt: () => void): void => {
      end = endIt;
      prolong();
    };
    const watch = watchRequests({ serverId, isStream });
    let response: EgressResponse | null = null;
    let reply: Reply | null = null;
    try {
      response = await egress.send({
        url,
        method,
        headers: injectHeaders(url, withWatch(headers, watch.headers, call), call),
        body,
        headersTimeoutMs,
        idleTimeoutMs,
        isStream,
        signal,
        onStart,
      });
      watch.answered(response.status);
      reply = statusReply(response) ?? (await read(response, prolong));
      return reply;
    } catch (error) {
      const failed = failedReply(error);
      reply = isLate ? LATE : failed;
      return reply;
    } finally {
      cancel();
      response?.discard();
      watch.ended(reply?.kind === "failed" ? reply.code : null);
    }
  };

  const post = (
    connection: Connection,
    message: McpMessage,
    id: number | undefined,
    read: (response: EgressResponse) => Promise<Reply>,
  ): Promise<Reply> => {
    const { method } = message;
    const tool = tools.find(({ name }) => name === message.params?.["name"]);
    const { headers, params } = frame(connection, message, tool);
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    return send({ method: "POST", headers, body, timeouts: timeoutsOf(limits, method) }, read);
  };

  const streamable: Omit<Wire, "attach"> = {
    send,

    ask(connection, message) {
      const id = nextId();
      return post(connection, message, id, async (received) => {
        const response = await readAnswer(received, id, limits.eventLength);
        if (response === null) {
          return { kind: "unanswered", status: received.status };
        }
        if (response.kind === "error" && isAuthError(response.error, received.status)) {
          return { kind: "refused" };
        }
        return { kind: "answered", response, status: received.status, sessionId: received.header("mcp-session-id") };
      });
    },

    tell: (connection, message) =>
      post(connection, message, undefined, async ({ status }) =>
        status < 300
          ? { kind: "answered", response: { kind: "result", result: {} }, status, sessionId: null }
          : { kind: "unanswered", status },
      ),

    async end(connection) {
      const { headers } = frame(connection, { method: "" }, undefined);
      headers.delete("content-type");
      const timeouts = { headersTimeoutMs: END_TIMEOUT_MS, idleTimeoutMs: END_TIMEOUT_MS, totalMs: END_TIMEOUT_MS };
      const read = async ({ status }: EgressResponse): Promise<Reply> => ({ kind: "unanswered", status });
      await send({ method: "DELETE", headers, body: null, timeouts }, read);
    },
  };
  return withOldSse(streamable, parts, target, {
    timeoutsOf: (method) => timeoutsOf(limits, method),
    statusReply,
    failedReply,
  });
}

/** A header that an administrator has declared under the same name is theirs. */
function withWatch(
  protocol: ReadonlyMap<string, string>,
  watch: ReadonlyMap<string, string>,
  { staticHeaders, userHeaders }: CallHeaders,
): ReadonlyMap<string, string> {
  if (watch.size === 0) {
    return protocol;
  }
  const headers = new Map(protocol);
  const declared: readonly ReadonlyMap<string, unknown>[] = [staticHeaders, userHeaders];
  watch.forEach((value, name) => {
    if (!declared.some((names) => names.has(name))) headers.set(name, value);
  });
  return headers;
}

function timeoutsOf(limits: UpstreamLimits, method: string): Timeouts {
  const { headersTimeoutMs, idleTimeoutMs, requestTimeoutMs, callTimeoutMs } = limits;
  return method === "tools/call"
    ? { headersTimeoutMs: callTimeoutMs, idleTimeoutMs: callTimeoutMs, totalMs: callTimeoutMs }
    : { headersTimeoutMs, idleTimeoutMs, totalMs: requestTimeoutMs };
}

/**
 * Reads the answer to one request out of a response, which is JSON or a stream of events. Notifications and requests of
 * the server that come before it are passed over.
 *
 * @returns null when there is no answer in the body
 * @throws KeywardError `upstream_unreachable` when an event stream ends before its answer, `upstream_protocol`
 */
async function readAnswer(response: EgressResponse, id: number, eventLength: number): Promise<JsonRpcResponse | null> {
  switch (bodyKind(response)) {
    case "json":
      return responseTo(id, parseJson(await readText(response)), true);
    case "events":
      return readAnswerEvent(response, id, eventLength);
    case "neither":
      return null;
  }
}

async function readAnswerEvent(response: EgressResponse, id: number, eventLength: number): Promise<JsonRpcResponse> {
  let answer: JsonRpcResponse | null = null;
  await readEvents(response, eventLength, ({ data }) => {
    answer = responseTo(id, parseJson(data), false);
    return answer === null ? undefined : "enough";
  });
  if (answer === null) {
    // A stream that breaks loses its call; the caller asks again.
    throw new KeywardError("upstream_unreachable");
  }
  return answer;
}

/** What the status alone decides; null when the body has to be read. */
function statusReply(response: EgressResponse): NoAnswer | null {
  const { status } = response;
  if (status >= 300 && status < 400) {
    return { kind: "failed", code: "upstream_redirected", cause: null };
  }
  if (status === 401 || status === 403) {
    return { kind: "refused" };
  }
  // Asked for `identity` and compressed all the same: the body is not read, so a bomb stays on the wire.
  if ((response.header("content-encoding") ?? "identity").toLowerCase() !== "identity") {
    return { kind: "failed", code: "upstream_protocol", cause: "CONTENT_ENCODING" };
  }
  return isOutage(status) ? { kind: "unanswered", status } : null;
}

/** Overloaded or broken, whatever the body says: nothing is known about the request or its caller. */
function isOutage(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

/** The failure that a response without an answer amounts to. */
export function failureOfStatus(status: number): UpstreamFailureCode {
  return isOutage(status) ? "upstream_unreachable" : "upstream_protocol";
}

function failedReply(error: unknown): NoAnswer {
  const code = upstreamFailureCode(error);
  if (code === null) {
    throw error;
  }
  return { kind: "failed", code, cause: isKeywardError(error) ? causeName(error.cause) : null };
}

const FAILURE_CODES: readonly UpstreamFailureCode[] = [
  "upstream_unreachable",
  "upstream_redirected",
  "upstream_not_allowed",
  "upstream_protocol",
  "upstream_url_invalid",
];

/** The code of an error that the upstream or the way to it caused; null when the fault is on this side. */
export function upstreamFailureCode(error: unknown): UpstreamFailureCode | null {
  return FAILURE_CODES.find((code) => isKeywardError(error, code)) ?? null;
}

/** `ECONNREFUSED`, `UND_ERR_CONNECT_TIMEOUT`: the name of a cause, never its text, which may hold an address. */
function causeName(cause: unknown): string | null {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : null;
  return typeof code === "string" && /^[A-Z0-9_]{1,64}$/.test(code) ? code : null;
}
