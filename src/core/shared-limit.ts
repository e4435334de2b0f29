import type { AttemptStore } from "./attempt-port.ts";
import type { Clock, Vault } from "./ports.ts";
import { createRateLimit } from "./rate-limit.ts";
import { Secret } from "./secret.ts";

/** One event of something that may happen only so often. */
interface Counted {
  /** Whose, or of what. Leaves the process as a keyed digest only. */
  readonly subject: string;
  /** So many in a window. */
  readonly limit: number;
}

/**
 * Counts events for all gateways on one store. Each process counts by itself first: what it refuses costs no write, so
 * that a flood at one of them does not become a flood at the store.
 */
export interface SharedLimit {
  /**
   * @param counted from the widest to the narrowest: whoever is over the first is not counted under the next ones
   * @returns whether the event is within all limits
   * @throws KeywardError `credential_store_unavailable`: what cannot be counted does not happen
   */
  take(...counted: readonly Counted[]): Promise<boolean>;
}

/** @param options.name of what is counted: equal subjects of two limits do not meet */
export function createSharedLimit(
  parts: {
    readonly store: Pick<AttemptStore, "takeAttempt">;
    readonly vault: Pick<Vault, "digest">;
    readonly clock: Clock;
  },
  options: { readonly name: string; readonly windowMs: number; readonly maxKeys: number },
): SharedLimit {
  const { store, vault, clock } = parts;
  const { name, windowMs } = options;
  const own = createRateLimit(clock, options);
  return {
    async take(...counted) {
      if (!counted.every(({ subject, limit }) => own.take(subject, limit))) {
        return false;
      }
      return store.takeAttempt(
        counted.map(({ subject, limit }) => ({
          digest: vault.digest("attempt", new Secret(`${name} ${subject}`)),
          limit,
          windowMs,
        })),
      );
    },
  };
}
