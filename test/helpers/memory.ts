import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";

const MB = 1024 * 1024;

/** Generous: what is looked for would take the 50 MB that a hostile server sends, as text and more than once. */
const GROWTH_MB = 64;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/**
 * Watches what the process holds from now on.
 * @param options.everyMs each look takes as long as collecting all garbage does
 * @returns checks that it never held much more than at the start; called once, at the end
 */
export function watchMemory({ everyMs = 50, growthMb = GROWTH_MB } = {}): () => void {
  const held = (): number => {
    // Garbage is no memory that anybody holds.
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const start = held();
  let most = start;
  const timer = setInterval(() => {
    most = Math.max(most, held());
  }, everyMs);
  return () => {
    clearInterval(timer);
    expect(Math.max(most, held()) - start).toBeLessThan(growthMb * MB);
  };
}
