/**
 * Lets one in at a time, in the order of arrival.
 *
 * Between two holders the event loop turns once: transactions on an embedded database are made of microtasks only, and
 * a long queue of them would otherwise be one long stall.
 */
export class Mutex {
  #isHeld = false;
  readonly #waiting: (() => void)[] = [];

  async acquire(): Promise<void> {
    if (!this.#isHeld) {
      this.#isHeld = true;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#isHeld = false;
    } else {
      setImmediate(next);
    }
  }
}
