import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

export const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;
export const INTERNAL_ERROR = -32_603;
/** Until 2025-11-25; 2026-07-28 says invalid parameters instead. */
export const RESOURCE_NOT_FOUND = -32_002;
/** Keyward's own, in the range that is each implementation's: a person has to give a key first. */
export const AUTH_REQUIRED = -32_010;
export const HEADER_MISMATCH = -32_020;
export const UNSUPPORTED_PROTOCOL_VERSION = -32_022;

export type RpcId = string | number;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
}

/** What a request is answered with, its id apart. */
export type RpcAnswer =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "error"; readonly error: RpcError };

export interface RpcRequest {
  readonly kind: "request";
  readonly id: RpcId;
  readonly method: string;
  readonly params: JsonObject;
}

export interface RpcNotification {
  readonly kind: "notification";
  readonly method: string;
  readonly params: JsonObject;
}

/** One parsed body. */
export type RpcMessage =
  | RpcRequest
  | RpcNotification
  /** A client's answer to a request of ours: there are none yet, so it is taken and dropped. */
  | { readonly kind: "response" }
  | { readonly kind: "invalid"; readonly why: string };

/**
 * Members that the protocol does not define are ignored. A batch is refused in every revision: 2025-06-18 removed them,
 * and one body of many calls would slip under every limit that counts requests.
 */
export function parseMessage(body: JsonValue): RpcMessage {
  if (Array.isArray(body)) {
    return { kind: "invalid", why: "Batches are not accepted: send one message per request." };
  }
  if (!isJsonObject(body) || body["jsonrpc"] !== "2.0") {
    return { kind: "invalid", why: "The body is not a JSON-RPC 2.0 message." };
  }
  if (!("method" in body)) {
    const isResponse = "result" in body || "error" in body;
    return isResponse ? { kind: "response" } : { kind: "invalid", why: "The message has no method." };
  }
  return parseCall(body);
}

function parseCall({ id, method, params = {} }: JsonObject): RpcMessage {
  if (typeof method !== "string" || !isJsonObject(params)) {
    return { kind: "invalid", why: "method is a string and params is an object." };
  }
  if (id === undefined) {
    return { kind: "notification", method, params };
  }
  return isId(id) ? { kind: "request", id, method, params } : { kind: "invalid", why: "id is a string or an integer." };
}

// JSON.parse rounds integers beyond 2^53: the answer would carry another id than the question.
function isId(id: JsonValue): id is RpcId {
  return typeof id === "string" || Number.isSafeInteger(id);
}

export function resultOf(result: JsonObject): RpcAnswer {
  return { kind: "result", result };
}

export function errorOf(code: number, message: string, data?: JsonValue): RpcAnswer {
  return { kind: "error", error: data === undefined ? { code, message } : { code, message, data } };
}

/** The body of an HTTP answer. `id` is null when the request's could not be read. */
export function responseBody(id: RpcId | null, answer: RpcAnswer): JsonObject {
  if (answer.kind === "result") {
    return { jsonrpc: "2.0", id, result: answer.result };
  }
  return { jsonrpc: "2.0", id, error: { ...answer.error } };
}
