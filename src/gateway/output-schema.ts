import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** An output schema as legacy clients take it. */
export interface LegacyOutput {
  /** Null = the tool is listed without one. */
  readonly schema: JsonObject | null;
  /** Whether the value stands in `{ "result": ... }`: before 2026-07-28 structured content is always an object. */
  readonly isWrapped: boolean;
}

/**
 * The output schema of a tool for a legacy client.
 *
 * The first official SDK compiles every output schema while it lists and gives up the whole list when one does not
 * compile. One server's schema must not hide another server's tools, so a schema that may not compile is left away; the
 * tool stays.
 */
export function legacyOutput(schema: JsonValue | undefined): LegacyOutput {
  if (!isJsonObject(schema) || !compiles(schema)) {
    return { schema: null, isWrapped: false };
  }
  if (schema["type"] === "object") {
    return { schema: withObjectProperties(schema), isWrapped: false };
  }
  // A pointer to the root would point elsewhere once the schema is not the root any more.
  return mentions(schema, ["$ref"])
    ? { schema: null, isWrapped: false }
    : { schema: { type: "object", properties: { result: schema }, required: ["result"] }, isWrapped: true };
}

/** Structured content as a legacy client takes it; `undefined` stays so. */
export function legacyStructuredContent(
  content: JsonValue | undefined,
  schema: JsonValue | undefined,
): JsonObject | undefined {
  if (content === undefined) {
    return undefined;
  }
  return isJsonObject(content) && !legacyOutput(schema).isWrapped ? content : { result: content };
}

/** Legacy clients want objects where JSON Schema also allows `true` (anything) and `false` (nothing). */
export function withObjectProperties(schema: JsonObject): JsonObject {
  const { properties } = schema;
  if (!isJsonObject(properties)) {
    return schema;
  }
  const objects = Object.entries(properties).map(([name, value]) => [name, asObject(value)] as const);
  return { ...schema, properties: Object.fromEntries(objects) };
}

function asObject(schema: JsonValue): JsonValue {
  if (schema === true) return {};
  return schema === false ? { not: {} } : schema;
}

function compiles(root: JsonObject): boolean {
  return isSchema(root, root);
}

type Check = (value: JsonValue, root: JsonObject) => boolean;

const isSchema: Check = (value, root) => {
  if (!isJsonObject(value)) {
    return typeof value === "boolean";
  }
  return Object.entries(value).every(([keyword, part]) => (KEYWORDS.get(keyword) ?? isNameless)(part, root));
};

const isSchemaList: Check = (value, root) =>
  Array.isArray(value) && value.length > 0 && value.every((part: JsonValue) => isSchema(part, root));

const isSchemaMap: Check = (value, root) =>
  isJsonObject(value) && Object.values(value).every((part) => isSchema(part, root));

const isPattern: Check = (value) => {
  try {
    return typeof value === "string" && new RegExp(value, "u") instanceof RegExp;
  } catch {
    return false;
  }
};

// Names are looked for behind keywords that are not known, too.
const isNameless: Check = (value) => !mentions(value, ["$id", "$anchor", "$dynamicAnchor"]);

const isStringList: Check = (value) => Array.isArray(value) && value.every((item) => typeof item === "string");
const isNumber: Check = (value) => typeof value === "number";
const isBoolean: Check = (value) => typeof value === "boolean";
const isNever: Check = () => false;

const TYPES: ReadonlySet<JsonValue> = new Set(["null", "boolean", "object", "array", "number", "integer", "string"]);
const isType: Check = (value) =>
  Array.isArray(value) ? value.length > 0 && value.every((type: JsonValue) => TYPES.has(type)) : TYPES.has(value);

const LOCAL_DEFINITION = /^#\/(?<map>\$defs|definitions)\/(?<name>[^/~%]+)$/;

const isResolvable: Check = (value, root) => {
  const pointer = typeof value === "string" ? LOCAL_DEFINITION.exec(value)?.groups : undefined;
  const definitions = root[pointer?.["map"] ?? ""];
  return value === "#" || (isJsonObject(definitions) && Object.hasOwn(definitions, pointer?.["name"] ?? ""));
};

function checks(check: Check, ...keywords: readonly string[]): [string, Check][] {
  return keywords.map((keyword) => [keyword, check]);
}

// What a validator refuses to compile, by keyword; keywords that it does not know it ignores.
const KEYWORDS: ReadonlyMap<string, Check> = new Map([
  ...checks(isType, "type"),
  ...checks(isPattern, "pattern"),
  ...checks(
    (value, root) => isSchemaMap(value, root) && Object.keys(value ?? {}).every((key) => isPattern(key, root)),
    "patternProperties",
  ),
  ...checks(isSchemaMap, "properties", "$defs", "definitions", "dependentSchemas"),
  ...checks((value, root) => isSchema(value, root) || isSchemaList(value, root), "items"),
  ...checks(isSchemaList, "prefixItems", "anyOf", "oneOf", "allOf"),
  ...checks(isSchema, "additionalProperties", "additionalItems", "unevaluatedProperties", "unevaluatedItems"),
  ...checks(isSchema, "not", "if", "then", "else", "contains", "propertyNames"),
  ...checks(isStringList, "required"),
  ...checks((value) => Array.isArray(value) && value.length > 0, "enum"),
  ...checks(isNumber, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
  ...checks(isNumber, "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
  ...checks(isNumber, "minContains", "maxContains"),
  ...checks(isBoolean, "uniqueItems"),
  ...checks((value) => typeof value === "string", "format", "$schema"),
  ...checks(isResolvable, "$ref"),
  // These change what other keywords mean, or name things that two schemas could both define.
  ...checks(isNever, "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"),
  ...checks(isNever, "id", "dependencies", "dependentRequired", "nullable", "discriminator", "$async", "$data"),
]);

function mentions(value: JsonValue, keywords: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  return (
    keywords.some((keyword) => keyword in value) ||
    Object.values(value).some((part: JsonValue) => mentions(part, keywords))
  );
}
