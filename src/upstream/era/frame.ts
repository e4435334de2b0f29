import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { McpMessage } from "../../core/ports.ts";
import { paramHeadersOf } from "../../core/param-headers.ts";
import { CLIENT_INFO } from "../../core/peer.ts";
import { type Connection, MODERN_VERSION } from "./connection.ts";
import { encodeHeaderText, paramHeaderValues } from "./param-headers.ts";

/** A message as one era writes it: the protocol's headers and the parameters with what the era adds to them. */
export interface Frame {
  readonly headers: Map<string, string>;
  readonly params: JsonObject | undefined;
}

export const RESERVED_META = "io.modelcontextprotocol/";

// The parameter that `Mcp-Name` repeats, by method.
const NAMED_BY: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/** @param tool the definition of the tool that is called, as far as it is known */
export function frame(connection: Connection, message: McpMessage, tool: JsonObject | undefined): Frame {
  const headers = protocolHeaders(connection, message, tool);
  return { headers, params: connection.era === "modern" ? modernParams(message) : legacyParams(message) };
}

/** The headers that the protocol wants of one POST. */
export function protocolHeaders(
  { era, protocolVersion, sessionId }: Connection,
  { method, params }: McpMessage,
  tool: JsonObject | undefined,
): Map<string, string> {
  const headers = new Map([
    ["content-type", "application/json"],
    ["accept", "application/json, text/event-stream"],
    // A compressed body could be small on the wire and endless in memory.
    ["accept-encoding", "identity"],
  ]);
  if (protocolVersion !== null) {
    headers.set("mcp-protocol-version", protocolVersion);
  }
  if (sessionId !== null) {
    headers.set("mcp-session-id", sessionId);
  }
  if (era === "modern") {
    addModernHeaders(headers, { method, params: params ?? {} }, tool);
  }
  return headers;
}

function addModernHeaders(
  headers: Map<string, string>,
  { method, params }: Required<McpMessage>,
  tool: JsonObject | undefined,
): void {
  headers.set("mcp-method", encodeHeaderText(method));
  const name = params[NAMED_BY[method] ?? ""];
  if (typeof name === "string") {
    headers.set("mcp-name", encodeHeaderText(name));
  }
  if (method === "tools/call" && tool !== undefined) {
    const mirrored = paramHeadersOf(tool["inputSchema"]) ?? [];
    for (const [header, value] of paramHeaderValues(mirrored, params["arguments"])) {
      headers.set(header, value);
    }
  }
}

function modernParams(message: McpMessage): JsonObject {
  return { ...message.params, _meta: { ...foreignMeta(message), ...ENVELOPE } };
}

/** What 2026-07-28 wants in `_meta` of each request of Keyward's own. Nothing is declared: nobody could answer. */
export const ENVELOPE: JsonObject = {
  [`${RESERVED_META}protocolVersion`]: MODERN_VERSION,
  [`${RESERVED_META}clientCapabilities`]: {},
  [`${RESERVED_META}clientInfo`]: CLIENT_INFO,
};

function legacyParams({ method, params }: McpMessage): JsonObject | undefined {
  if (params === undefined || !("_meta" in params)) {
    return params;
  }
  const { _meta: _, ...rest } = params;
  const meta = foreignMeta({ method, params });
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
}

/**
 * The caller's `_meta` without what belongs to its own connection: the envelope of its revision, and its progress token,
 * which could equal another caller's in a shared upstream session.
 */
function foreignMeta({ params }: McpMessage): JsonObject {
  const meta = params?.["_meta"];
  if (!isJsonObject(meta)) {
    return {};
  }
  return Object.fromEntries(
    Object.entries(meta).filter(([key]) => !key.startsWith(RESERVED_META) && key !== "progressToken"),
  );
}
