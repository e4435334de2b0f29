import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "../core/server.ts";
import type { Caller } from "../core/callers.ts";
import type { Scope } from "./exchange.ts";
import type { SessionFacts } from "./session/session-id.ts";

/** What the listener knows about a request. */
export interface GatewayContext {
  readonly requestId: string;
  /** Client address, as the socket or a trusted proxy says. */
  readonly address: string | null;
}

/** One HTTP request on its way through. */
export interface Visit extends GatewayContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What is done once the answer is out. */
  readonly afterwards: (() => Promise<void>)[];
  /** For log and metrics: what has been found out so far. */
  readonly seen: Seen;
}

export interface Seen {
  by: string | null;
  server: Pick<Server, "id" | "name"> | null;
  /** Null when it is none that Keyward knows. */
  method: string | null;
  status: number;
  outcome: CallOutcome | null;
}

/** What became of a request. */
export const CALL_OUTCOMES = [
  "ok",
  /** A JSON-RPC error, of the server or of Keyward. */
  "error",
  "auth_required",
  /** Store or keys. */
  "unavailable",
  "upstream_refused",
  "upstream_failed",
  "unauthenticated",
  "rate_limited",
  /** Not served, for another reason. */
  "refused",
  /** Its client has left. */
  "cancelled",
] as const;

export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** One request, once it has been answered. Names and numbers: nothing of who has called, or of what was said. */
export interface CallSeen extends Pick<Seen, "server" | "method" | "status"> {
  readonly httpMethod: string;
  readonly outcome: CallOutcome;
}

/** Who sent a message, and to what. */
export interface Sender {
  readonly visit: Visit;
  readonly caller: Caller;
  readonly scope: Scope;
  readonly session: SessionFacts | null;
}
