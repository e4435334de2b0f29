import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { memberSpans } from "../core/json-text.ts";

export const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;
export const INTERNAL_ERROR = -32_603;
/** Until 2025-11-25; 2026-07-28 says invalid parameters instead. */
export const RESOURCE_NOT_FOUND = -32_002;
/** Keyward's own, in the range that is each implementation's: a person has to give a key first. */
export const AUTH_REQUIRED = -32_010;
/** 2025-11-25 only: removed from the next revision. */
export const URL_ELICITATION_REQUIRED = -32_042;
/** What the official SDK answers to a session that it does not know. */
export const SESSION_NOT_FOUND = -32_001;
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

interface Rpc {
  /** The whole message as JSON text. */
  readonly text: string;
}

export interface RpcRequest extends Rpc {
  readonly kind: "request";
  readonly id: RpcId;
  readonly method: string;
  readonly params: JsonObject;
}

export interface RpcNotification extends Rpc {
  readonly kind: "notification";
  readonly method: string;
  readonly params: JsonObject;
}

/** A client's answer to a request of its server. */
export interface RpcResponse extends Rpc {
  readonly kind: "response";
}

/** One parsed body. */
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse | Invalid;

interface Invalid {
  readonly kind: "invalid";
  readonly why: string;
}

const MEMBERS: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);

/**
 * Members that the protocol does not define are ignored. A batch is refused in every revision: 2025-06-18 removed them,
 * and one body of many calls would slip under every limit that counts requests.
 *
 * The text goes on to a server, whose parser may read it differently: so a name that stands twice, or that differs from
 * one of the protocol's by its case alone, is refused rather than judged by one reading and executed by another.
 */
export function parseMessage({ text, value }: { readonly text: string; readonly value: JsonValue }): RpcMessage {
  if (Array.isArray(value)) {
    return invalid("Batches are not accepted: send one message per request.");
  }
  if (!isJsonObject(value) || value["jsonrpc"] !== "2.0") {
    return invalid("The body is not a JSON-RPC 2.0 message.");
  }
  const { members, isAmbiguous } = memberSpans(text);
  if (isAmbiguous || members.keys().some((name) => !MEMBERS.has(name) && MEMBERS.has(folded(name)))) {
    return invalid("Each member of the message stands once, in lower case.");
  }
  if (!("method" in value)) {
    const isResponse = "result" in value || "error" in value;
    return isResponse ? { kind: "response", text } : invalid("The message has no method.");
  }
  const params = members.get("params");
  if (params !== undefined && isJsonObject(value["params"]) && !arePlain(text, params.start, value["params"])) {
    return invalid("Each parameter stands once, and none differs from another by its case alone.");
  }
  return parseCall(value, text);
}

function arePlain(text: string, start: number, params: JsonObject): boolean {
  const { members, isAmbiguous } = memberSpans(text, start);
  if (isAmbiguous || new Set(members.keys().map(folded)).size !== members.size) {
    return false;
  }
  // The envelope settles the era, and what the client can be asked for.
  const meta = members.get("_meta");
  return meta === undefined || !isJsonObject(params["_meta"]) || !memberSpans(text, meta.start).isAmbiguous;
}

/** As parsers fold names that ignore case: to some, a long s (U+017F) is an s, and a Kelvin sign (U+212A) a k. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function parseCall({ id, method, params = {} }: JsonObject, text: string): RpcMessage {
  if (typeof method !== "string" || !isJsonObject(params)) {
    return invalid("method is a string and params is an object.");
  }
  if (id === undefined) {
    return { kind: "notification", method, params, text };
  }
  return isId(id) ? { kind: "request", id, method, params, text } : invalid("id is a string or an integer.");
}

function invalid(why: string): Invalid {
  return { kind: "invalid", why };
}

// JSON.parse rounds integers beyond 2^53: the answer would carry another id than the question.
function isId(id: JsonValue): id is RpcId {
  return typeof id === "string" || Number.isSafeInteger(id);
}

/** The error of a server's response; null when it has none that is whole. */
export function rpcErrorOf({ error }: JsonObject): RpcError | null {
  if (!isJsonObject(error) || typeof error["code"] !== "number" || typeof error["message"] !== "string") {
    return null;
  }
  const { code, message, data } = error;
  return data === undefined ? { code, message } : { code, message, data };
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
