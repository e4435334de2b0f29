import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Peer } from "../../core/peer.ts";
import type { UpstreamFailureCode } from "../../core/ports.ts";
import type { ProtocolEra } from "../../core/server.ts";
import { failureOfStatus, type Reply, type Wire } from "../wire.ts";
import { type Connection, LEGACY_START, LEGACY_VERSIONS, MODERN_START, MODERN_VERSION, startOn } from "./connection.ts";
import type { EraChoice } from "./profile.ts";

export type Negotiated =
  | {
      readonly kind: "connected";
      readonly connection: Connection;
      /** What `initialize` or `server/discover` answered, as it came. */
      readonly hello: JsonObject;
      /** The era that the server turned out not to speak. */
      readonly lacks: ProtocolEra | null;
    }
  | { readonly kind: "refused" }
  | { readonly kind: "failed"; readonly code: UpstreamFailureCode; readonly cause: string | null };

/** How a negotiation goes about it. */
export interface Approach extends EraChoice {
  /** Who introduces itself. */
  readonly peer: Peer;
  /** Whether `notifications/initialized` is sent at once; else the client sends its own. */
  readonly announces: boolean;
}

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
 * Legacy servers answer `server/discover` with 400, 404, a JSON-RPC error or an outage and lose nothing by it. A 401 in
 * an era that is not known to be spoken says nothing, so the other one is tried as well before it counts. In a known era
 * a refusal is final, and only an inconclusive answer leads to the other. A server that knows no POST at its URL may be one
 * of 2024-11-05, which answers on a stream.
 */
export async function negotiate(wire: Wire, approach: Approach): Promise<Negotiated> {
  const { era, isKnown } = approach;
  const [first, second] = era === "legacy" ? [initialize, discover] : [discover, initialize];
  const attempt = await first(wire, approach);
  switch (attempt.kind) {
    case "connected":
    case "failed":
      return attempt;
    case "refused":
      return isKnown ? attempt : settle(await second(wire, approach), attempt);
    case "inconclusive": {
      const other = await second(wire, approach);
      const isOld = other.kind === "inconclusive" && NO_POST_HERE.has(attempt.status) && NO_POST_HERE.has(other.status);
      const settled = settle(isOld ? await attach(wire, approach) : other, attempt);
      // An outage says nothing about what a server speaks.
      return settled.kind === "connected" && attempt.code === "upstream_protocol"
        ? { ...settled, lacks: era }
        : settled;
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
  const first = await wire.ask(MODERN_START, { method: "server/discover" });
  // A server that refuses the revision and then names it wants to be asked again (2026-07-28, versioning).
  const reply = isAskedAgain(first) ? await wire.ask(MODERN_START, { method: "server/discover" }) : first;
  const hello = resultOf(reply);
  const versions = hello?.["supportedVersions"];
  if (hello !== null && Array.isArray(versions) && versions.includes(MODERN_VERSION)) {
    return { kind: "connected", connection: MODERN_START, hello, lacks: null };
  }
  return attemptOf(reply);
}

const UNSUPPORTED_PROTOCOL_VERSION = -32_022;

function isAskedAgain(reply: Reply): boolean {
  if (reply.kind !== "answered" || reply.response.kind !== "error") {
    return false;
  }
  const { code, data } = reply.response.error;
  const supported = isJsonObject(data) ? data["supported"] : [];
  return code === UNSUPPORTED_PROTOCOL_VERSION && Array.isArray(supported) && supported.includes(MODERN_VERSION);
}

async function attach(wire: Wire, approach: Approach): Promise<Attempt> {
  const attached = await wire.attach();
  if (attached.kind !== "attached") {
    return attemptOf(attached);
  }
  // On that stream nobody hears what the server asks, so nothing is declared.
  const unasked = { ...approach, peer: { ...approach.peer, capabilities: {} }, announces: true };
  const attempt = await initialize(wire, unasked, startOn(attached.channel));
  if (attempt.kind !== "connected") attached.channel.close();
  return attempt;
}

async function initialize(
  wire: Wire,
  { peer, announces }: Approach,
  start: Connection = LEGACY_START,
): Promise<Attempt> {
  const { protocolVersion, capabilities, clientInfo } = peer;
  const reply = await wire.ask(start, {
    method: "initialize",
    params: { protocolVersion, capabilities, clientInfo },
  });
  const hello = resultOf(reply);
  const version = hello?.["protocolVersion"];
  const sessionId = reply.kind === "answered" ? reply.sessionId : null;
  const isUsable = typeof version === "string" && LEGACY_VERSIONS.has(version);
  if (hello === null || !isUsable || (sessionId !== null && !SESSION_ID.test(sessionId))) {
    return attemptOf(reply);
  }
  const connection: Connection = { ...start, protocolVersion: version, sessionId: sessionId ?? start.sessionId };
  const connected = { kind: "connected", connection, hello, lacks: null } as const;
  if (!announces) {
    return connected;
  }
  const told = await wire.tell(connection, { method: "notifications/initialized" });
  return told.kind === "refused" || told.kind === "failed" ? told : connected;
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
