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

/** "5 minutes ago", "in 3 days"; the exact time is in its title. */
export function RelativeTime({ at }: { readonly at: number }) {
  const seen = useSyncExternalStore(onTick, () => now);
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)} className="whitespace-nowrap">
      {timeFromNow(at, seen)}
    </time>
  );
}

export function ExactTime({ at }: { readonly at: number }) {
  return <time dateTime={new Date(at).toISOString()}>{exactTime(at)}</time>;
}
