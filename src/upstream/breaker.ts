import { isKeywardError, KeywardError } from "../core/errors.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { Server } from "../core/server.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Egress } from "./egress/door.ts";

/**
 * Keeps calls from waiting for a server that is not there. Three connections in a row that did not come about, and calls
 * to the server fail at once; after a while one of them is let through to see, and an HTTP answer of any status, 503
 * included, lets all through again.
 *
 * Only what happens before a request is sent counts: a call that makes the server hang or hang up could otherwise keep
 * everybody else from it (promise P14).
 */
export interface Breaker {
  /** The door as it stands for one server: `send` fails with `upstream_unreachable` while the server is not dialled. */
  through(server: Pick<Server, "id" | "version">, egress: Egress): Egress;
  /** Ids of the servers that are not dialled at the moment. */
  open(): readonly string[];
}

interface Entry {
  /** The failures were of this version of the server; another one may have another URL. */
  readonly version: number;
  failures: number;
  /** Milliseconds without jitter, for the next time it opens. */
  nextDelayMs: number;
  /** Null while calls go through. */
  open: { readonly since: number; readonly delayMs: number } | null;
  /** When the call was let through that finds out; null when none is under way. */
  probedAt: number | null;
}

const FAILURES_TO_OPEN = 3;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;
/** Twice the time that a connection may take: a probe that is still under way by then is connected, and its tool slow. */
const PROBE_MS = 10_000;
const MAX_SERVERS = 10_000;

// DNS, TCP and the time for both and TLS. A reset is not among them: it may come after the request.
const NO_CONNECTION: ReadonlySet<unknown> = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export function createBreaker({ clock, random }: { readonly clock: Clock; readonly random: Random }): Breaker {
  // A server without failures has no entry, so that it costs one look-up.
  const entries = new BoundedMap<string, Entry>(MAX_SERVERS);

  const entryOf = ({ id, version }: Pick<Server, "id" | "version">): Entry | undefined => {
    const entry = entries.get(id);
    return entry?.version === version ? entry : undefined;
  };

  /** Half of the delay to all of it, so that replicas do not ask at the same time. */
  const jittered = (delayMs: number): number => delayMs * (0.5 + (random.bytes(1)[0] ?? 0) / 510);

  const admit = (entry: Entry | undefined): "pass" | "probe" | "refuse" => {
    if (entry === undefined || entry.open === null) {
      return "pass";
    }
    const now = clock.now();
    const isProbed = entry.probedAt !== null && isWithin(now, entry.probedAt, PROBE_MS);
    if (isProbed || isWithin(now, entry.open.since, entry.open.delayMs)) {
      return "refuse";
    }
    entry.probedAt = now;
    return "probe";
  };

  const fail = (server: Pick<Server, "id" | "version">, wasProbe: boolean): void => {
    const { id, version } = server;
    const entry = entryOf(server) ?? { version, failures: 0, nextDelayMs: FIRST_DELAY_MS, open: null, probedAt: null };
    entries.set(id, entry);
    entry.failures += 1;
    // Those that were under way when it opened say nothing new.
    if (entry.failures >= FAILURES_TO_OPEN && (entry.open === null || wasProbe)) {
      entry.open = { since: clock.now(), delayMs: jittered(entry.nextDelayMs) };
      entry.nextDelayMs = Math.min(2 * entry.nextDelayMs, MAX_DELAY_MS);
    }
  };

  return {
    open: () => [...entries.entries()].filter(([, entry]) => entry.open !== null).map(([id]) => id),

    through: (server, egress) => ({
      ...egress,
      async send(request) {
        const entry = entryOf(server);
        const admitted = admit(entry);
        if (admitted === "refuse") {
          throw new KeywardError("upstream_unreachable", { cause: { code: "NOT_DIALLED" } });
        }
        try {
          const response = await egress.send(request);
          if (entryOf(server) !== undefined) entries.delete(server.id);
          return response;
        } catch (error) {
          if (isWithoutConnection(error)) fail(server, admitted === "probe");
          throw error;
        } finally {
          if (entry !== undefined && admitted === "probe") entry.probedAt = null;
        }
      },
    }),
  };
}

/** A clock that was set back ends every wait. */
function isWithin(now: number, since: number, ms: number): boolean {
  return now >= since && now - since < ms;
}

function isWithoutConnection(error: unknown): boolean {
  const cause = isKeywardError(error, "upstream_unreachable") ? error.cause : null;
  return typeof cause === "object" && cause !== null && "code" in cause && NO_CONNECTION.has(cause.code);
}
