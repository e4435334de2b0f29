import type { JsonObject } from "../core/json.ts";
import type { ProtocolEra } from "../core/server.ts";
import type { Store } from "../core/store-port.ts";
import { createToolCall, type CallParts, type Exchange } from "./call.ts";
import { createCatalog, type Scope } from "./catalog.ts";
import { errorOf, INVALID_PARAMS, resultOf, type RpcAnswer } from "./jsonrpc.ts";
import { legacyVersionFor, MODERN_VERSION } from "./negotiate.ts";

export type Method = (exchange: Exchange, params: JsonObject) => RpcAnswer | Promise<RpcAnswer>;

export interface MethodParts extends CallParts {
  readonly store: CallParts["store"] & Pick<Store, "listAccess">;
}

const CAPABILITIES: JsonObject = { tools: {} };

// Nothing tells a client yet that a list has changed, so none is called fresh.
const CACHE: JsonObject = { ttlMs: 0, cacheScope: "private" };

const INSTRUCTIONS =
  "Several MCP servers stand behind this one. A tool named <server>-<tool> belongs to the server before the first " +
  "hyphen. Some servers need a key of the person you work for: the call then answers with a link. Show that person the " +
  "whole link, never ask for the key itself, and call the tool again once they have used it.";

/** The methods of each era, by name. What a revision has removed is unknown in it. */
export function createMethods(
  parts: MethodParts,
  serverInfo: JsonObject,
): Readonly<Record<ProtocolEra, ReadonlyMap<string, Method>>> {
  const catalog = createCatalog(parts.logger);

  const initialize: Method = ({ scope }, { protocolVersion }) => {
    if (typeof protocolVersion !== "string") {
      return errorOf(INVALID_PARAMS, "protocolVersion is a string.");
    }
    return resultOf({
      protocolVersion: legacyVersionFor(protocolVersion),
      capabilities: CAPABILITIES,
      serverInfo,
      ...instructionsFor(scope),
    });
  };

  const discover: Method = ({ scope }) =>
    resultOf({
      supportedVersions: [MODERN_VERSION],
      capabilities: CAPABILITIES,
      ...instructionsFor(scope),
      ...CACHE,
    });

  const listTools: Method = async ({ caller, client, scope }, { cursor = null }) => {
    if (cursor !== null && typeof cursor !== "string") {
      return errorOf(INVALID_PARAMS, "cursor is a string.");
    }
    const accesses = scope.kind === "one" ? [scope.access] : await parts.store.listAccess(caller.identity);
    const page = catalog.page(accesses, scope.kind, client.era, cursor);
    if (page === null) {
      return errorOf(INVALID_PARAMS, "The cursor is not valid any more. List again from the start.");
    }
    return resultOf({
      tools: page.tools,
      ...(page.nextCursor === null ? {} : { nextCursor: page.nextCursor }),
      ...(client.era === "modern" ? CACHE : {}),
    });
  };

  const tools: readonly [string, Method][] = [
    ["tools/list", listTools],
    ["tools/call", createToolCall(parts)],
  ];
  return {
    legacy: new Map<string, Method>([["initialize", initialize], ["ping", () => resultOf({})], ...tools]),
    modern: new Map<string, Method>([["server/discover", discover], ...tools]),
  };
}

function instructionsFor(scope: Scope): JsonObject {
  const instructions = scope.kind === "all" ? INSTRUCTIONS : (scope.access.server.discovered?.instructions ?? null);
  return instructions === null ? {} : { instructions };
}
