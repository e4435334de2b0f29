import type { Engine } from "./engine.ts";

/** So many entries of weight 1: a few megabytes at most. */
const MAX_WEIGHT = 10_000;

/**
 * What a query answered, for as long as nothing at all has been committed to the database, by this process or another.
 * The engine is asked for that at every look, so an answer is exactly as fresh as a read would have been (promise P8).
 * Whatever depends on the time is judged by whoever gets the answer. That there is nothing is not remembered: strangers
 * could fill the memory with it.
 */
export class Remembered<T> {
  readonly #engine: Engine;
  readonly #weigh: (value: T) => number;
  readonly #values = new Map<string, T>();
  #weight = 0;
  #mark: unknown;

  /** @param weigh how much of the bounded memory a value takes; 1 = one object of some hundred bytes */
  constructor(engine: Engine, weigh: (value: T) => number = () => 1) {
    this.#engine = engine;
    this.#weigh = weigh;
  }

  async find(key: string, read: () => Promise<T>): Promise<T> {
    // Before the read: whatever is committed in between makes another mark, and the answer is not used again.
    const mark = await this.#engine.changeMark();
    if (mark !== this.#mark) {
      this.#clear();
      this.#mark = mark;
    }
    const known = this.#values.get(key);
    if (known !== undefined) {
      return known;
    }
    const value = await read();
    // Another look may have met a newer mark meanwhile.
    if (value !== null && mark === this.#mark) {
      this.#keep(key, value);
    }
    return value;
  }

  #keep(key: string, value: T): void {
    if (this.#values.has(key)) {
      return;
    }
    const weight = this.#weigh(value);
    if (this.#weight + weight > MAX_WEIGHT) {
      this.#clear();
    }
    this.#values.set(key, value);
    this.#weight += weight;
  }

  #clear(): void {
    this.#values.clear();
    this.#weight = 0;
  }
}
