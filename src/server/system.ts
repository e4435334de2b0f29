import { randomBytes } from "node:crypto";
import type { Clock, Random } from "../core/ports.ts";

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, task, { isBackground = false } = {}) {
    const timer = setTimeout(task, delayMs);
    if (isBackground) {
      timer.unref();
    }
    return () => clearTimeout(timer);
  },
};

/** The operating system's randomness. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
};
