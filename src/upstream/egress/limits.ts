/** What one upstream may cost. Times in milliseconds, sizes in bytes. */
export interface EgressLimits {
  /** Until a connection stands, DNS and TLS included. */
  readonly connectTimeoutMs: number;
  /** The block of response headers. */
  readonly headerBytes: number;
  /** One response body. */
  readonly bodyBytes: number;
  /** Unfinished messages of one origin, in all answers together: many large ones at once are no memory for everybody. */
  readonly keptBytes: number;
  /** Connections to one origin; further requests wait for one to come free, or for their own deadline. */
  readonly socketsPerOrigin: number;
  /** Connections to one origin that only listen, besides those: a stream holds its connection for as long as it is open. */
  readonly streamsPerOrigin: number;
  /** Origins with connections; the least recently used one is let go beyond it. */
  readonly origins: number;
}

export const EGRESS_LIMITS: EgressLimits = {
  connectTimeoutMs: 5_000,
  headerBytes: 32_768,
  bodyBytes: 10 * 1024 * 1024,
  keptBytes: 32 * 1024 * 1024,
  socketsPerOrigin: 256,
  streamsPerOrigin: 1_000,
  origins: 1_000,
};
