import { bindingKey, type Binding } from "./credential.ts";
import type { Clock, Logger } from "./ports.ts";
import type { StoredWatch } from "./stored-watch.ts";

/** How a wait for stored values ended. */
type WaitOutcome = "stored" | "timeout" | "aborted";

/**
 * Says, inside this process, that values have been stored for a binding, here or elsewhere. A hint and never a proof:
 * whoever hears it asks the store, because another process may have stored or revoked values in the meantime. While
 * somebody waits, the store is asked for what was stored elsewhere and no hint told of.
 */
export interface Completions {
  /** To be called after the commit and never before it. Never throws: what has been stored cannot fail any more. */
  announce(binding: Binding): void;
  /**
   * Waits for the next announcement of a binding. It listens from the moment of the call, so call it first, await
   * `ready`, and ask the store then: the other way round an announcement between the two is lost. Costs one timer.
   * @param options.timeoutMs from now, in milliseconds
   */
  wait(
    binding: Binding,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
    clock: Clock,
  ): Promise<WaitOutcome>;
  /**
   * Resolves when nothing that is stored elsewhere can be missed any more by those who wait.
   * @throws KeywardError `credential_store_unavailable`
   */
  ready(): Promise<void>;
  /** Somebody waits otherwise than by `wait`, until `untilMs` at the latest. @returns ends it; safe to call twice */
  attend(untilMs: number): () => void;
  /**
   * @param listener is told of every announcement; one that throws is logged
   * @returns ends the subscription
   */
  subscribe(listener: (binding: Binding) => void): () => void;
}

/** How many wait or listen is bounded by the callers: each is a request or a stream that is limited elsewhere. */
export function createCompletions(parts: {
  readonly logger: Logger;
  /** Looks for what no hint tells of. Absent = values are stored by nobody else. */
  readonly createWatch?: (onStored: (binding: Binding) => void) => StoredWatch;
}): Completions {
  const { logger, createWatch = () => NO_WATCH } = parts;
  const watch = createWatch(wake);
  const waiting = new Map<string, Set<() => void>>();
  const listeners = new Set<(binding: Binding) => void>();

  function enqueue(key: string, wake: () => void): () => void {
    const queue = waiting.get(key) ?? new Set();
    waiting.set(key, queue.add(wake));
    return () => {
      queue.delete(wake);
      if (queue.size === 0 && waiting.get(key) === queue) {
        waiting.delete(key);
      }
    };
  }

  function tell(listener: (binding: Binding) => void, binding: Binding): void {
    try {
      listener(binding);
    } catch (error) {
      logger.error("completion_listener_failed", { error: error instanceof Error ? error.name : "unknown" });
    }
  }

  function wake(binding: Binding): void {
    for (const finish of waiting.get(bindingKey(binding)) ?? []) {
      finish();
    }
    for (const listener of listeners) {
      tell(listener, binding);
    }
  }

  return {
    announce(binding) {
      watch.heard(binding);
      wake(binding);
    },

    wait(binding, { signal, timeoutMs }, clock) {
      if (signal.aborted) {
        return Promise.resolve("aborted");
      }
      return new Promise((resolve) => {
        const finish = (outcome: WaitOutcome): void => {
          leave();
          leaveWatch();
          cancelTimer();
          signal.removeEventListener("abort", abort);
          resolve(outcome);
        };
        const abort = (): void => finish("aborted");
        const leave = enqueue(bindingKey(binding), () => finish("stored"));
        const leaveWatch = watch.attend(clock.now() + timeoutMs);
        const cancelTimer = clock.schedule(timeoutMs, () => finish("timeout"));
        signal.addEventListener("abort", abort, { once: true });
      });
    },

    ready: () => watch.ready(),

    attend: (untilMs) => watch.attend(untilMs),

    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const NO_WATCH: StoredWatch = { attend: () => () => {}, ready: () => Promise.resolve(), heard() {} };
