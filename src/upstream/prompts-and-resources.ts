import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { areIcons, cleanObject, cleanText, type KeyedItem } from "./clean.ts";
import { isJsonArray } from "./json-rpc.ts";

/**
 * Prompts, resources and resource templates as every official client accepts them: they check a list as a whole, so one
 * member of a wrong type in one item hides them all. Such members are left away; what the protocol does not define is kept.
 */

const MAX_NAME = 128;
const MAX_URI = 2_048;
const MAX_ARGUMENTS = 100;

export function cleanPrompt(candidate: JsonObject): KeyedItem | null {
  const { name, arguments: args, ...rest } = candidate;
  if (!isLine(name, MAX_NAME)) {
    return null;
  }
  const kept = isJsonArray(args) ? { arguments: args.flatMap(cleanArgument).slice(0, MAX_ARGUMENTS) } : {};
  return { key: name, item: { name, ...cleanMembers(rest), ...kept } };
}

function cleanArgument(candidate: JsonValue): JsonObject[] {
  if (!isJsonObject(candidate) || !isLine(candidate["name"], MAX_NAME)) {
    return [];
  }
  return [{ ...cleanMembers(candidate), name: candidate["name"] }];
}

export function cleanResource(candidate: JsonObject): KeyedItem | null {
  const { uri } = candidate;
  return isLine(uri, MAX_URI) && SCHEME.test(uri) ? cleanNamed(candidate, "uri", uri) : null;
}

export function cleanResourceTemplate(candidate: JsonObject): KeyedItem | null {
  const { uriTemplate } = candidate;
  // The scheme may be a variable.
  return isLine(uriTemplate, MAX_URI) ? cleanNamed(candidate, "uriTemplate", uriTemplate) : null;
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

// A URI is taken as it is or not at all: a cleaned one would name something else.
function cleanNamed(candidate: JsonObject, member: string, uri: string): KeyedItem | null {
  const { name, [member]: _, ...rest } = candidate;
  const shown = typeof name === "string" ? cleanText(name) : "";
  return shown === "" ? null : { key: uri, item: { [member]: uri, name: shown, ...cleanMembers(rest) } };
}

/** One line of text in which everything can be seen. */
function isLine(value: JsonValue | undefined, maxLength: number): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= maxLength &&
    value === value.trim() &&
    !/[\t\n]/.test(value) &&
    cleanText(value) === value
  );
}

function cleanMembers(members: JsonObject): JsonObject {
  return cleanObject(
    Object.fromEntries(Object.entries(members).filter(([key, value]) => MEMBERS.get(key)?.(value) ?? true)),
  );
}

type Check = (value: JsonValue) => boolean;

const isString: Check = (value) => typeof value === "string";

const MEMBERS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["title", isString],
  ["description", isString],
  ["mimeType", isString],
  ["size", (value) => typeof value === "number"],
  ["required", (value) => typeof value === "boolean"],
  ["icons", (value) => areIcons(value) && isJsonArray(value) && value.every(isIcon)],
  ["annotations", (value) => isJsonObject(value) && areAnnotations(value)],
  ["_meta", isJsonObject],
]);

function isIcon(icon: JsonValue): boolean {
  if (!isJsonObject(icon)) {
    return false;
  }
  const { src, mimeType = "", sizes = [], theme = "light" } = icon;
  const areSizes = isJsonArray(sizes) && sizes.every(isString);
  return isString(src ?? null) && isString(mimeType) && areSizes && (theme === "light" || theme === "dark");
}

function areAnnotations({ audience = [], priority = 0, lastModified }: JsonObject): boolean {
  const isAudience = isJsonArray(audience) && audience.every((role) => role === "user" || role === "assistant");
  const isPriority = typeof priority === "number" && priority >= 0 && priority <= 1;
  return isAudience && isPriority && (lastModified === undefined || isTimestamp(lastModified));
}

const TIMESTAMP =
  /^(?<date>\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

// The official clients know how many days a month has.
function isTimestamp(value: JsonValue): boolean {
  const date = typeof value === "string" ? TIMESTAMP.exec(value)?.groups?.["date"] : undefined;
  const midnight = Date.parse(`${date}T00:00:00Z`);
  return date !== undefined && !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date);
}
