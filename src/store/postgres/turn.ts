import type { Clock } from "../../core/ports.ts";
import { ConnectionError } from "./postgres-error.ts";

/** Lets one in at a time, in the order of arrival, and nobody waits longer than that. */
export class Turn {
  readonly #clock: Clock;
  readonly #maxWaitMs: number;
  readonly #waiting = new Set<() => void>();
  #isHeld = false;

  constructor(clock: Clock, maxWaitMs: number) {
    this.#clock = clock;
    this.#maxWaitMs = maxWaitMs;
  }

  async acquire(): Promise<void> {
    if (!this.#isHeld) {
      this.#isHeld = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        cancelTimer();
        resolve();
      };
      const cancelTimer = this.#clock.schedule(this.#maxWaitMs, () => {
        this.#waiting.delete(enter);
        reject(new ConnectionError("too many wait to write"));
      });
      this.#waiting.add(enter);
    });
  }

  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#isHeld = false;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
