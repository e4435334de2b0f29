import type { ProtocolEra } from "../../core/server.ts";
import type { Channel } from "../old-sse/channel.ts";

/** How one call talks to a server. Holds no value, so it may outlive the call. */
export interface Connection {
  readonly era: ProtocolEra;
  /** Null only for `initialize`, which settles it. */
  readonly protocolVersion: string | null;
  /** What a stateful legacy server issued; null = it issues none. */
  readonly sessionId: string | null;
  /** Of a server that speaks HTTP with SSE (2024-11-05): its stream of answers, which is its session. */
  readonly channel?: Channel;
}

export const MODERN_VERSION = "2026-07-28";

/** What Keyward takes for an answer: lists and calls are the same in all of them. */
export const LEGACY_VERSIONS: ReadonlySet<string> = new Set(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]);

/** Before anything is known about a server. */
export const MODERN_START: Connection = { era: "modern", protocolVersion: MODERN_VERSION, sessionId: null };
export const LEGACY_START: Connection = { era: "legacy", protocolVersion: null, sessionId: null };

/** A channel stands for the session id that the server put into the URL of its endpoint. */
export function startOn(channel: Channel): Connection {
  return { era: "legacy", protocolVersion: null, sessionId: "channel", channel };
}
