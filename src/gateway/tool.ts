import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { ProtocolEra } from "../core/server.ts";
import { legacyOutput, withObjectProperties } from "./output-schema.ts";

/**
 * A tool's definition as clients of an era accept it. Official clients check a list as a whole, so one member of a wrong
 * type in one tool hides all tools: such members are left away. What the protocol does not define is kept.
 *
 * @param tool the definition as the server sent it; its name has been checked
 * @returns null when the tool cannot be described: its input is no object
 */
export function toolForEra(tool: JsonObject, era: ProtocolEra): JsonObject | null {
  const inputSchema = inputSchemaFor(tool["inputSchema"], era);
  if (inputSchema === null) {
    return null;
  }
  const kept = Object.entries(tool).filter(
    ([member, value]) => !REPLACED.has(member) && (MEMBERS.get(member)?.(value) ?? true),
  );
  const outputSchema = outputSchemaFor(tool["outputSchema"], era);
  const execution = executionFor(tool["execution"], era);
  return {
    ...Object.fromEntries(kept),
    inputSchema,
    ...(outputSchema === null ? {} : { outputSchema }),
    ...(execution === null ? {} : { execution }),
  };
}

const REPLACED: ReadonlySet<string> = new Set(["inputSchema", "outputSchema", "execution"]);

type Check = (value: JsonValue) => boolean;

const isString: Check = (value) => typeof value === "string";
const isBoolean: Check = (value) => typeof value === "boolean";
const isStringList: Check = (value) => Array.isArray(value) && value.every(isString);

// Optional members of a tool, of its annotations and of an icon; the same in every revision.
const MEMBERS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["title", isString],
  ["description", isString],
  ["annotations", (value) => hasMembers(value, ANNOTATIONS)],
  ["icons", (value) => Array.isArray(value) && value.every(isIcon)],
  ["_meta", isJsonObject],
]);

const ANNOTATIONS: ReadonlyMap<string, Check> = new Map([
  ["title", isString],
  ["readOnlyHint", isBoolean],
  ["destructiveHint", isBoolean],
  ["idempotentHint", isBoolean],
  ["openWorldHint", isBoolean],
]);

const ICON: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["src", isString],
  ["mimeType", isString],
  ["sizes", isStringList],
  ["theme", (value) => value === "light" || value === "dark"],
]);

function isIcon(icon: JsonValue): boolean {
  return isJsonObject(icon) && "src" in icon && hasMembers(icon, ICON);
}

function hasMembers(value: JsonValue, members: ReadonlyMap<string, Check>): boolean {
  return isJsonObject(value) && Object.entries(value).every(([name, part]) => members.get(name)?.(part) ?? true);
}

/** Absent, or without a type, it can only mean an object: a tool's arguments always are one. */
function inputSchemaFor(schema: JsonValue = {}, era: ProtocolEra): JsonObject | null {
  if (!isJsonObject(schema)) {
    return null;
  }
  const { type = "object", properties = {}, required = [], $schema = "" } = schema;
  const isObject = type === "object" || (Array.isArray(type) && type.includes("object"));
  if (!isObject || !arePropertySchemas(properties) || !isStringList(required) || !isString($schema)) {
    return null;
  }
  const normal = { ...schema, type: "object" };
  return era === "legacy" ? withObjectProperties(normal) : normal;
}

function arePropertySchemas(properties: JsonValue): boolean {
  return isJsonObject(properties) && Object.values(properties).every((part) => isJsonObject(part) || isBoolean(part));
}

function outputSchemaFor(schema: JsonValue | undefined, era: ProtocolEra): JsonObject | null {
  if (era === "legacy") {
    return legacyOutput(schema).schema;
  }
  return isJsonObject(schema) && isString(schema["$schema"] ?? "") ? schema : null;
}

const TASK_SUPPORT: ReadonlySet<JsonValue | undefined> = new Set([undefined, "required", "optional", "forbidden"]);

/** Only legacy revisions know it: 2026-07-28 has moved tasks to an extension. */
function executionFor(execution: JsonValue | undefined, era: ProtocolEra): JsonObject | null {
  const isKnown = era === "legacy" && isJsonObject(execution) && TASK_SUPPORT.has(execution["taskSupport"]);
  return isKnown ? execution : null;
}
