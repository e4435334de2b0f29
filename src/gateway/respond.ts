import type { ServerResponse } from "node:http";
import { ERROR_TABLE, type ErrorCode, type KeywardError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR, responseBody, type RpcAnswer, type RpcId } from "./jsonrpc.ts";

/** One HTTP answer, before it is written. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null = no body. */
  readonly body: JsonObject | null;
}

/** For a session that its client has ended. */
export const ENDED: HttpAnswer = { status: 200, body: null };

/** For a notification or a response. */
export const ACCEPTED: HttpAnswer = { status: 202, body: null };

export function answer(id: RpcId | null, status: number, rpc: RpcAnswer): HttpAnswer {
  return { status, body: responseBody(id, rpc) };
}

const REFUSAL_HEADERS: Partial<Record<ErrorCode, Readonly<Record<string, string>>>> = {
  method_not_allowed: { allow: "POST, GET, DELETE" },
  // The window is a minute, and when it began is not told.
  rate_limited: { "retry-after": "60" },
};

/** What is refused before it is served: the status says it to HTTP, the body to a client that reads JSON-RPC. */
export function refusal(error: KeywardError, id: RpcId | null): HttpAnswer {
  const { code, message, status } = error;
  const rpcCode = code === "invalid_json" ? PARSE_ERROR : status >= 500 ? INTERNAL_ERROR : INVALID_REQUEST;
  const data = { code, retryable: ERROR_TABLE[code].retryable };
  const headers = REFUSAL_HEADERS[code];
  const refused = answer(id, status, { kind: "error", error: { code: rpcCode, message, data } });
  return headers === undefined ? refused : { ...refused, headers };
}

/** Writes an answer; nothing when the client has gone. */
export function send(response: ServerResponse, { status, headers = {}, body }: HttpAnswer, requestId: string): void {
  if (body !== null) {
    sendJson(response, { status, headers, json: JSON.stringify(body) }, requestId);
  } else if (!response.destroyed) {
    response.writeHead(status, { "content-length": 0, ...COMMON, "x-request-id": requestId, ...headers });
    response.end();
  }
}

const COMMON = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/** Writes one JSON body; nothing when the client has gone. */
export function sendJson(
  response: ServerResponse,
  {
    status,
    headers,
    json,
  }: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly json: string },
  requestId: string,
): void {
  if (response.destroyed) {
    return;
  }
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(json),
    ...COMMON,
    "x-request-id": requestId,
    ...headers,
  });
  response.end(json);
}
