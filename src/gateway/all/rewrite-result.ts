import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { exposeUri } from "./exposed-uri.ts";

/**
 * A result of one server as `/mcp` shows it: the URIs of its resources get the server's name, so that the client can
 * read them here. Only where the protocol has a resource: what a text or structured content says is the server's.
 *
 * @returns the very same object when there is nothing to change
 */
export function rewriteResult(serverName: string, result: JsonObject): JsonObject {
  const withUri = (holder: JsonObject): JsonObject => {
    const { uri } = holder;
    return typeof uri === "string" ? { ...holder, uri: exposeUri(serverName, uri) } : holder;
  };

  const block = (value: JsonValue): JsonValue => {
    if (!isJsonObject(value)) {
      return value;
    }
    if (value["type"] === "resource_link") {
      return withUri(value);
    }
    const { resource } = value;
    return value["type"] === "resource" && isJsonObject(resource)
      ? replaced(value, "resource", withUri(resource))
      : value;
  };

  // One block, or a list of them.
  const content = (value: JsonValue): JsonValue => (isList(value) ? mapped(value, block) : block(value));

  const message = (value: JsonValue): JsonValue =>
    isJsonObject(value) && value["content"] !== undefined
      ? replaced(value, "content", content(value["content"]))
      : value;

  const read = (value: JsonValue): JsonValue => (isJsonObject(value) ? withUri(value) : value);

  const members: readonly (readonly [string, (value: JsonValue) => JsonValue])[] = [
    ["content", block],
    ["contents", read],
    ["messages", message],
  ];
  return members.reduce((rewritten, [member, rewrite]) => {
    const value = rewritten[member];
    return isList(value) ? replaced(rewritten, member, mapped(value, rewrite)) : rewritten;
  }, result);
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function mapped(items: readonly JsonValue[], rewrite: (item: JsonValue) => JsonValue): readonly JsonValue[] {
  const rewritten = items.map(rewrite);
  return rewritten.some((item, at) => item !== items[at]) ? rewritten : items;
}

function replaced(object: JsonObject, member: string, value: JsonValue): JsonObject {
  return object[member] === value ? object : { ...object, [member]: value };
}
