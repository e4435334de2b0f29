import type { IncomingHttpHeaders } from "node:http";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { ProtocolEra } from "../core/server.ts";
import type { SessionFacts } from "./session/session-id.ts";
import {
  HEADER_MISMATCH,
  INVALID_PARAMS,
  type RpcError,
  type RpcNotification,
  type RpcRequest,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "./jsonrpc.ts";

export const MODERN_VERSION = "2026-07-28";
const NEWEST_LEGACY_VERSION = "2025-11-25";

const LEGACY_VERSIONS: readonly string[] = [NEWEST_LEGACY_VERSION, "2025-06-18", "2025-03-26"];
const SUPPORTED_VERSIONS: readonly string[] = [MODERN_VERSION, ...LEGACY_VERSIONS];

// The specification has the asked version repeated; nothing longer than a version is.
const MAX_ECHO = 64;

/** Prefix of the `_meta` keys that belong to one connection and are never passed on. */
export const RESERVED_META = "io.modelcontextprotocol/";

/** What a client says of itself. Nothing is decided by its name. */
export interface Client {
  readonly era: ProtocolEra;
  readonly name: string | null;
  readonly version: string | null;
  /** What it can be asked for; nothing is known of a legacy client without a session. */
  readonly capabilities: JsonObject;
  /** The revision it speaks; null for a legacy client that names none. */
  readonly revision: string | null;
}

export type Negotiated =
  | { readonly kind: "served"; readonly client: Client }
  /** Answered with HTTP 400. */
  | { readonly kind: "refused"; readonly error: RpcError };

/**
 * Settles the era of one message. The body decides, the headers are only compared with it: a claim in `_meta` makes it
 * modern, everything else is legacy, `initialize` above all.
 */
export function negotiate(
  message: RpcRequest | RpcNotification,
  headers: IncomingHttpHeaders,
  session: SessionFacts | null,
): Negotiated {
  const meta = isJsonObject(message.params["_meta"]) ? message.params["_meta"] : {};
  const version = headerText(headers, "mcp-protocol-version");
  if (message.method === "initialize" && !isWholeEnvelope(meta)) {
    return version === MODERN_VERSION
      ? mismatch("initialize belongs to older revisions than the header names.")
      : { kind: "served", client: initializing(message, headers) };
  }
  if (`${RESERVED_META}protocolVersion` in meta) {
    return negotiateModern(message, meta, headers);
  }
  if (version === MODERN_VERSION && message.kind === "request") {
    return missingMeta("protocolVersion");
  }
  if (version !== null && !SUPPORTED_VERSIONS.includes(version)) {
    return unsupported(version, SUPPORTED_VERSIONS);
  }
  return { kind: "served", client: session === null ? stranger(headers, version) : ofSession(session) };
}

/** The revision that `initialize` is answered with: the client's when it is spoken here, else the newest that is. */
export function legacyVersionFor(asked: string): string {
  return LEGACY_VERSIONS.includes(asked) ? asked : NEWEST_LEGACY_VERSION;
}

function negotiateModern(
  message: RpcRequest | RpcNotification,
  meta: JsonObject,
  headers: IncomingHttpHeaders,
): Negotiated {
  const claimed = meta[`${RESERVED_META}protocolVersion`];
  const version = headerText(headers, "mcp-protocol-version");
  if (typeof claimed !== "string") {
    return missingMeta("protocolVersion");
  }
  // The revision asks for headers on requests only; on a notification they may be absent, but not wrong.
  const mayLack = message.kind === "notification";
  if (version !== claimed && !(mayLack && version === null)) {
    return mismatch("MCP-Protocol-Version is missing or differs from _meta.");
  }
  if (claimed !== MODERN_VERSION) {
    // What `server/discover` names: an older revision is not spoken this way.
    return unsupported(claimed, [MODERN_VERSION]);
  }
  const method = headerText(headers, "mcp-method");
  if (method !== message.method && !(mayLack && method === null)) {
    return mismatch("Mcp-Method is missing or differs from the method.");
  }
  if (message.kind === "request" && !isJsonObject(meta[`${RESERVED_META}clientCapabilities`])) {
    return missingMeta("clientCapabilities");
  }
  if (message.kind === "request" && !isNameMirrored(message, headers)) {
    return mismatch("Mcp-Name is missing or differs from the body.");
  }
  const capabilities = meta[`${RESERVED_META}clientCapabilities`];
  return {
    kind: "served",
    client: {
      era: "modern",
      ...clientInfo(meta[`${RESERVED_META}clientInfo`]),
      capabilities: isJsonObject(capabilities) ? capabilities : {},
      revision: MODERN_VERSION,
    },
  };
}

function isWholeEnvelope(meta: JsonObject): boolean {
  return (
    meta[`${RESERVED_META}protocolVersion`] === MODERN_VERSION &&
    isJsonObject(meta[`${RESERVED_META}clientCapabilities`])
  );
}

function clientInfo(info: JsonValue | undefined): Pick<Client, "name" | "version"> {
  const { name, version } = isJsonObject(info) ? info : {};
  return { name: typeof name === "string" ? name : null, version: typeof version === "string" ? version : null };
}

function initializing({ params }: RpcRequest | RpcNotification, headers: IncomingHttpHeaders): Client {
  const { clientInfo: info, capabilities, protocolVersion } = params;
  const named = clientInfo(info);
  const { name, version } = named.name === null ? product(headers) : named;
  return {
    era: "legacy",
    name,
    version,
    capabilities: isJsonObject(capabilities) ? capabilities : {},
    revision: typeof protocolVersion === "string" ? legacyVersionFor(protocolVersion) : null,
  };
}

function ofSession({ clientInfo: { name, version }, capabilities, protocolVersion }: SessionFacts): Client {
  return { era: "legacy", name, version, capabilities, revision: protocolVersion };
}

// Without a session what `initialize` said is forgotten by the next request; the User-Agent comes with each.
function stranger(headers: IncomingHttpHeaders, revision: string | null): Client {
  return { era: "legacy", ...product(headers), capabilities: {}, revision };
}

function product(headers: IncomingHttpHeaders): Pick<Client, "name" | "version"> {
  const named = /^(?<name>[^\s/()]+)(?:\/(?<version>\S+))?/.exec(headers["user-agent"] ?? "")?.groups;
  return { name: named?.["name"] ?? null, version: named?.["version"] ?? null };
}

// The parameter that `Mcp-Name` repeats, by method.
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

function isNameMirrored({ method, params }: RpcRequest, headers: IncomingHttpHeaders): boolean {
  const parameter = NAMED_BY.get(method);
  const named = parameter === undefined ? undefined : params[parameter];
  const header = headerText(headers, "mcp-name");
  // A name that is no string is the method's own to refuse.
  return typeof named !== "string" || (header !== null && decodeHeaderText(header) === named);
}

const SENTINEL = /^=\?base64\?(?<base64>[A-Za-z0-9+/]*={0,2})\?=$/;

/** Text that is not plain ASCII travels as `=?base64?<base64 of UTF-8>?=`. @returns null when that cannot be decoded */
export function decodeHeaderText(text: string): string | null {
  const base64 = SENTINEL.exec(text)?.groups?.["base64"];
  if (base64 === undefined) {
    return text.startsWith("=?base64?") && text.endsWith("?=") ? null : text;
  }
  const bytes = Buffer.from(base64, "base64");
  // Buffer skips what it cannot read, so two spellings could mean one name.
  return bytes.toString("base64") === base64 ? decodeUtf8(bytes) : null;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

// A header that came twice is joined with ", ", which equals nothing that a body may say.
function headerText(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === "string" ? value : null;
}

function mismatch(why: string): Negotiated {
  return { kind: "refused", error: { code: HEADER_MISMATCH, message: `Header mismatch: ${why}` } };
}

function missingMeta(name: string): Negotiated {
  const message = `_meta lacks ${RESERVED_META}${name}, which revision ${MODERN_VERSION} requires.`;
  return { kind: "refused", error: { code: INVALID_PARAMS, message } };
}

function unsupported(requested: string, supported: readonly string[]): Negotiated {
  return {
    kind: "refused",
    error: {
      code: UNSUPPORTED_PROTOCOL_VERSION,
      message: "Unsupported protocol version",
      data: { supported, requested: requested.slice(0, MAX_ECHO) },
    },
  };
}
