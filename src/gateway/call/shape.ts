import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { ServerMessage } from "../../core/ports.ts";
import type { ProtocolEra } from "../../core/server.ts";
import { rewriteResult } from "../all/rewrite-result.ts";
import { CANNOT_BE_PASSED_ON } from "../failure-text.ts";
import { errorOf, INTERNAL_ERROR, resultOf, type RpcAnswer, rpcErrorOf } from "../jsonrpc.ts";
import { dressAnswer, namesServer, passError, passToolResult } from "../result.ts";

/** A server's response in the client's terms; null = as it is. */
export type Shape = (response: ServerMessage) => RpcAnswer | null;

export interface ShapeOptions {
  readonly era: ProtocolEra;
  readonly method: string;
  /** Of the tool that is called, as far as it is known. */
  readonly definition: JsonObject | undefined;
}

/** `/mcp/<server>`: where client and server share an era, every byte is the server's. */
export function transparentShape(options: ShapeOptions): Shape {
  return (response) => (response.era === options.era ? null : inOtherEra(response, options));
}

/** `/mcp`: names and URIs get the server's name; the server that the client talks to is this one. */
export function aggregateShape(options: ShapeOptions, serverName: string, serverInfo: JsonObject): Shape {
  return (response) => {
    const error = rpcErrorOf(response.message);
    if (error !== null) {
      return dressAnswer(passError(error, options.era), options.era, serverInfo);
    }
    const { result } = response.message;
    if (!isJsonObject(result)) {
      return null;
    }
    const passed = passResult(rewriteResult(serverName, result), response.era, options);
    const isUnchanged = passed.kind === "result" && passed.result === result;
    const isAsItIs = isUnchanged && response.era === options.era && !namesServer(result);
    return isAsItIs ? null : dressAnswer(passed, options.era, serverInfo);
  };
}

function inOtherEra(response: ServerMessage, options: ShapeOptions): RpcAnswer | null {
  const error = rpcErrorOf(response.message);
  if (error !== null) {
    return dressAnswer(passError(error, options.era), options.era, null);
  }
  const { result } = response.message;
  return isJsonObject(result) ? dressAnswer(passResult(result, response.era, options), options.era, null) : null;
}

function passResult(result: JsonObject, from: ProtocolEra, { era, method, definition }: ShapeOptions): RpcAnswer {
  if (method === "tools/call" && (from !== era || era === "legacy")) {
    return resultOf(passToolResult(result, era, definition));
  }
  if (from === era) {
    return resultOf(result);
  }
  if ((result["resultType"] ?? "complete") !== "complete") {
    return errorOf(INTERNAL_ERROR, CANNOT_BE_PASSED_ON);
  }
  return resultOf(CACHEABLE.has(method) ? withCache(result, era) : result);
}

const CACHEABLE: ReadonlySet<string> = new Set([
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "resources/read",
]);

/** What was read with one person's key is that person's; a legacy server says nothing of how long it holds. */
function withCache(result: JsonObject, era: ProtocolEra): JsonObject {
  const { ttlMs: _ttlMs, cacheScope: _cacheScope, ...rest } = result;
  return era === "modern" ? { ...rest, ttlMs: 0, cacheScope: "private" } : rest;
}
