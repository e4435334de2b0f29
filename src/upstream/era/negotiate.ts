import type { JsonObject } from "../../core/json.ts";
import type { UpstreamFailureCode } from "../../core/ports.ts";
import type { ProtocolEra } from "../../core/server.ts";
import { failureOfStatus, type Reply, type Wire } from "../wire.ts";
import {
  type Connection,
  LEGACY_START,
  LEGACY_VERSIONS,
  MODERN_START,
  MODERN_VERSION,
  NEWEST_LEGACY_VERSION,
  startOn,
} from "./connection.ts";
import { CLIENT_INFO } from "./frame.ts";

export type Negotiated =
  | {
      readonly kind: "connected";
      readonly connection: Connection;
      /** What `initialize` or `server/discover` answered, as it came. */
      readonly hello: JsonObject;
    }
  | { readonly kind: "refused" }
  | { readonly kind: "failed"; readonly code: UpstreamFailureCode; readonly cause: string | null };

/** `inconclusive`: an HTTP response that says nothing about MCP, or not in this era. The other era may still work. */
type Attempt =
  | Negotiated
  | { readonly kind: "inconclusive"; readonly code: UpstreamFailureCode; readonly status: number };

// What tells a server of 2024-11-05 (specification 2025-11-25, transports, backwards compatibility).
const NO_POST_HERE: ReadonlySet<number> = new Set([400, 404, 405]);

// Visible ASCII, as the specification demands. Anything else would have to be written into a header.
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;

/**
 * Finds out which era a server speaks, and opens a session if it wants one.
 *
 * Without a hint `server/discover` is asked first: legacy servers answer it with 400, 404, a JSON-RPC error or an outage
 * and lose nothing by it. A 401 to it says nothing about the era, so `initialize` is tried as well before it counts.
 * A server that knows no POST at its URL may be one of 2024-11-05, which answers on a stream.
 *
 * @param known the era that the server spoke before; then a refusal is final, and only an inconclusive answer leads to
 *   the other era
 */
export async function negotiate(wire: Wire, known: ProtocolEra | null): Promise<Negotiated> {
  const [first, second] = known === "legacy" ? [initialize, discover] : [discover, initialize];
  const attempt = await first(wire);
  switch (attempt.kind) {
    case "connected":
    case "failed":
      return attempt;
    case "refused":
      return known === null ? settle(await second(wire), attempt) : attempt;
    case "inconclusive": {
      const other = await second(wire);
      const isOld = other.kind === "inconclusive" && NO_POST_HERE.has(attempt.status) && NO_POST_HERE.has(other.status);
      return settle(isOld ? await attach(wire) : other, attempt);
    }
  }
}

function settle(last: Attempt, before: Extract<Attempt, { kind: "refused" | "inconclusive" }>): Negotiated {
  if (last.kind !== "inconclusive") {
    return last;
  }
  // An outage after a refusal leaves the question open; "no such method" after it does not.
  if (before.kind === "refused" && last.code === "upstream_protocol") {
    return before;
  }
  return { kind: "failed", code: last.code, cause: null };
}

async function discover(wire: Wire): Promise<Attempt> {
  const reply = await wire.ask(MODERN_START, { method: "server/discover" });
  const hello = resultOf(reply);
  const versions = hello?.["supportedVersions"];
  if (hello !== null && Array.isArray(versions) && versions.includes(MODERN_VERSION)) {
    return { kind: "connected", connection: MODERN_START, hello };
  }
  return attemptOf(reply);
}

async function attach(wire: Wire): Promise<Attempt> {
  const attached = await wire.attach();
  if (attached.kind !== "attached") {
    return attemptOf(attached);
  }
  const start = startOn(attached.channel);
  const attempt = await initialize(wire, start);
  if (attempt.kind !== "connected") attached.channel.close();
  return attempt;
}

async function initialize(wire: Wire, start: Connection = LEGACY_START): Promise<Attempt> {
  const reply = await wire.ask(start, {
    method: "initialize",
    // Nothing is declared, so the server asks for nothing that Keyward would have to pass on.
    params: { protocolVersion: NEWEST_LEGACY_VERSION, capabilities: {}, clientInfo: CLIENT_INFO },
  });
  const hello = resultOf(reply);
  const version = hello?.["protocolVersion"];
  const sessionId = start.sessionId ?? (reply.kind === "answered" ? reply.sessionId : null);
  const isUsable = typeof version === "string" && LEGACY_VERSIONS.has(version);
  if (hello === null || !isUsable || (sessionId !== null && !SESSION_ID.test(sessionId))) {
    return attemptOf(reply);
  }
  const connection: Connection = { ...start, protocolVersion: version, sessionId };
  const told = await wire.tell(connection, { method: "notifications/initialized" });
  return told.kind === "refused" || told.kind === "failed" ? told : { kind: "connected", connection, hello };
}

function resultOf(reply: Reply): JsonObject | null {
  return reply.kind === "answered" && reply.response.kind === "result" ? reply.response.result : null;
}

function attemptOf(reply: Reply): Attempt {
  switch (reply.kind) {
    case "answered":
      return { kind: "inconclusive", code: "upstream_protocol", status: reply.status };
    case "unanswered":
      return { kind: "inconclusive", code: failureOfStatus(reply.status), status: reply.status };
    case "refused":
    case "failed":
      return reply;
  }
}
