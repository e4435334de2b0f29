import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/** A tool parameter that travels in a header as well (`x-mcp-header`, 2026-07-28). */
export interface ParamHeader {
  /** Lower-case, with its prefix. */
  readonly name: string;
  /** Property names from the root of the arguments. */
  readonly path: readonly string[];
}

const ANNOTATION = "x-mcp-header";
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const PERMITTED_TYPES: ReadonlySet<JsonValue | undefined> = new Set(["string", "integer", "boolean"]);

/**
 * The parameters of a tool that are mirrored into headers.
 *
 * @returns null when the tool may not be used: an annotation is no header name, is used twice, or stands where the
 *   specification forbids it: anywhere but on a primitive property that is reached through `properties` alone
 *   (abuse case A36)
 */
export function paramHeadersOf(inputSchema: JsonValue | undefined): readonly ParamHeader[] | null {
  const found = new Map<string, ParamHeader>();
  const visit = (schema: JsonObject, path: readonly string[]): boolean => {
    if (ANNOTATION in schema) {
      const header = headerAt(schema, path);
      if (header === null || found.has(header.name)) {
        return false;
      }
      found.set(header.name, header);
    }
    return Object.entries(schema).every(([keyword, value]) => {
      if (keyword !== "properties" || !isJsonObject(value)) {
        return keyword === ANNOTATION || !isAnnotatedAnywhere(value);
      }
      return Object.entries(value).every(([key, child]) => !isJsonObject(child) || visit(child, [...path, key]));
    });
  };
  return isJsonObject(inputSchema) && !visit(inputSchema, []) ? null : [...found.values()];
}

function headerAt(schema: JsonObject, path: readonly string[]): ParamHeader | null {
  const text = schema[ANNOTATION];
  const isUsable =
    typeof text === "string" && TOKEN.test(text) && path.length > 0 && PERMITTED_TYPES.has(schema["type"]);
  return isUsable ? { name: `mcp-param-${text.toLowerCase()}`, path } : null;
}

function isAnnotatedAnywhere(value: JsonValue): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  return ANNOTATION in value || Object.values(value).some((child: JsonValue) => isAnnotatedAnywhere(child));
}

/** The text of each mirrored parameter; one that is absent, null or of another kind has none. */
export function paramTexts(headers: readonly ParamHeader[], args: JsonValue | undefined): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { name, path } of headers) {
    const text = textOf(valueAt(args, path));
    if (text !== null) {
      texts.set(name, text);
    }
  }
  return texts;
}

function valueAt(root: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let value = root;
  for (const key of path) {
    value = isJsonObject(value) ? value[key] : undefined;
  }
  return value;
}

function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : null;
}
