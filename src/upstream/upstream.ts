import type {
  CallHeaders,
  Clock,
  ExchangeEnd,
  Greeting,
  ListOutcome,
  Logger,
  McpAnswer,
  Random,
  Upstream,
  UpstreamFailureCode,
  VerifyOutcome,
} from "../core/ports.ts";
import type { Server } from "../core/server.ts";
import { createBreaker } from "./breaker.ts";
import { sendMessage } from "./client.ts";
import { createEgress, type EgressOptions } from "./egress/door.ts";
import { createEgressPolicy } from "./egress/policy.ts";
import { chooseEra, createProfiles } from "./era/profile.ts";
import { exchangeMessage, type Ended, listenTo } from "./exchange.ts";
import { createLine, type LineParts } from "./lines.ts";
import { askForList, cleanItems } from "./list.ts";
import { UPSTREAM_LIMITS, type UpstreamLimits } from "./limits.ts";
import { createChannels } from "./old-sse/channels.ts";
import { createScrubber, type Scrubber } from "./scrub.ts";
import { unwatched, type WatchRequests } from "./request-watch.ts";
import { createSessionPool } from "./session-pool.ts";
import { createUnderWay } from "./under-way.ts";
import { stepsOf } from "./verify-steps.ts";
import { verifyServer } from "./verify.ts";
import { upstreamFailureCode, type WireParts } from "./wire.ts";

export interface UpstreamOptions {
  /** Items of `KEYWARD_ALLOW_PRIVATE_UPSTREAMS`: hosts, addresses and networks that may be dialled though not public. */
  readonly allowPrivate: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Overrides single limits; see `UpstreamLimits` for units and `UPSTREAM_LIMITS` for the defaults. */
  readonly limits?: Partial<UpstreamLimits>;
  /** Counts injected values that a server sent back and that were taken out of its answer. */
  readonly onScrubbed?: (serverId: string, hits: number) => void;
  /** Watches every HTTP request. Default: nobody does. */
  readonly watchRequests?: WatchRequests;
  /** DNS. Default: the system's resolver. */
  readonly resolve?: EgressOptions["resolve"];
}

/** What a process holds towards the servers. */
export interface UpstreamLoad {
  readonly sessions: number;
  /** Ids of the servers that are not dialled at the moment. */
  readonly notDialled: readonly string[];
}

export interface ClosableUpstream extends Upstream {
  load(): UpstreamLoad;
  /**
   * Whether something answers there, with whatever status. Sends one request without a value of anybody's.
   * @throws KeywardError `upstream_*`
   */
  reach(url: URL): Promise<void>;
  /** Ends every request under way and closes every connection. */
  close(): Promise<void>;
}

