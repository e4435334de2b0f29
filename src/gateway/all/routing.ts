import type { ErrorCode } from "../../core/errors.ts";
import type { Identity } from "../../core/identity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { McpMessage } from "../../core/ports.ts";
import type { Access, Store } from "../../core/store-port.ts";
import { splitAtHyphen, splitExposedName } from "../catalog.ts";
import { RESERVED_META } from "../negotiate.ts";
import { splitExposedUri } from "./exposed-uri.ts";
import type { Lists } from "./lists.ts";

/** The methods of `/mcp` that one server answers. */
export type RoutedMethod = "tools/call" | "prompts/get" | "resources/read" | "completion/complete";

/** A request with the server that it is for, as that server knows it. */
export interface Routed {
  readonly kind: "routed";
  readonly access: Access;
  readonly message: McpMessage;
  /** Of the called tool, as the caller is listed it; `undefined` for the other methods, and when it is not known. */
  readonly definition: JsonObject | undefined;
}

export type Location =
  | Routed
  /** No such tool, prompt or resource, no such server, or one that the caller may not use: one answer for all. */
  | { readonly kind: "unknown" }
  | { readonly kind: "invalid"; readonly why: string }
  | { readonly kind: "unavailable"; readonly code: ErrorCode };

export interface Routing {
  /**
   * Finds the server that a name or a URI belongs to. Parameters are built anew from what the method is made of, with the
   * server's own name or URI: nothing else that the client sent goes on (CVE-2026-110279).
   * @throws KeywardError `credential_store_unavailable`
   */
  locate(identity: Identity, method: RoutedMethod, params: JsonObject): Promise<Location>;
}

export function createRouting(parts: {
  readonly store: Pick<Store, "findAccess">;
  readonly lists: Pick<Lists, "findTool">;
}): Routing {
  const { store, lists } = parts;
  return {
    async locate(identity, method, params) {
      const aim = AIMS[method](params);
      if (aim.kind !== "aim") {
        return aim;
      }
      const access = await store.findAccess(identity, aim.serverName);
      if (access === null) {
        return { kind: "unknown" };
      }
      const message = { method, params: { ...aim.params, ...passedMeta(params) } };
      if (method !== "tools/call") {
        return { kind: "routed", access, message, definition: undefined };
      }
      const found = await lists.findTool(identity, access, aim.name);
      if (found.kind !== "known") {
        return found;
      }
      const { definition } = found;
      return { kind: "routed", access: withDefinition(access, definition), message, definition };
    },
  };
}

/** Of `_meta` goes on what does not belong to the client's own connection. */
export function passedMeta({ _meta }: JsonObject): JsonObject {
  const passedOn = Object.entries(isJsonObject(_meta) ? _meta : {}).filter(
    ([key]) => !key.startsWith(RESERVED_META) && key !== "progressToken",
  );
  return passedOn.length === 0 ? {} : { _meta: Object.fromEntries(passedOn) };
}

/**
 * The definition says which parameters a modern server wants to see in headers, so the way to the server has to know the
 * one that this caller is listed, not the catalogue's.
 */
function withDefinition(access: Access, definition: JsonObject | undefined): Access {
  const { server } = access;
  const { discovered } = server;
  if (discovered === null || definition === undefined || discovered.tools.includes(definition)) {
    return access;
  }
  return { ...access, server: { ...server, discovered: { ...discovered, tools: [definition] } } };
}

/** Where a request's parameters send it: the server's name, the name or URI there, and the parameters without `_meta`. */
type Aim =
  | { readonly kind: "aim"; readonly serverName: string; readonly name: string; readonly params: JsonObject }
  | Extract<Location, { kind: "unknown" | "invalid" }>;

const UNKNOWN: Aim = { kind: "unknown" };

function invalid(why: string): Aim {
  return { kind: "invalid", why };
}

const AIMS: Readonly<Record<RoutedMethod, (params: JsonObject) => Aim>> = {
  "tools/call": (params) => aimByName(params, splitExposedName(textOf(params["name"]))),
  "prompts/get": (params) => aimByName(params, splitAtHyphen(textOf(params["name"]))),

  "resources/read"({ uri }) {
    if (typeof uri !== "string") {
      return invalid("uri is a string.");
    }
    const split = splitExposedUri(uri);
    return split === null
      ? UNKNOWN
      : { kind: "aim", serverName: split.serverName, name: split.uri, params: { uri: split.uri } };
  },

  "completion/complete"({ ref, argument, context }) {
    if (!isJsonObject(ref) || !isJsonObject(argument) || (context !== undefined && !isJsonObject(context))) {
      return invalid("ref and argument, and context if there is one, are objects.");
    }
    const rest = { argument, ...(context === undefined ? {} : { context }) };
    if (ref["type"] === "ref/prompt") {
      const split = splitAtHyphen(textOf(ref["name"]));
      return split === null
        ? UNKNOWN
        : { kind: "aim", ...split, params: { ref: { ...ref, name: split.name }, ...rest } };
    }
    const split = ref["type"] === "ref/resource" ? splitExposedUri(textOf(ref["uri"])) : null;
    if (split === null) {
      return UNKNOWN;
    }
    const { serverName, uri } = split;
    return { kind: "aim", serverName, name: uri, params: { ref: { ...ref, uri }, ...rest } };
  },
};

function aimByName(
  { name, arguments: args }: JsonObject,
  split: { readonly serverName: string; readonly name: string } | null,
): Aim {
  if (typeof name !== "string" || (args !== undefined && !isJsonObject(args))) {
    return invalid("name is a string, and arguments, if there are any, are an object.");
  }
  if (split === null) {
    return UNKNOWN;
  }
  return { kind: "aim", ...split, params: { name: split.name, ...(args === undefined ? {} : { arguments: args }) } };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
