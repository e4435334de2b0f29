import type { Clock, Logger } from "../core/ports.ts";
import type { Store } from "../core/store-port.ts";
import type { ReadinessChecks } from "../http/system.ts";

/** Whether traffic may come. */
export interface Readiness {
  /** Takes at most 2 seconds. */
  checks(): Promise<ReadinessChecks>;
  /** Milliseconds that the store's clock is ahead of this machine's, when last looked at. */
  readonly skewMs: number;
  /** Begins to compare the clocks, now and each minute. */
  start(): void;
  stop(): void;
}

export interface ReadinessParts {
  readonly store: Pick<Store, "ping" | "time">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** False as soon as the process is asked to stop. */
  readonly isServing: () => boolean;
}

const PING_MS = 2_000;
const COMPARE_MS = 60_000;
export const WARNED_SKEW_MS = 30_000;
/** Beyond, what a token says of its own life is not to be believed any more. */
export const MAX_SKEW_MS = 5 * 60_000;

export function createReadiness({ store, clock, logger, isServing }: ReadinessParts): Readiness {
  let skewMs = 0;
  let cancelTimer = (): void => {};

  async function isStoreThere(): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const cancel = clock.schedule(PING_MS, () => late.resolve(false));
    const ping = store.ping().then(
      () => true,
      () => false,
    );
    return Promise.race([ping, late.promise]).finally(cancel);
  }

  async function compareClocks(): Promise<void> {
    try {
      skewMs = await clockSkew(store, clock);
      if (Math.abs(skewMs) > WARNED_SKEW_MS) {
        logger.warn("clock_skew", { skew_ms: skewMs });
      }
    } catch {
      // That the store does not answer is another check's to tell.
    }
  }

  function start(): void {
    void compareClocks();
    cancelTimer = clock.schedule(COMPARE_MS, start, { isBackground: true });
  }

  return {
    get skewMs() {
      return skewMs;
    },
    async checks() {
      return {
        serving: isServing(),
        store: await isStoreThere(),
        // They are loaded: without them nothing is put together.
        keys: true,
        clock: Math.abs(skewMs) <= MAX_SKEW_MS,
      };
    },
    start,
    stop: () => cancelTimer(),
  };
}

/**
 * Milliseconds that the store's clock is ahead; the time that asking takes counts half.
 * @throws KeywardError `credential_store_unavailable`
 */
export async function clockSkew(store: Pick<Store, "time">, clock: Pick<Clock, "now">): Promise<number> {
  const asked = clock.now();
  const theirs = await store.time();
  return Math.round(theirs - (asked + clock.now()) / 2);
}
