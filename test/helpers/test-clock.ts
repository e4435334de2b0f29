import type { Clock } from "../../src/core/ports.ts";
import { systemClock } from "../../src/server/system.ts";

/** The system's clock, which can be put forward: whatever is due by then runs at once, in its order. */
export interface TestClock extends Clock {
  /** @param ms from now */
  advance(ms: number): void;
  /** How many timers of just this delay are pending. */
  pending(delayMs: number): number;
  /** Resolves when so many timers of just this delay are pending: somebody has begun to wait. */
  waitsFor(delayMs: number, count?: number): Promise<void>;
}

interface Timer {
  readonly delayMs: number;
  readonly due: number;
  readonly fire: () => void;
}

export function createTestClock(): TestClock {
  let ahead = 0;
  const timers = new Set<Timer>();
  const watchers = new Set<() => void>();
  const now = (): number => systemClock.now() + ahead;

  function pending(delayMs: number): number {
    return [...timers].filter((timer) => timer.delayMs === delayMs).length;
  }

  function nextBefore(end: number): Timer | undefined {
    return [...timers].filter(({ due }) => due <= end).toSorted((a, b) => a.due - b.due)[0];
  }

  return {
    now,
    pending,

    schedule(delayMs, task, options) {
      const cancel = (): void => {
        timers.delete(timer);
        cancelReal();
      };
      const fire = (): void => {
        cancel();
        task();
      };
      // A timer of a day would overflow the system's after some more.
      const cancelReal = systemClock.schedule(Math.min(delayMs, 2 ** 31 - 1), fire, options);
      const timer: Timer = { delayMs, due: now() + delayMs, fire };
      timers.add(timer);
      watchers.forEach((watch) => watch());
      return cancel;
    },

    advance(ms) {
      const end = now() + ms;
      for (let timer = nextBefore(end); timer !== undefined; timer = nextBefore(end)) {
        ahead += Math.max(0, timer.due - now());
        timer.fire();
      }
      ahead += Math.max(0, end - now());
    },

    waitsFor(delayMs, count = 1) {
      return new Promise((resolve) => {
        const watch = (): void => {
          if (pending(delayMs) >= count) {
            watchers.delete(watch);
            resolve();
          }
        };
        watchers.add(watch);
        watch();
      });
    },
  };
}
