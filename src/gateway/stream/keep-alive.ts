import type { Clock } from "../../core/ports.ts";

/** Beats for everything that has to be written to now and then, with one timer for all. */
export interface KeepAlive {
  /** @returns takes it out again; the timer runs only while something is in */
  add(beat: () => void): () => void;
}

// Proxies cut what is silent for 30 to 60 s.
const INTERVAL_MS = 15_000;

export function createKeepAlive(clock: Clock): KeepAlive {
  const beats = new Set<() => void>();
  let cancel: (() => void) | null = null;

  function beatAll(): void {
    cancel = beats.size === 0 ? null : clock.schedule(INTERVAL_MS, beatAll, { isBackground: true });
    beats.forEach((beat) => beat());
  }

  return {
    add(beat) {
      beats.add(beat);
      cancel ??= clock.schedule(INTERVAL_MS, beatAll, { isBackground: true });
      return () => {
        beats.delete(beat);
        if (beats.size === 0) {
          cancel?.();
          cancel = null;
        }
      };
    },
  };
}
