import { bindingKey, type Binding } from "./credential.ts";
import type { Clock, Logger } from "./ports.ts";
import type { CredentialStore } from "./credential-port.ts";

/**
 * Finds out what has been stored through other processes while somebody waits for it, by asking the store: hints between
 * processes may be lost, and some stores have none.
 */
export interface StoredWatch {
  /** Watches until `untilMs` at the latest. @returns ends it, if nobody else waits; safe to call twice */
  attend(untilMs: number): () => void;
  /**
   * Resolves as soon as nothing can be missed any more, by those who attend, that is stored from then on.
   * @throws KeywardError `credential_store_unavailable`
   */
  ready(): Promise<void>;
  /** What was heard of by a hint is not found once more. */
  heard(binding: Binding): void;
}

/** With the time of a read, what was stored is found within two seconds. */
const ASK_EVERY_MS = 1_000;

export interface StoredWatchParts {
  readonly store: Pick<CredentialStore, "listStoredSince">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One read a second for all who wait in this process, and none while nobody does. */
export function createStoredWatch(
  { store, clock, logger }: StoredWatchParts,
  onStored: (binding: Binding) => void,
): StoredWatch {
  const attending = new Set<{ readonly until: number }>();
  let hinted = new Set<string>();
  let position: number | null = null;
  let isAsking = false;
  let cancelTimer: (() => void) | null = null;
  let begun = newBeginning();

  async function ask(): Promise<void> {
    isAsking = true;
    cancelTimer = null;
    const known = hinted;
    hinted = new Set();
    try {
      const found = await store.listStoredSince(position);
      ({ position } = found);
      begun.resolve();
      found.bindings.filter((binding) => !known.has(bindingKey(binding))).forEach(onStored);
    } catch (error) {
      // The next one begins where this one would have.
      known.forEach((key) => hinted.add(key));
      logger.debug("stored_watch_failed");
      if (position === null) {
        begun.reject(error);
        begun = newBeginning();
      }
    }
    isAsking = false;
    goOn();
  }

  function goOn(): void {
    const now = clock.now();
    attending.forEach((one) => one.until <= now && attending.delete(one));
    if (attending.size > 0) {
      cancelTimer = clock.schedule(ASK_EVERY_MS, () => void ask(), { isBackground: true });
    } else {
      stop();
    }
  }

  function stop(): void {
    cancelTimer?.();
    cancelTimer = null;
    position = null;
    hinted.clear();
    // Whoever still wants to know has left.
    begun.resolve();
    begun = newBeginning();
  }

  return {
    attend(until) {
      const one = { until };
      attending.add(one);
      if (!isAsking && cancelTimer === null) {
        void ask();
      }
      return () => {
        attending.delete(one);
        if (attending.size === 0 && !isAsking) {
          stop();
        }
      };
    },

    ready: () => (attending.size === 0 ? Promise.resolve() : begun.promise),

    heard(binding) {
      if (attending.size > 0) {
        hinted.add(bindingKey(binding));
      }
    },
  };
}

function newBeginning(): PromiseWithResolvers<void> {
  const beginning = Promise.withResolvers<void>();
  // Nobody may be waiting for it.
  beginning.promise.catch(() => undefined);
  return beginning;
}