/** @throws KeywardError `config_invalid` for an entry of `allowPrivate` that cannot be understood */
export function createUpstream(options: UpstreamOptions): ClosableUpstream {
  const { clock, random, logger } = options;
  const limits = { ...UPSTREAM_LIMITS, ...options.limits };
  const egress = createEgress({
    policy: createEgressPolicy(options.allowPrivate),
    limits,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });
  const sessions = createSessionPool({ clock, maxSessions: limits.sessions, idleMs: limits.sessionIdleMs });
  const underWay = createUnderWay();
  const channels = createChannels(limits.sessions);
  const { watchRequests = unwatched } = options;
  const wire: WireParts = { egress, clock, limits, nextId: idsFrom(random), channels, watchRequests };
  const breaker = createBreaker({ clock, random });
  const lines: LineParts = { wire, breaker, profiles: createProfiles(clock), sessions, underWay };

  const reportScrubbed = (serverId: string, hits: number): void => {
    if (hits === 0) return;
    logger.warn("upstream_value_scrubbed", { server_id: serverId, hits });
    options.onScrubbed?.(serverId, hits);
  };

  const watched = async (
    server: Server,
    call: CallHeaders,
    run: (scrubber: Scrubber) => Promise<Ended>,
  ): Promise<ExchangeEnd> => {
    const scrubber = createScrubber(call);
    try {
      const { end, cause } = await run(scrubber);
      if (end.kind === "failed") logFailure(logger, server, end.code, cause);
      return end;
    } catch (error) {
      return { kind: "failed", code: failureCode(error) };
    } finally {
      reportScrubbed(server.id, scrubber.hits);
    }
  };

  return {
    verify(server, headers, { signal } = {}) {
      return underWay.run(server.id, headers, signal, async (ended): Promise<VerifyOutcome> => {
        const budget = new AbortController();
        const cancel = clock.schedule(limits.verifyTimeoutMs, () => budget.abort());
        try {
          const parts = { wire, clock, random };
          const found = await verifyServer(parts, server, headers, AbortSignal.any([ended, budget.signal]));
          const { outcome, scrubbed, omitted, cause } = found;
          reportScrubbed(server.id, scrubbed);
          if (omitted > 0) logger.warn("upstream_tools_omitted", { server_id: server.id, count: omitted });
          if (outcome.kind === "unknown") logFailure(logger, server, outcome.code, cause);
          return outcome;
        } catch (error) {
          const steps = stepsOf({ kind: "unknown", step: "connect" }, server, "skipped");
          return { kind: "unknown", code: failureCode(error), steps };
        } finally {
          cancel();
        }
      });
    },

    request(server, headers, message, { signal } = {}) {
      return underWay.run(server.id, headers, signal, async (ended): Promise<McpAnswer> => {
        try {
          const { answer, cause } = await sendMessage(lines, server, headers, message, ended);
          if (answer.kind === "failed") logFailure(logger, server, answer.code, cause);
          const scrubber = createScrubber(headers);
          const clean = scrubber.scrub(answer);
          reportScrubbed(server.id, scrubber.hits);
          return clean;
        } catch (error) {
          return { kind: "failed", code: failureCode(error) };
        }
      });
    },

    greet(server, call, peer, era, { signal } = {}) {
      return underWay.run(server.id, call, signal, async (ended): Promise<Greeting> => {
        const line = createLine(lines, { server, call, peer, preferred: era, signal: ended });
        try {
          const greeted = await line.greet();
          if (greeted.kind !== "connected") {
            return greeted.kind === "refused" ? greeted : { kind: "failed", code: greeted.code };
          }
          const { connection, hello } = greeted;
          const { protocolVersion, sessionId } = connection;
          const scrubber = createScrubber(call);
          const clean = scrubber.scrub(hello);
          reportScrubbed(server.id, scrubber.hits);
          return {
            kind: "connected",
            era: connection.era,
            protocolVersion: protocolVersion ?? "",
            isStateful: sessionId !== null,
            hello: clean,
          };
        } catch (error) {
          return { kind: "failed", code: failureCode(error) };
        }
      });
    },

    list(server, headers, kind, { signal } = {}) {
      return underWay.run(server.id, headers, signal, async (ended): Promise<ListOutcome> => {
        try {
          const pages = await askForList<Exclude<ListOutcome, { kind: "listed" }>>(kind, async (message) => {
            const { answer, cause } = await sendMessage(lines, server, headers, message, ended);
            if (answer.kind === "failed") logFailure(logger, server, answer.code, cause);
            return answer.kind === "result" || answer.kind === "error"
              ? { kind: "answered", response: answer }
              : { kind: "unanswered", failure: answer };
          });
          if (pages.kind !== "received") {
            return pages.kind === "unanswered" ? pages.failure : { kind: "failed", code: "upstream_protocol" };
          }
          const { items, omitted } = cleanItems(kind, pages.received, chooseEra(lines.profiles.of(server), null).era);
          const scrubber = createScrubber(headers);
          const clean = scrubber.scrub(items);
          reportScrubbed(server.id, scrubber.hits);
          return { kind: "listed", items: clean, omitted };
        } catch (error) {
          return { kind: "failed", code: failureCode(error) };
        }
      });
    },

    exchange: (server, call, peer, message, sink, { signal } = {}) =>
      underWay.run(server.id, call, signal, (ended) =>
        watched(server, call, (scrubber) => {
          const preferred = peer.sessionId === null && message.era === "legacy" ? null : message.era;
          return exchangeMessage(lines, { server, call, peer, preferred, signal: ended, message, sink, scrubber });
        }),
      ),

    listen: (server, call, peer, sink, { signal, lastEventId = null }) =>
      underWay.run(server.id, call, signal, (ended) =>
        watched(server, call, (scrubber) =>
          listenTo(lines, { server, call, peer, preferred: "legacy", signal: ended, sink, scrubber }, lastEventId),
        ),
      ),

    endSession: (server, call, peer) =>
      underWay.run(server.id, call, undefined, async (ended) => {
        const owner = { server, call, peer };
        const connection = sessions.find(owner);
        if (connection === null) {
          return;
        }
        sessions.drop(owner, connection);
        await createLine(lines, { ...owner, preferred: null, signal: ended }).wire.end(connection);
      }),

    forgetCredential(credentialId) {
      sessions.forgetCredential(credentialId);
      channels.forgetCredential(credentialId);
      underWay.forgetCredential(credentialId);
    },

    forgetServer(serverId) {
      sessions.forgetServer(serverId);
      channels.forgetServer(serverId);
      underWay.forgetServer(serverId);
    },

    load: () => ({ sessions: sessions.size, notDialled: breaker.open() }),

    async reach(url) {
      const { headersTimeoutMs, idleTimeoutMs } = limits;
      const signal = new AbortController().signal;
      const request = { url, method: "GET", headers: REACHING, body: null, headersTimeoutMs, idleTimeoutMs } as const;
      (await egress.send({ ...request, isStream: false, signal })).discard();
    },

    assertAllowed: (url) => egress.assertAllowed(url),

    async close() {
      sessions.clear();
      channels.closeAll();
      underWay.abortAll();
      await egress.close();
    },
  };
}

const REACHING: ReadonlyMap<string, string> = new Map([
  ["accept", "application/json"],
  ["user-agent", "keyward"],
]);

/** @throws what is no failure of the upstream: headers that may not go where they were to go */
function failureCode(error: unknown): UpstreamFailureCode {
  const code = upstreamFailureCode(error);
  if (code === null) {
    throw error;
  }
  return code;
}

function logFailure(logger: Logger, server: Server, code: UpstreamFailureCode, cause: string | null): void {
  logger.warn("upstream_failed", { server_id: server.id, code, cause });
}

/**
 * Ids that are unique in this process and, most likely, among replicas that share an upstream: a server that is shared
 * by its callers without keeping them apart has answered one with another's result (CVE-2026-25536).
 */
function idsFrom(random: Random): () => number {
  const start = random.bytes(5).reduce((sum, byte) => sum * 256 + byte, 0);
  let count = 0;
  return () => {
    count += 1;
    return start * 1_024 + count;
  };
}
