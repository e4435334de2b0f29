import { randomBytes, randomFillSync } from "node:crypto";
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

const POOL_BYTES = 8_192;
/** Ids and nonces. Tokens and keys are longer: what will be one never lies in the pool. */
const MAX_POOLED_BYTES = 16;

/**
 * Small requests out of a pool: asking the operating system costs ten times as much as taking 16 bytes. No byte is given
 * twice, and what was given is no longer in the pool.
 */
class RandomPool implements Random {
  readonly #pool = new Uint8Array(POOL_BYTES);
  #at = POOL_BYTES;

  bytes(length: number): Uint8Array {
    if (length > MAX_POOLED_BYTES) {
      return randomBytes(length);
    }
    if (this.#at + length > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    const end = this.#at + length;
    const given = this.#pool.slice(this.#at, end);
    this.#pool.fill(0, this.#at, end);
    this.#at = end;
    return given;
  }
}

/** The operating system's randomness. */
export const systemRandom: Random = new RandomPool();
