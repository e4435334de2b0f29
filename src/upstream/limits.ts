import { EGRESS_LIMITS, type EgressLimits } from "./egress/limits.ts";

/** What one upstream may cost a call. Times in milliseconds. */
export interface UpstreamLimits extends EgressLimits {
  /** Until the response's headers are there, for everything but a tool call. */
  readonly headersTimeoutMs: number;
  /** Between two parts of a response's body, for everything but a tool call. */
  readonly idleTimeoutMs: number;
  /** One request and its whole answer, for everything but a tool call. */
  readonly requestTimeoutMs: number;
  /**
   * One tool call and its whole answer. Also its headers and idle time: a server that answers by SSE is silent while the
   * tool works, and may be so for as long as one that answers by JSON.
   */
  readonly callTimeoutMs: number;
  /** A client's request in which messages keep coming, from its start to its end. */
  readonly exchangeTimeoutMs: number;
  /** Characters of one SSE event. As long as a JSON body may be: many servers answer everything with one event. */
  readonly eventLength: number;
  /** Upstream sessions kept; the least recently used one is let go beyond it. */
  readonly sessions: number;
  /** Since its last use, until an upstream session is no longer used. As long as an idle session of a client is kept. */
  readonly sessionIdleMs: number;
  /** One verification, negative control included. */
  readonly verifyTimeoutMs: number;
}

export const UPSTREAM_LIMITS: UpstreamLimits = {
  ...EGRESS_LIMITS,
  headersTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  requestTimeoutMs: 60_000,
  callTimeoutMs: 120_000,
  exchangeTimeoutMs: 600_000,
  eventLength: 10 * 1024 * 1024,
  sessions: 10_000,
  sessionIdleMs: 1_800_000,
  verifyTimeoutMs: 20_000,
};
