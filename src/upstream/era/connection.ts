import type { JsonObject } from "../../core/json.ts";
import type { Peer } from "../../core/ports.ts";
import type { ProtocolEra } from "../../core/server.ts";

/** How one call talks to a server. Holds no value, so it may outlive the call. */
export interface Connection {
  readonly era: ProtocolEra;
  /** Null only for `initialize`, which settles it. */
  readonly protocolVersion: string | null;
  /** What a stateful legacy server issued; null = it issues none. */
  readonly sessionId: string | null;
}

export const MODERN_VERSION = "2026-07-28";

/** What Keyward asks for with `initialize`. */
export const NEWEST_LEGACY_VERSION = "2025-11-25";

/** What Keyward takes for an answer: lists and calls are the same in all of them. */
export const LEGACY_VERSIONS: ReadonlySet<string> = new Set([
  "2024-11-05",
  "2025-03-26",
  "2025-06-18",
  NEWEST_LEGACY_VERSION,
]);

export const CLIENT_INFO: JsonObject = { name: "keyward", version: "1" };

/** An identity's calls as such. Nothing is declared, so a server asks for nothing that nobody could answer. */
export const SHARED_PEER: Peer = {
  sessionId: null,
  protocolVersion: NEWEST_LEGACY_VERSION,
  capabilities: {},
  clientInfo: CLIENT_INFO,
};

/** Before anything is known about a server. */
export const MODERN_START: Connection = { era: "modern", protocolVersion: MODERN_VERSION, sessionId: null };
export const LEGACY_START: Connection = { era: "legacy", protocolVersion: null, sessionId: null };
