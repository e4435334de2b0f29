import type { IncomingMessage } from "node:http";
import type { Caller, Callers } from "../core/callers.ts";
import { KeywardError } from "../core/errors.ts";
import { identityKey } from "../core/identity.ts";
import type { Clock } from "../core/ports.ts";
import { createRateLimit } from "../core/rate-limit.ts";
import { authenticate } from "./authenticate.ts";
import { assertJsonExchange } from "./body.ts";
import { parseRoute, type Route } from "./route.ts";

/** Who is let in, and where to. */
export interface Admitted {
  readonly caller: Caller;
  readonly route: Route;
}

const METHODS: ReadonlySet<string> = new Set(["POST", "GET", "DELETE"]);
const RATE_WINDOW_MS = 60_000;
/** Of one person, through all apps that they have connected together. */
const CALLS_PER_USER = 600;
/** Beyond, the key whose minute began first starts a new one. */
const MAX_REMEMBERED_KEYS = 10_000;

/**
 * Everything that is settled before the body is read. The credential comes first: without one, GET and DELETE are a 401
 * too, and nothing is said about paths.
 *
 * @returns judges one request; it throws KeywardError with the status to answer
 */
export function createAdmission(parts: {
  readonly callers: Callers;
  readonly clock: Clock;
}): (request: IncomingMessage) => Promise<Admitted> {
  const limit = createRateLimit(parts.clock, { windowMs: RATE_WINDOW_MS, maxKeys: MAX_REMEMBERED_KEYS });

  function assertWithinRate({ virtualKey, app, identity }: Caller): void {
    const perMinute = virtualKey?.rateLimitPerMinute ?? null;
    const isKeyWithin = virtualKey === null || perMinute === null || limit.take(virtualKey.id, perMinute);
    const isUserWithin = app === null || limit.take(identityKey(identity), CALLS_PER_USER);
    if (!isKeyWithin || !isUserWithin) {
      throw new KeywardError("rate_limited");
    }
  }

  return async (request) => {
    const caller = await authenticate(request, parts.callers);
    if (!METHODS.has(request.method ?? "")) {
      throw new KeywardError("method_not_allowed");
    }
    if (request.method === "POST") {
      assertWithinRate(caller);
      assertJsonExchange(request);
    }
    return { caller, route: parseRoute(request.url ?? "") };
  };
}
