import type { IncomingHttpHeaders } from "node:http";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { paramHeadersOf, paramTexts } from "../core/param-headers.ts";
import { errorOf, HEADER_MISMATCH } from "./jsonrpc.ts";
import { decodeHeaderText } from "./negotiate.ts";

/** Answered with HTTP 400. */
export const PARAM_MISMATCH = errorOf(HEADER_MISMATCH, "Header mismatch: an Mcp-Param header differs from the body.");

/**
 * Whether the `Mcp-Param-*` headers of a call say what its arguments say (2026-07-28): whoever routes by the headers and
 * whoever executes the body must not be told different things. Headers that the tool does not ask for are not judged.
 */
export function isMirrored(
  definition: JsonObject | undefined,
  args: JsonValue | undefined,
  headers: IncomingHttpHeaders,
): boolean {
  const mirrored = definition === undefined ? [] : (paramHeadersOf(definition["inputSchema"]) ?? []);
  const texts = paramTexts(mirrored, args);
  return mirrored.every(({ name }) => {
    const header = headers[name];
    const said = typeof header === "string" ? decodeHeaderText(header) : undefined;
    return said === texts.get(name);
  });
}
