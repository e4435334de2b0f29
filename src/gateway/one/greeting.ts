import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Greeting } from "../../core/ports.ts";
import type { Server } from "../../core/server.ts";
import { CACHE } from "../list-method.ts";
import { legacyVersionFor, MODERN_VERSION } from "../negotiate.ts";
import { SERVER_INFO } from "../result.ts";

type Connected = Extract<Greeting, { kind: "connected" }>;

/**
 * What `/mcp/<server>` answers to `initialize`: the server's own words, or what they come to in a legacy revision.
 * @param asked the revision that the client speaks
 */
export function initializeResult(greeting: Connected, asked: string): JsonObject {
  const { era, hello } = greeting;
  if (era === "legacy") {
    return hello;
  }
  const { capabilities = {}, instructions, _meta } = hello;
  return {
    protocolVersion: legacyVersionFor(asked),
    capabilities: isJsonObject(capabilities) ? answerable(capabilities) : {},
    serverInfo: infoIn(_meta) ?? {},
    ...(instructions === undefined ? {} : { instructions }),
  };
}

/** The same for `server/discover`. */
export function discoverResult({ era, hello }: Connected): JsonObject {
  if (era === "modern") {
    return hello;
  }
  const { capabilities = {}, instructions, serverInfo } = hello;
  return described(isJsonObject(capabilities) ? capabilities : {}, serverInfo, instructions);
}

/** What is known of a server without asking it: as much as its last verification found. */
export function knownInitializeResult(server: Server, asked: string): JsonObject {
  const { capabilities, serverInfo, instructions } = knownOf(server);
  return {
    protocolVersion: legacyVersionFor(asked),
    capabilities,
    serverInfo,
    ...(instructions === null ? {} : { instructions }),
  };
}

export function knownDiscoverResult(server: Server): JsonObject {
  const { capabilities, serverInfo, instructions } = knownOf(server);
  return described(capabilities, serverInfo, instructions ?? undefined);
}

function knownOf({ name, discovered }: Server) {
  const { capabilities = {}, serverInfo = null, instructions = null } = discovered ?? {};
  return {
    capabilities: { tools: {}, ...answerable(capabilities) },
    serverInfo: serverInfo ?? { name, version: "unknown" },
    instructions,
  };
}

function described(
  capabilities: JsonObject,
  serverInfo: JsonObject[string] | undefined,
  instructions: JsonObject[string] | undefined,
): JsonObject {
  return {
    resultType: "complete",
    supportedVersions: [MODERN_VERSION],
    capabilities: answerable(capabilities),
    ...(instructions === undefined ? {} : { instructions }),
    ...CACHE,
    ...(serverInfo === undefined ? {} : { _meta: { [SERVER_INFO]: serverInfo } }),
  };
}

/** What can be answered for a server that is not connected yet, or that speaks another era. */
const ANSWERABLE = ["tools", "prompts", "resources", "completions", "extensions"] as const;

function answerable(capabilities: JsonObject): JsonObject {
  return Object.fromEntries(
    ANSWERABLE.flatMap((name) => (capabilities[name] === undefined ? [] : [[name, capabilities[name]]])),
  );
}

function infoIn(meta: JsonObject[string] | undefined): JsonObject | null {
  const info = isJsonObject(meta) ? meta[SERVER_INFO] : null;
  return isJsonObject(info) ? info : null;
}
