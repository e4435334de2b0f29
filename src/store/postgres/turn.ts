import { ConnectionError, isConnectionLost, sqlState } from "./postgres-error.ts";

/** More writers than that are told to come back: each of them holds a request open. */
const MAX_WAITING = 1_000;
const LOCK_NOT_AVAILABLE = "55P03";

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (error: ConnectionError) => void;
}

/**
 * Lets one in at a time, in the order of arrival. Whoever waits behind one who meets an outage is told of it at the same
 * time: in turn, the last of them would find out after all the others had waited for the same thing.
 */
export class Turn {
  readonly #waiting: Waiting[] = [];
  #isHeld = false;

  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.#acquire();
    try {
      return await work();
    } catch (error) {
      if (isConnectionLost(error) || sqlState(error) === LOCK_NOT_AVAILABLE) {
        this.#refuseAll(error);
      }
      throw error;
    } finally {
      this.#release();
    }
  }

  async #acquire(): Promise<void> {
    if (!this.#isHeld) {
      this.#isHeld = true;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw new ConnectionError("too many wait to write");
    }
    await new Promise<void>((enter, refuse) => {
      this.#waiting.push({ enter, refuse });
    });
  }

  #refuseAll(cause: unknown): void {
    for (const { refuse } of this.#waiting.splice(0)) {
      refuse(new ConnectionError("the writer before this one met an outage", { cause }));
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#isHeld = false;
    } else {
      next.enter();
    }
  }
}
