import { ERROR_TABLE, type ErrorCode } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { ProtocolEra } from "../core/server.ts";
import {
  errorOf,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  RESOURCE_NOT_FOUND,
  resultOf,
  type RpcAnswer,
  type RpcError,
  URL_ELICITATION_REQUIRED,
} from "./jsonrpc.ts";
import { CANNOT_BE_PASSED_ON } from "./failure-text.ts";
import { RESERVED_META } from "./negotiate.ts";
import { legacyStructuredContent } from "./output-schema.ts";

export const SERVER_INFO = `${RESERVED_META}serverInfo`;

/** Whether a result says which server made it. */
export function namesServer({ _meta }: JsonObject): boolean {
  return isJsonObject(_meta) && SERVER_INFO in _meta;
}

/** A result that the model reads and can act on. */
export function toolFailure(text: string): JsonObject {
  return { content: [{ type: "text", text }], isError: true };
}

/** Not known, rather than not there: the same call may succeed later. Never a 401 and never a link (promise P10). */
export function unavailable(code: ErrorCode): RpcAnswer {
  const { message, retryable } = ERROR_TABLE[code];
  return errorOf(INTERNAL_ERROR, message, { code, retryable });
}

/** What keeps a request from being served. A tool's caller is a model, which reads results; all else gets an error. */
export function failureFor(method: string, code: ErrorCode, text: string): RpcAnswer {
  return method === "tools/call"
    ? resultOf(toolFailure(text))
    : errorOf(INTERNAL_ERROR, text, { code, retryable: ERROR_TABLE[code].retryable });
}

/**
 * Adds to a result what a client's era requires of every one, and takes away what it does not know.
 * @param serverInfo who answers; null = the server itself, which has said so or not
 */
export function dressAnswer(answer: RpcAnswer, era: ProtocolEra, serverInfo: JsonObject | null): RpcAnswer {
  return answer.kind === "error" ? answer : resultOf(dressResult(answer.result, era, serverInfo));
}

function dressResult(result: JsonObject, era: ProtocolEra, serverInfo: JsonObject | null): JsonObject {
  const { resultType = "complete", ...plain } = result;
  const { _meta, ...rest } = plain;
  if (era === "modern") {
    const own = isJsonObject(_meta) ? _meta : {};
    const meta = serverInfo === null ? own : { ...own, [SERVER_INFO]: serverInfo };
    return { ...rest, resultType, ...(Object.keys(meta).length === 0 ? {} : { _meta: meta }) };
  }
  if (!isJsonObject(_meta) || !namesServer(result)) {
    return plain;
  }
  const { [SERVER_INFO]: _upstream, ...meta } = _meta;
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
}

/** An upstream's tool result for a client's era. Members that the protocol does not define pass as they are. */
export function passToolResult(result: JsonObject, era: ProtocolEra, tool: JsonObject | undefined): JsonObject {
  const { resultType = "complete", structuredContent } = result;
  if (resultType !== "complete") {
    // No capability was declared, so none may be asked for; and a client could only answer to this gateway.
    return toolFailure(CANNOT_BE_PASSED_ON);
  }
  const object = era === "legacy" ? legacyStructuredContent(structuredContent, tool?.["outputSchema"]) : undefined;
  return object === undefined ? result : { ...result, structuredContent: object };
}

const FIRST_SPECIFIED = -32_020;
const LAST_SPECIFIED = -32_022;

/** An upstream's JSON-RPC error for a client's era. */
export function passError(error: RpcError, era: ProtocolEra): RpcAnswer {
  // Header, capability and version errors are about the upstream connection: a client would correct its own for nothing.
  if (error.code <= FIRST_SPECIFIED && error.code >= LAST_SPECIFIED) {
    return { kind: "error", error: { ...error, code: INTERNAL_ERROR } };
  }
  if (era === "modern" && error.code === RESOURCE_NOT_FOUND) {
    return { kind: "error", error: { ...error, code: INVALID_PARAMS } };
  }
  if (era === "modern" && error.code === URL_ELICITATION_REQUIRED) {
    return resultOf(toolFailure(elicitationText(error)));
  }
  return { kind: "error", error };
}

// 2026-07-28 has removed the error; as text it reaches every client.
function elicitationText({ message, data }: RpcError): string {
  const elicitations = isJsonObject(data) && Array.isArray(data["elicitations"]) ? data["elicitations"] : [];
  const lines = elicitations.filter(isJsonObject).map(({ message, url }) => [message, url].filter(isText).join(": "));
  return [message, ...lines].filter((line) => line !== "").join("\n");
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
