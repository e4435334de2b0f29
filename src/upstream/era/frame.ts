import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { McpMessage } from "../../core/ports.ts";
import { type Connection, MODERN_VERSION } from "./connection.ts";
import { encodeHeaderText, paramHeadersOf, paramHeaderValues } from "./param-headers.ts";

/** A message as one era writes it: the protocol's headers and the parameters with what the era adds to them. */
export interface Frame {
  readonly headers: Map<string, string>;
  readonly params: JsonObject | undefined;
}

export const CLIENT_INFO: JsonObject = { name: "keyward", version: "1" };

const RESERVED_META = "io.modelcontextprotocol/";

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
  const headers = new Map([
    ["content-type", "application/json"],
    ["accept", "application/json, text/event-stream"],
    // A compressed body could be small on the wire and endless in memory.
    ["accept-encoding", "identity"],
  ]);
  if (connection.protocolVersion !== null) {
    headers.set("mcp-protocol-version", connection.protocolVersion);
  }
  if (connection.sessionId !== null) {
    headers.set("mcp-session-id", connection.sessionId);
  }
  return connection.era === "modern" ? modernFrame(headers, message, tool) : { headers, params: legacyParams(message) };
}

function modernFrame(headers: Map<string, string>, message: McpMessage, tool: JsonObject | undefined): Frame {
  headers.set("mcp-method", encodeHeaderText(message.method));
  const name = message.params?.[NAMED_BY[message.method] ?? ""];
  if (typeof name === "string") {
    headers.set("mcp-name", encodeHeaderText(name));
  }
  if (message.method === "tools/call") {
    const mirrored = paramHeadersOf(tool?.["inputSchema"]) ?? [];
    for (const [header, value] of paramHeaderValues(mirrored, message.params?.["arguments"])) {
      headers.set(header, value);
    }
  }
  const meta = {
    ...foreignMeta(message),
    [`${RESERVED_META}protocolVersion`]: MODERN_VERSION,
    // Nothing is declared, so the server asks for nothing that Keyward would have to pass on.
    [`${RESERVED_META}clientCapabilities`]: {},
    [`${RESERVED_META}clientInfo`]: CLIENT_INFO,
  };
  return { headers, params: { ...message.params, _meta: meta } };
}

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
