import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { ProtocolEra } from "../core/server.ts";
import { areIcons, cleanObject, type KeyedItem } from "./clean.ts";
import { paramHeadersOf } from "../core/param-headers.ts";

// Visible ASCII: what every revision allows, and what a name that is shown and called may be made of.
const NAME = /^[\x21-\x7e]{1,128}$/;

/** A tool's definition, cleaned; null when it cannot be used in that era. */
export function cleanTool(candidate: JsonObject, era: ProtocolEra): KeyedItem | null {
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
  return { key: name, item: { ...cleaned, name, inputSchema: cleanObject({ type: "object", ...inputSchema }) } };
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
      return areIcons(value);
    default:
      return true;
  }
}
