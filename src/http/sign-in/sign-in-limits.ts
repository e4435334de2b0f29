import type { AttemptStore } from "../../core/attempt-port.ts";
import { KeywardError } from "../../core/errors.ts";
import type { Clock, Vault } from "../../core/ports.ts";
import { createRateLimit } from "../../core/rate-limit.ts";
import { createSharedLimit } from "../../core/shared-limit.ts";
import { networkOf } from "../client-network.ts";

/** Who guesses at what. */
interface Guess {
  readonly address: string | null;
  /** Null where the guess names none. */
  readonly account: string | null;
}

/** Bounds guessing: what is refused here is neither judged nor written anywhere. */
export interface SignInLimits {
  /**
   * Judges one guess, if it is within the limits: of its address, then of its account, for all gateways together.
   * @throws KeywardError `rate_limited`; `credential_store_unavailable`: what cannot be counted is not judged
   */
  guess<T>(guess: Guess, judge: () => Promise<T>): Promise<T>;
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
/** As many passwords as may wait to be hashed. */
const MAX_UNDER_WAY = 40;
/** Addresses and accounts together. */
const MAX_KEYS = 20_000;

export function createSignInLimits(parts: {
  readonly store: Pick<AttemptStore, "takeAttempt">;
  readonly vault: Pick<Vault, "digest">;
  readonly clock: Clock;
}): SignInLimits {
  const window = { windowMs: WINDOW_MS, maxKeys: MAX_KEYS };
  const guesses = createSharedLimit(parts, { ...window, name: "sign_in" });
  const visits = createRateLimit(parts.clock, window);
  let underWay = 0;

  function take({ address, account }: Guess): Promise<boolean> {
    const byAddress = { subject: `address ${networkOf(address)}`, limit: MAX_BY_ADDRESS };
    if (account === null) {
      return guesses.take(byAddress);
    }
    // The address first: whoever is over its limit cannot lock an account, nor fill the memory of the accounts.
    return guesses.take(byAddress, { subject: `account ${account.toLowerCase()}`, limit: MAX_BY_ACCOUNT });
  }

  return {
    async guess(guess, judge) {
      // Of very many addresses none is over its limit. All of them together write no more counts than can be judged.
      if (underWay >= MAX_UNDER_WAY) {
        throw new KeywardError("rate_limited");
      }
      underWay += 1;
      try {
        if (!(await take(guess))) {
          throw new KeywardError("rate_limited");
        }
        return await judge();
      } finally {
        underWay -= 1;
      }
    },

    assertMayVisit(address) {
      if (!visits.take(networkOf(address), MAX_BY_ADDRESS)) {
        throw new KeywardError("rate_limited");
      }
    },
  };
}
