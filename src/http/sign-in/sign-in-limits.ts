import ipaddr from "ipaddr.js";
import type { AttemptStore } from "../../core/attempt-port.ts";
import { KeywardError } from "../../core/errors.ts";
import type { Clock, Vault } from "../../core/ports.ts";
import { createRateLimit } from "../../core/rate-limit.ts";
import { createSharedLimit } from "../../core/shared-limit.ts";
import type { Passwords } from "./passwords.ts";

/** Bounds guessing: what is refused here is neither judged nor written anywhere. */
export interface SignInLimits {
  /**
   * One guess from an address, at one account if it names one. Counted for all gateways together.
   * @throws KeywardError `rate_limited`; `credential_store_unavailable`: what cannot be counted is not judged
   */
  assertMayGuess(address: string | null, account: string | null): Promise<void>;
  /**
   * One visit from an address, where nothing of ours can be guessed: single sign-on. Counted by this process.
   * @throws KeywardError `rate_limited`
   */
  assertMayVisit(address: string | null): void;
}

const WINDOW_MS = 15 * 60_000;
/** An office may sit behind one address. */
const MAX_BY_ADDRESS = 60;
/** Guessing one password from many addresses. Sessions that exist, and single sign-on, go on. */
const MAX_BY_ACCOUNT = 10;
/** Addresses and accounts together. */
const MAX_KEYS = 20_000;

export function createSignInLimits(parts: {
  readonly store: Pick<AttemptStore, "takeAttempt">;
  readonly vault: Pick<Vault, "digest">;
  readonly passwords: Pick<Passwords, "hasRoomFor">;
  readonly clock: Clock;
}): SignInLimits {
  const { passwords, clock } = parts;
  const window = { windowMs: WINDOW_MS, maxKeys: MAX_KEYS };
  const guesses = createSharedLimit(parts, { ...window, name: "sign_in" });
  const visits = createRateLimit(clock, window);
  let counting = 0;

  async function take(address: string | null, account: string | null): Promise<boolean> {
    // Of many addresses at once none is over its limit: whoever could not be judged anyway is not counted, so that all
    // of them together keep the store no busier than passwords keep this process.
    if (!passwords.hasRoomFor(counting + 1)) {
      return false;
    }
    counting += 1;
    try {
      // The address first: whoever is over its limit cannot lock an account, nor fill the memory of the accounts.
      const byAddress = { subject: `address ${neighbourhoodOf(address)}`, limit: MAX_BY_ADDRESS };
      const byAccount = { subject: `account ${account?.toLowerCase() ?? ""}`, limit: MAX_BY_ACCOUNT };
      return await (account === null ? guesses.take(byAddress) : guesses.take(byAddress, byAccount));
    } finally {
      counting -= 1;
    }
  }

  return {
    async assertMayGuess(address, account) {
      if (!(await take(address, account))) {
        throw new KeywardError("rate_limited");
      }
    },

    assertMayVisit(address) {
      if (!visits.take(neighbourhoodOf(address), MAX_BY_ADDRESS)) {
        throw new KeywardError("rate_limited");
      }
    },
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
