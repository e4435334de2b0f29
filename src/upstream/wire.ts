import { isKeywardError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { CallHeaders, Clock, McpMessage, UpstreamFailureCode } from "../core/ports.ts";
import type { Egress, EgressResponse } from "./egress/door.ts";
import type { Connection } from "./era/connection.ts";
import { frame } from "./era/frame.ts";
import { injectHeaders } from "./inject.ts";
import { isAuthError, type JsonRpcResponse } from "./json-rpc.ts";
import type { UpstreamLimits } from "./limits.ts";
import type { Channels } from "./old-sse/channels.ts";
import { type Attached, withOldSse } from "./old-sse/old-wire.ts";
import { readResponse } from "./response.ts";

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

/** One caller's line to one server: every request on it carries the same headers, and no other headers than these. */
export interface Wire {
  /** Sends a request and waits for its answer. */
  ask(connection: Connection, message: McpMessage): Promise<Reply>;
  /** Sends a notification; what HTTP accepts counts as an empty result. */
  tell(connection: Connection, message: McpMessage): Promise<Reply>;
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
}

export interface WireTarget {
  readonly serverId: string;
  readonly url: URL;
  readonly call: CallHeaders;
  readonly signal: AbortSignal;
  /** Tool definitions, for the parameters that a modern server wants to see in headers. */
  readonly tools: readonly JsonObject[];
}

export interface WireTimeouts {
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly totalMs: number;
}

export interface WireRequest {
  readonly method: "POST" | "DELETE";
  /** Default: the server's. */
  readonly url?: URL;
  readonly headers: Map<string, string>;
  readonly body: string | null;
}

const END_TIMEOUT_MS = 2_000;

/** @throws KeywardError from each method when the headers may not go to the URL; see `injectHeaders` */
export function createWire(parts: WireParts, target: WireTarget): Wire {
  const { egress, clock, limits, nextId } = parts;
  const { url, call, signal, tools } = target;
  const timeoutsOf = (method: string): WireTimeouts => {
    const { headersTimeoutMs, idleTimeoutMs, requestTimeoutMs, callTimeoutMs } = limits;
    return method === "tools/call"
      ? { headersTimeoutMs: callTimeoutMs, idleTimeoutMs: callTimeoutMs, totalMs: callTimeoutMs }
      : { headersTimeoutMs, idleTimeoutMs, totalMs: requestTimeoutMs };
  };

  const exchange = async (
    request: WireRequest,
    { totalMs, ...timeouts }: WireTimeouts,
    read: (response: EgressResponse) => Promise<Reply>,
  ): Promise<Reply> => {
    const to = request.url ?? url;
    const headers = injectHeaders(to, request.headers, call);
    const deadline = new AbortController();
    const cancel = clock.schedule(totalMs, () => deadline.abort());
    let response: EgressResponse | null = null;
    try {
      response = await egress.send({
        ...request,
        ...timeouts,
        url: to,
        headers,
        signal: AbortSignal.any([signal, deadline.signal]),
      });
      return statusReply(response) ?? (await read(response));
    } catch (error) {
      return failedReply(error);
    } finally {
      cancel();
      response?.discard();
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
    return exchange({ method: "POST", headers, body }, timeoutsOf(method), read);
  };

  const streamable: Omit<Wire, "attach"> = {
    ask(connection, message) {
      const id = nextId();
      return post(connection, message, id, async (received) => {
        const response = await readResponse(received, id, limits.eventLength);
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
      await exchange({ method: "DELETE", headers, body: null }, timeouts, async ({ status }) => ({
        kind: "unanswered",
        status,
      }));
    },
  };
  return withOldSse(streamable, parts, target, { exchange, timeoutsOf, statusReply, failedReply });
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
