import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { ProtocolEra } from "../core/server.ts";
import { paramHeadersOf } from "./era/param-headers.ts";
import { isJsonArray } from "./json-rpc.ts";

/**
 * Tool definitions come from outside and are read by a model. Here they are capped, cleaned of what a reader cannot see,
 * and put into an order of their own; what they say stays untrusted text.
 */

export const MAX_TOOLS = 1_000;
const MAX_TEXT = 8_192;
const MAX_TOOL_LENGTH = 65_536;
const MAX_ALL_LENGTH = 4 * 1024 * 1024;
const MAX_ICONS_LENGTH = 4_096;
const MAX_SERVER_INFO_LENGTH = 4_096;

// Visible ASCII: what every revision allows, and what a name that is shown and called may be made of.
const NAME = /^[\x21-\x7e]{1,128}$/;

// Control characters but tab and newline, invisible marks, line separators, bidirectional overrides, and the tag block,
// which spells ASCII that only a model reads.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

export interface CleanTools {
  /** Sorted by name, each name once. */
  readonly tools: readonly JsonObject[];
  /** How many definitions could not be used. */
  readonly omitted: number;
}

/** One odd tool costs itself, never the list (decision D11 of the design). */
export function cleanTools(received: readonly JsonValue[], era: ProtocolEra): CleanTools {
  const byName = new Map<string, JsonObject>();
  let length = 0;
  for (const candidate of received) {
    const tool = byName.size < MAX_TOOLS ? cleanTool(candidate, era) : null;
    const size = tool === null ? 0 : JSON.stringify(tool).length;
    if (tool === null || byName.has(tool.name) || size > MAX_TOOL_LENGTH || length + size > MAX_ALL_LENGTH) continue;
    length += size;
    byName.set(tool.name, tool);
  }
  const tools = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, tool]) => tool);
  return { tools, omitted: received.length - tools.length };
}

function cleanTool(candidate: JsonValue, era: ProtocolEra): (JsonObject & { readonly name: string }) | null {
  if (!isJsonObject(candidate)) {
    return null;
  }
  const { name, inputSchema = {} } = candidate;
  if (typeof name !== "string" || !NAME.test(name) || !isJsonObject(inputSchema)) {
    return null;
  }
  // Clients refuse a whole list for one schema that describes no object.
  if ((inputSchema["type"] ?? "object") !== "object" || (era === "modern" && paramHeadersOf(inputSchema) === null)) {
    return null;
  }
  const rest = Object.entries(candidate).filter(([key, value]) => isOfItsKind(key, value));
  const cleaned = cleanObject(Object.fromEntries(rest));
  return { ...cleaned, name, inputSchema: cleanObject({ type: "object", ...inputSchema }) };
}

/** Whether an optional member is what clients expect there; they refuse a whole list for one that is not. */
function isOfItsKind(key: string, value: JsonValue): boolean {
  switch (key) {
    case "description":
    case "title":
      return typeof value === "string";
    case "annotations":
    case "outputSchema":
    case "execution":
    case "_meta":
      return isJsonObject(value);
    case "icons":
      return Array.isArray(value) && JSON.stringify(value).length <= MAX_ICONS_LENGTH;
    default:
      return true;
  }
}

function cleanObject(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, cleanValue(value)]));
}

function cleanValue(value: JsonValue): JsonValue {
  if (typeof value === "string") return cleanText(value);
  if (isJsonArray(value)) return value.map(cleanValue);
  return isJsonObject(value) ? cleanObject(value) : value;
}

/** Text without what cannot be seen, at most 8,192 characters of it. */
export function cleanText(text: string): string {
  const seen = text.replaceAll(UNSEEN, "");
  return seen.length > MAX_TEXT ? `${seen.slice(0, MAX_TEXT - 1)}…` : seen;
}

/** What `initialize` or `server/discover` says about the server; null when it says nothing usable. */
export function cleanServerInfo(hello: JsonObject, era: ProtocolEra): JsonObject | null {
  const meta = hello["_meta"];
  const info = era === "legacy" ? hello["serverInfo"] : isJsonObject(meta) ? meta[SERVER_INFO_KEY] : null;
  if (!isJsonObject(info) || JSON.stringify(info).length > MAX_SERVER_INFO_LENGTH) {
    return null;
  }
  return cleanObject(info);
}

const SERVER_INFO_KEY = "io.modelcontextprotocol/serverInfo";
