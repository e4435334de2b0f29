import type { Clock } from "../../core/ports.ts";
import { createRateLimit } from "../../core/rate-limit.ts";
import { networkOf } from "../client-network.ts";

/** What is counted, each by itself. */
export type Counted = "authorize" | "token" | "register" | "revoke" | "document";

/** In a minute, from one address: an office behind one of them is many people. */
const PER_ADDRESS: Readonly<Record<Counted, number>> = {
  authorize: 60,
  token: 120,
  register: 20,
  revoke: 60,
  document: 20,
};
/** In an hour, from everywhere: what a registration leaves behind is kept for days. */
const REGISTRATIONS_PER_HOUR = 500;
/** In a minute, for everybody: documents of one host. */
const DOCUMENTS_PER_HOST = 60;

const MINUTE_MS = 60_000;
const MAX_KEYS = 10_000;

export interface OauthLimits {
  /** @returns whether the request may go on */
  take(what: Counted, address: string | null): boolean;
  /** The same for a metadata document that would have to be read. */
  takeDocument(host: string, address: string | null): boolean;
}

export function createOauthLimits(clock: Clock): OauthLimits {
  const perMinute = createRateLimit(clock, { windowMs: MINUTE_MS, maxKeys: MAX_KEYS });
  const perHost = createRateLimit(clock, { windowMs: MINUTE_MS, maxKeys: MAX_KEYS });
  const perHour = createRateLimit(clock, { windowMs: 60 * MINUTE_MS, maxKeys: 1 });

  function take(what: Counted, address: string | null): boolean {
    return (
      perMinute.take(`${what} ${networkOf(address)}`, PER_ADDRESS[what]) &&
      (what !== "register" || perHour.take(what, REGISTRATIONS_PER_HOUR))
    );
  }

  return {
    take,
    takeDocument: (host, address) => take("document", address) && perHost.take(host, DOCUMENTS_PER_HOST),
  };
}
