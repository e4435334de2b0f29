import type { IncomingMessage, ServerResponse } from "node:http";
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
  /** For the access log: what has been found out so far. */
  readonly seen: { by: string | null; server: string | null; method: string | null; status: number };
}

/** Who sent a message, and to what. */
export interface Sender {
  readonly visit: Visit;
  readonly caller: Caller;
  readonly scope: Scope;
  readonly session: SessionFacts | null;
}
