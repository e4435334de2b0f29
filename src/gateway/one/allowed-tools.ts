import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { paramHeadersOf } from "../../core/param-headers.ts";
import type { ServerMessage } from "../../core/ports.ts";
import type { Access } from "../../core/access-port.ts";
import type { Shape } from "../call/shape.ts";
import { isAllowed } from "../catalog.ts";
import { resultOf } from "../jsonrpc.ts";
import { toolForEra } from "../tool.ts";
import type { ProtocolEra } from "../../core/server.ts";

/**
 * A server's own list of tools, without those that the allow lists of server and grant leave out, and without those whose
 * parameters may not be mirrored into headers as they ask (abuse case A36). Where there is nothing to leave out, and
 * nothing to translate, it passes as it is.
 */
export function onlyAllowed(access: Access, era: ProtocolEra, shape: Shape): Shape {
  return (response) => {
    const { result } = response.message;
    const tools = isJsonObject(result) ? result["tools"] : undefined;
    if (!isJsonObject(result) || !isList(tools)) {
      return shape(response);
    }
    const kept = tools.filter((tool) => isUsable(tool, access, response));
    const isSameEra = response.era === era;
    if (isSameEra && kept.length === tools.length) {
      return shape(response);
    }
    const shown = isSameEra ? kept : kept.flatMap((tool) => toolForEra(tool as JsonObject, era) ?? []);
    const filtered = { ...result, tools: shown };
    return shape({ ...response, message: { ...response.message, result: filtered } }) ?? resultOf(filtered);
  };
}

function isUsable(tool: JsonValue, access: Access, { era }: ServerMessage): boolean {
  if (!isJsonObject(tool)) {
    return false;
  }
  const { name, inputSchema } = tool;
  const isHostile = era === "modern" && paramHeadersOf(inputSchema) === null;
  return !isHostile && typeof name === "string" && isAllowed(access, name);
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
