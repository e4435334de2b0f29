import type { ErrorCode } from "../../core/errors.ts";
import type { Identity } from "../../core/identity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { Access } from "../../core/access-port.ts";
import type { Store } from "../../core/store-port.ts";
import { splitAtHyphen, splitExposedName } from "../catalog.ts";
import { splitExposedUri } from "./exposed-uri.ts";
import type { Lists } from "./lists.ts";

/** The methods of `/mcp` that one server answers. */
export type RoutedMethod = "tools/call" | "prompts/get" | "resources/read" | "completion/complete";

/** A request with the server that it is for, as that server knows it. */
interface Routed {
  readonly kind: "routed";
  readonly access: Access;
  /** The parameters that name what is asked for, as the server knows it. */
  readonly own: JsonObject;
  /** Of the called tool, as the caller is listed it; `undefined` for the other methods, and when it is not known. */
  readonly definition: JsonObject | undefined;
}

type Location =
  | Routed
  /** No such tool, prompt or resource, no such server, or one that the caller may not use: one answer for all. */
  | { readonly kind: "unknown" }
  | { readonly kind: "invalid"; readonly why: string }
  | { readonly kind: "unavailable"; readonly code: ErrorCode };

export interface Routing {
  /**
   * Finds the server that a name or a URI belongs to.
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
      const { own } = aim;
      if (method !== "tools/call") {
        return { kind: "routed", access, own, definition: undefined };
      }
      const found = await lists.findTool(identity, access, aim.name);
      return found.kind === "known" ? { kind: "routed", access, own, definition: found.definition } : found;
    },
  };
}

/** Where a request's parameters send it: the server's name, the name or URI there, and the parameter that holds it. */
type Aim =
  | { readonly kind: "aim"; readonly serverName: string; readonly name: string; readonly own: JsonObject }
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
      : { kind: "aim", serverName: split.serverName, name: split.uri, own: { uri: split.uri } };
  },

  "completion/complete"({ ref, argument, context }) {
    if (!isJsonObject(ref) || !isJsonObject(argument) || (context !== undefined && !isJsonObject(context))) {
      return invalid("ref and argument, and context if there is one, are objects.");
    }
    if (ref["type"] === "ref/prompt") {
      const split = splitAtHyphen(textOf(ref["name"]));
      return split === null ? UNKNOWN : { kind: "aim", ...split, own: { ref: { ...ref, name: split.name } } };
    }
    const split = ref["type"] === "ref/resource" ? splitExposedUri(textOf(ref["uri"])) : null;
    if (split === null) {
      return UNKNOWN;
    }
    const { serverName, uri } = split;
    return { kind: "aim", serverName, name: uri, own: { ref: { ...ref, uri } } };
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
  return { kind: "aim", ...split, own: { name: split.name } };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
