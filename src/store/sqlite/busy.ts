import type { Clock } from "../../core/ports.ts";
import { isBusy } from "./sqlite-error.ts";

/**
 * How long to wait for a writer in another process: 5 s in all, then SQLITE_BUSY stands. The zeros are for a writer in
 * this process, which is done when its microtasks are.
 */
const DELAYS_MS = [0, 0, 1, 2, 5, 10, 20, ...Array.from({ length: 99 }, () => 50)];

/**
 * Runs `attempt` again while the database is locked. SQLite's own busy handler sleeps with the thread: if the lock were
 * held by a transaction of this very thread, neither would ever go on.
 */
export async function whileBusy<T>(clock: Clock, attempt: () => T | Promise<T>): Promise<T> {
  for (const delay of DELAYS_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error)) {
        throw error;
      }
    }
    await pause(clock, delay);
  }
  return attempt();
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (delayMs === 0) {
      setImmediate(resolve);
    } else {
      clock.schedule(delayMs, resolve);
    }
  });
}
