import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { ProtocolEra } from "../core/server.ts";
import { isJsonArray } from "./json-rpc.ts";

/**
 * What servers list and say of themselves comes from outside and is read by a model. Here it is capped, cleaned of what
 * a reader cannot see, and put into an order of its own; what it says stays untrusted text.
 */

/** Of one list of one server. */
export const MAX_ITEMS = 1_000;
const MAX_TEXT = 8_192;
const MAX_ITEM_LENGTH = 65_536;
const MAX_ALL_LENGTH = 4 * 1024 * 1024;
const MAX_ICONS_LENGTH = 4_096;
const MAX_HELLO_LENGTH = 4_096;

// Control characters but tab and newline, invisible marks, line separators, bidirectional overrides, and the tag block,
// which spells ASCII that only a model reads.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

export interface CleanItems {
  /** Sorted by name or URI, each once. */
  readonly items: readonly JsonObject[];
  /** How many could not be used. */
  readonly omitted: number;
}

/** An item by what tells it from the others of its list. */
export interface KeyedItem {
  readonly key: string;
  readonly item: JsonObject;
}

/**
 * One odd item costs itself, never the list (decision D11 of the design).
 * @param clean returns null for an item that cannot be used
 */
export function cleanList(
  received: readonly JsonValue[],
  clean: (candidate: JsonObject) => KeyedItem | null,
): CleanItems {
  const byKey = new Map<string, JsonObject>();
  let length = 0;
  for (const candidate of received) {
    const cleaned = byKey.size < MAX_ITEMS && isJsonObject(candidate) ? clean(candidate) : null;
    const size = cleaned === null ? 0 : JSON.stringify(cleaned.item).length;
    if (cleaned === null || byKey.has(cleaned.key)) continue;
    if (size > MAX_ITEM_LENGTH || length + size > MAX_ALL_LENGTH) continue;
    length += size;
    byKey.set(cleaned.key, cleaned.item);
  }
  const items = [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  return { items, omitted: received.length - items.length };
}

/** Icons that clients can be expected to take; they refuse a whole list for those of a wrong kind. */
export function areIcons(value: JsonValue): boolean {
  return Array.isArray(value) && JSON.stringify(value).length <= MAX_ICONS_LENGTH;
}

export function cleanObject(object: JsonObject): JsonObject {
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
  return cleanHello(era === "legacy" ? hello["serverInfo"] : isJsonObject(meta) ? meta[SERVER_INFO_KEY] : undefined);
}

const SERVER_INFO_KEY = "io.modelcontextprotocol/serverInfo";

/** An object of what a server says of itself; null when there is none, or too much of it. */
export function cleanHello(part: JsonValue | undefined): JsonObject | null {
  return isJsonObject(part) && JSON.stringify(part).length <= MAX_HELLO_LENGTH ? cleanObject(part) : null;
}
