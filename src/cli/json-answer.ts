import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/*
 * What the commands pick out of the REST answers. A field that is missing or of another type reads as nothing: an older
 * command line shows what it knows of a newer gateway, and `--json` passes on everything.
 */

export function textAt(object: JsonObject, ...path: readonly string[]): string {
  const found = valueAt(object, path);
  return typeof found === "string" ? found : "";
}

/** The names in a list of texts; null when there is no list. */
export function namesAt(object: JsonObject, ...path: readonly string[]): readonly string[] | null {
  const found = valueAt(object, path);
  return isList(found) ? found.filter((item) => typeof item === "string") : null;
}

export function objectsAt(object: JsonObject, ...path: readonly string[]): readonly JsonObject[] {
  const found = valueAt(object, path);
  return isList(found) ? found.filter(isJsonObject) : [];
}

function valueAt(object: JsonObject, path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined = object;
  for (const key of path) {
    found = found !== undefined && isJsonObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

// Array.isArray does not narrow a readonly array.
function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
