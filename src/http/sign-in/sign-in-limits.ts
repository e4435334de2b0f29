import ipaddr from "ipaddr.js";
import type { Clock } from "../../core/ports.ts";
import { createRateLimit } from "../../core/rate-limit.ts";

/** Bounds guessing: what is refused here is neither judged nor written anywhere. */
export interface SignInLimits {
  /** One try from an address, for one account if it names one. @returns whether it may be judged */
  take(address: string | null, account: string | null): boolean;
}

const WINDOW_MS = 15 * 60_000;
/** An office may sit behind one address. */
const MAX_BY_ADDRESS = 60;
/** Guessing one password from many addresses. Sessions that exist, and single sign-on, go on. */
const MAX_BY_ACCOUNT = 10;
const MAX_KEYS = 10_000;

export function createSignInLimits(clock: Clock): SignInLimits {
  const byAddress = createRateLimit(clock, { windowMs: WINDOW_MS, maxKeys: MAX_KEYS });
  const byAccount = createRateLimit(clock, { windowMs: WINDOW_MS, maxKeys: MAX_KEYS });
  return {
    // The address first: whoever is over its limit cannot fill the memory of the accounts, nor lock one.
    take: (address, account) =>
      byAddress.take(neighbourhoodOf(address), MAX_BY_ADDRESS) &&
      (account === null || byAccount.take(account.toLowerCase(), MAX_BY_ACCOUNT)),
  };
}

/** A /64 is what one customer has (RFC 6177), so one counter for all of it. */
function neighbourhoodOf(address: string | null): string {
  if (address === null || !ipaddr.isValid(address)) {
    return "unknown";
  }
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv6" ? parsed.toByteArray().slice(0, 8).join(".") : parsed.toString();
}
