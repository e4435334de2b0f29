import type { Binding } from "./credential.ts";
import { identityKey } from "./identity.ts";
import type { Clock, Logger } from "./ports.ts";

/** How a wait for stored values ended. */
type WaitOutcome = "stored" | "timeout" | "aborted";

/**
 * Says, inside this process, that values have been stored for a binding. A hint and never a proof: whoever hears it asks
 * the store, because another process may have stored or revoked values in the meantime.
 */
export interface Completions {
  /** To be called after the commit and never before it. Never throws: what has been stored cannot fail any more. */
  announce(binding: Binding): void;
  /**
   * Waits for the next announcement of a binding. It listens from the moment of the call, so call it first and ask the
   * store then: the other way round an announcement between the two is lost. Costs one timer, and nothing per second.
   * @param options.timeoutMs from now, in milliseconds
   */
  wait(
    binding: Binding,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
    clock: Clock,
  ): Promise<WaitOutcome>;
  /**
   * @param listener is told of every announcement; one that throws is logged
   * @returns ends the subscription
   */
  subscribe(listener: (binding: Binding) => void): () => void;
}

/** How many wait or listen is bounded by the callers: each is a request or a stream that is limited elsewhere. */
export function createCompletions({ logger }: { readonly logger: Logger }): Completions {
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

  return {
    announce(binding) {
      for (const wake of waiting.get(keyOf(binding)) ?? []) {
        wake();
      }
      for (const listener of listeners) {
        tell(listener, binding);
      }
    },

    wait(binding, { signal, timeoutMs }, clock) {
      if (signal.aborted) {
        return Promise.resolve("aborted");
      }
      return new Promise((resolve) => {
        const finish = (outcome: WaitOutcome): void => {
          leave();
          cancelTimer();
          signal.removeEventListener("abort", abort);
          resolve(outcome);
        };
        const abort = (): void => finish("aborted");
        const leave = enqueue(keyOf(binding), () => finish("stored"));
        const cancelTimer = clock.schedule(timeoutMs, () => finish("timeout"));
        signal.addEventListener("abort", abort, { once: true });
      });
    },

    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

// Ids of servers have no `/`, so no two bindings meet.
function keyOf({ identity, serverId }: Binding): string {
  return `${serverId}/${identityKey(identity)}`;
}
