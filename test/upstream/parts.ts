import { expect } from "vitest";
import type { HeaderName } from "../../src/core/header-name.ts";
import { parseHeaderSchema } from "../../src/core/header-schema.ts";
import type { HeaderValues } from "../../src/core/header-values.ts";
import type { CallHeaders, Clock, LogFields, Logger } from "../../src/core/ports.ts";
import { Secret } from "../../src/core/secret.ts";
import { originOf, type Server } from "../../src/core/server.ts";
import { systemClock, systemRandom } from "../../src/server/system.ts";
import { type ClosableUpstream, createUpstream, type UpstreamOptions } from "../../src/upstream/upstream.ts";

/** A clock whose timers run out when the test says so. */
export function manualClock(): Clock & {
  /** Runs what was scheduled with this delay. */
  fire(delayMs: number): void;
} {
  const timers = new Set<{ readonly delayMs: number; readonly task: () => void }>();
  return {
    now: () => Date.now(),
    schedule(delayMs, task) {
      const timer = { delayMs, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    fire(delayMs) {
      for (const timer of timers) {
        if (timer.delayMs === delayMs && timers.delete(timer)) timer.task();
      }
    },
  };
}

/** Waits for what another process or socket will have done; generous, for a machine that is busy. */
export function expectSoon<T>(read: () => T) {
  return expect.poll(read, { timeout: 15_000, interval: 10 });
}

interface LogLine {
  readonly event: string;
  readonly fields: LogFields;
}

/** A logger that keeps its lines, so that a test can look for what may not be in them. */
function recordingLogger(): { readonly logger: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (event: string, fields: LogFields = {}): void => {
    lines.push({ event, fields });
  };
  return { lines, logger: { debug: write, info: write, warn: write, error: write } };
}

export interface TestUpstream {
  readonly upstream: ClosableUpstream;
  readonly lines: LogLine[];
  /** Hits that `onScrubbed` was told of. */
  readonly hits: number[];
}

/** An upstream side that may dial loopback, and no other private address. */
export function upstreamForTest(options: Partial<UpstreamOptions> = {}): TestUpstream {
  const { logger, lines } = recordingLogger();
  const hits: number[] = [];
  const upstream = createUpstream({
    allowPrivate: ["127.0.0.1"],
    clock: systemClock,
    random: systemRandom,
    logger,
    onScrubbed: (_, count) => hits.push(count),
    ...options,
  });
  return { upstream, lines, hits };
}

/** A registered server that asks each person for `X-API-Key`. */
export function serverFor(url: string, overrides: Partial<Server> = {}): Server {
  return {
    id: "srv_1",
    name: "test",
    url,
    origin: originOf(new URL(url)),
    transport: "streamable_http",
    authType: "per_user_headers",
    headerSchema: parseHeaderSchema([{ name: "X-API-Key" }]),
    schemaRevision: 1,
    staticHeaderNames: [],
    staticHeaders: null,
    allowAllIdentities: true,
    linkPolicy: "inherit",
    verification: { probeTool: null, hasNegativeControl: true },
    tools: null,
    status: "ready",
    discovered: null,
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    ...overrides,
  };
}

export function valuesOf(values: Readonly<Record<string, string>>): HeaderValues {
  return new Map(Object.entries(values).map(([name, value]) => [name as HeaderName, new Secret(value)]));
}

/** The headers of one call with a stored credential. */
export function callFor(url: string, key: string, overrides: Partial<CallHeaders> = {}): CallHeaders {
  return {
    origin: originOf(new URL(url)),
    staticHeaders: new Map(),
    userHeaders: valuesOf({ "x-api-key": key }),
    plainNames: new Set<string>(),
    identity: { mode: "virtual_key", id: "vk_alice" },
    credential: { id: "cred_1", version: 1 },
    ...overrides,
  };
}
