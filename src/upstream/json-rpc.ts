import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

export interface JsonRpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
}

/** The answer to one request, its id taken off. */
export type JsonRpcResponse =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "error"; readonly error: JsonRpcError };

// Deeper than any real result; every recursion over upstream JSON relies on it.
const MAX_DEPTH = 128;

/** @returns null when the text is not JSON, or nested deeper than 128 levels */
export function parseJson(text: string): JsonValue | null {
  try {
    const value = JSON.parse(text) as JsonValue;
    // Each level takes two characters at the least.
    return text.length < 2 * MAX_DEPTH || isShallow(value, MAX_DEPTH) ? value : null;
  } catch {
    // The parser's own error quotes the text: it is the upstream's.
    return null;
  }
}

/** `Array.isArray` alone would make the items of unknown JSON `any`. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isShallow(value: JsonValue, levels: number): boolean {
  if (typeof value !== "object" || value === null) {
    return true;
  }
  return levels > 0 && Object.values(value).every((child: JsonValue) => isShallow(child, levels - 1));
}

/**
 * Finds the response to a request in what a server sent: one message, or a batch of them (2025-03-26).
 *
 * @param mayLackId accepts an error whose id is null, which servers send when they refuse a request before reading it
 * @returns null for notifications, requests and responses to others
 */
export function responseTo(id: number, received: JsonValue | null, mayLackId: boolean): JsonRpcResponse | null {
  const messages = isJsonArray(received) ? received : [received];
  for (const message of messages) {
    if (!isJsonObject(message) || "method" in message) continue;
    const error = errorIn(message);
    if (error !== null && (message["id"] === id || (mayLackId && (message["id"] ?? null) === null))) {
      return { kind: "error", error };
    }
    if (message["id"] === id && isJsonObject(message["result"])) {
      return { kind: "result", result: message["result"] };
    }
  }
  return null;
}

/** The error of a response; null when it has none that is whole. */
export function errorIn({ error }: JsonObject): JsonRpcError | null {
  if (!isJsonObject(error) || typeof error["code"] !== "number" || typeof error["message"] !== "string") {
    return null;
  }
  const { code, message, data } = error;
  return data === undefined ? { code, message } : { code, message, data };
}

// HTTP's numbers as JSON-RPC codes. The text of a message decides nothing: a tool may mention "unauthorized" for reasons
// of its own (abuse case A57).
const AUTH_ERROR_CODES: ReadonlySet<number> = new Set([401, 403, -32_401, -32_403]);

// What servers use that keep HTTP at 200, so that clients show the reason. With 404 and 400 the same code is the official
// SDK's "session not found", and with a `timeout` in its data it is that SDK's request timeout, passed on by a proxy.
const UNAUTHORIZED = -32_001;

/**
 * Whether a JSON-RPC error says that the caller is not authorised.
 * @param status of the HTTP response that carried it
 */
export function isAuthError({ code, data }: JsonRpcError, status: number): boolean {
  const isTimeout = isJsonObject(data) && typeof data["timeout"] === "number";
  return AUTH_ERROR_CODES.has(code) || (code === UNAUTHORIZED && status < 300 && !isTimeout);
}
