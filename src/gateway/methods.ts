import type { JsonObject } from "../core/json.ts";
import type { ProtocolEra } from "../core/server.ts";
import { type AggregateParts, createAggregate } from "./all/methods.ts";
import { createToolCall } from "./call.ts";
import { createCatalog, type Scope } from "./catalog.ts";
import { errorOf, INVALID_PARAMS, resultOf } from "./jsonrpc.ts";
import { CACHE, createListMethod } from "./list-method.ts";
import type { Method, NamedMethod } from "./method.ts";
import { legacyVersionFor, MODERN_VERSION } from "./negotiate.ts";

export type MethodParts = AggregateParts;

const CAPABILITIES: Readonly<Record<Scope["kind"], JsonObject>> = {
  all: { tools: {}, prompts: {}, resources: {}, completions: {} },
  one: { tools: {} },
};

const INSTRUCTIONS =
  "Several MCP servers stand behind this one. A tool named <server>-<tool> belongs to the server before the first " +
  "hyphen, and so does a prompt; a resource <server>+<uri> belongs to the one before the first plus sign. Some servers need a key of the person you work for: the call then answers with a link. Show that person the " +
  "whole link, never ask for the key itself, and call the tool again once they have used it.";

type MethodsByEra = Readonly<Record<ProtocolEra, ReadonlyMap<string, Method>>>;

/** The methods of each endpoint and era, by name. What a revision has removed is unknown in it. */
export function createMethods(
  parts: MethodParts,
  serverInfo: JsonObject,
): Readonly<Record<Scope["kind"], MethodsByEra>> {
  const catalog = createCatalog(parts.logger);
  const aggregate = createAggregate(parts);

  const initialize: Method = ({ scope }, { protocolVersion }) => {
    if (typeof protocolVersion !== "string") {
      return errorOf(INVALID_PARAMS, "protocolVersion is a string.");
    }
    return resultOf({
      protocolVersion: legacyVersionFor(protocolVersion),
      capabilities: CAPABILITIES[scope.kind],
      serverInfo,
      ...instructionsFor(scope),
    });
  };

  const discover: Method = ({ scope }) =>
    resultOf({
      supportedVersions: [MODERN_VERSION],
      capabilities: CAPABILITIES[scope.kind],
      ...instructionsFor(scope),
      ...CACHE,
    });

  const listTools = createListMethod("tools", ({ client, scope }, cursor) => {
    const access = scope.kind === "one" ? [scope.access] : [];
    const listings = access.map((access) => ({ access, items: access.server.discovered?.tools ?? [] }));
    return catalog.page(listings, scope.kind, client.era, cursor);
  });

  const callTool: NamedMethod = ["tools/call", createToolCall({ ...parts, routing: aggregate.routing })];

  const byEra = (methods: readonly NamedMethod[]): MethodsByEra => ({
    legacy: new Map<string, Method>([["initialize", initialize], ["ping", () => resultOf({})], ...methods]),
    modern: new Map<string, Method>([["server/discover", discover], ...methods]),
  });
  return { all: byEra([...aggregate.methods, callTool]), one: byEra([["tools/list", listTools], callTool]) };
}

function instructionsFor(scope: Scope): JsonObject {
  const instructions = scope.kind === "all" ? INSTRUCTIONS : (scope.access.server.discovered?.instructions ?? null);
  return instructions === null ? {} : { instructions };
}
