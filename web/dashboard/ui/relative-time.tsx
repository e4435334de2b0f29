import { useSyncExternalStore } from "react";
import { exactTime, timeFromNow } from "./time-text.ts";

const TICK_MS = 30_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/** One clock for all times of the page. */
function onTick(listener: () => void): () => void {
  listeners.add(listener);
  now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time as the page has it; draws again when it has gone on by half a minute. */
export function useNow(): number {
  return useSyncExternalStore(onTick, () => now);
}

/** "5 minutes ago", "in 3 days"; the exact time is in its title. */
export function RelativeTime({ at }: { readonly at: number }) {
  const seen = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)} className="whitespace-nowrap">
      {timeFromNow(at, seen)}
    </time>
  );
}

export function ExactTime({ at }: { readonly at: number }) {
  return <time dateTime={new Date(at).toISOString()}>{exactTime(at)}</time>;
}
