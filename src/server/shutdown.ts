import type { Clock, Logger } from "../core/ports.ts";
import type { Listener } from "./listener.ts";

/**
 * How far a stop has come. `leaving`: `/readyz` says no, and calls are still taken, until whoever spreads them has noticed.
 * `refusing`: what is under way is finished, and nothing new is taken.
 */
type Phase = "serving" | "leaving" | "refusing";

export interface Shutdown {
  readonly phase: Phase;
  /**
   * Waits until nothing is under way any more, but no longer than `drainMs`; whatever is left then is for the listener to
   * cut. Safe to call twice.
   */
  drain(): Promise<void>;
}

export interface ShutdownParts {
  readonly listener: Pick<Listener, "underWay" | "whenIdle">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between being not ready and taking no call; 0 = none. */
  readonly leaveMs: number;
  /** Milliseconds that requests under way are given. */
  readonly drainMs: number;
  /** Ends what has no end of its own: streams that stand, calls that wait for a form. */
  readonly closeStreams: () => void;
}

export function createShutdown(parts: ShutdownParts): Shutdown {
  const { listener, clock, logger, leaveMs, drainMs, closeStreams } = parts;
  let phase: Phase = "serving";
  let drained: Promise<void> | null = null;

  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.schedule(ms, resolve));

  async function drain(): Promise<void> {
    phase = "leaving";
    logger.info("draining", { requests: listener.underWay });
    if (leaveMs > 0) {
      await pause(leaveMs);
    }
    phase = "refusing";
    closeStreams();
    const over = Promise.withResolvers<void>();
    const cancel = clock.schedule(drainMs, over.resolve);
    await Promise.race([listener.whenIdle(), over.promise]);
    cancel();
    if (listener.underWay > 0) {
      logger.warn("requests_cut", { requests: listener.underWay });
    }
  }

  return {
    get phase() {
      return phase;
    },
    drain: () => (drained ??= drain()),
  };
}
