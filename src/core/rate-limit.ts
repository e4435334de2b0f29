import type { Clock } from "./ports.ts";

/** Counts events per key in fixed windows. In memory and per process; old keys fall out, so it stays bounded. */
export interface RateLimit {
  /** @returns whether this event is within the limit */
  take(key: string, limit: number): boolean;
}

/**
 * @param windowMs length of a window
 * @param maxKeys how many keys are remembered; the least recently started window is forgotten first
 */
export function createRateLimit(
  clock: Clock,
  options: { readonly windowMs: number; readonly maxKeys: number },
): RateLimit {
  const windows = new Map<string, { readonly endsAt: number; count: number }>();

  function open(key: string, now: number): { count: number } {
    const known = windows.get(key);
    if (known !== undefined && known.endsAt > now) {
      return known;
    }
    windows.delete(key);
    const fresh = { endsAt: now + options.windowMs, count: 0 };
    windows.set(key, fresh);
    if (windows.size > options.maxKeys) {
      const [oldest] = windows.keys();
      windows.delete(oldest ?? key);
    }
    return fresh;
  }

  return {
    take(key, limit) {
      const window = open(key, clock.now());
      window.count += 1;
      return window.count <= limit;
    },
  };
}
