/*
 * Seeds of the fault tests. Three of them run with the other tests; `npm run test:faults -- --seeds N` runs N, and
 * `--first F` begins with F, so that `--seeds 1 --first F` runs one again.
 */

/** Set by `scripts/test-faults.ts`. */
const COUNT = "KEYWARD_FAULT_SEEDS";
const FIRST = "KEYWARD_FAULT_FIRST_SEED";

const first = Number(process.env[FIRST] ?? 1);

export const SEEDS: readonly number[] = Array.from(
  { length: Number(process.env[COUNT] ?? 3) },
  (_, index) => first + index,
);

/** Randomness that a seed makes again. */
export interface Chance {
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32, by Tommy Ettinger: 32 bits of state, good enough to shuffle. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) {
        throw new Error("nothing to pick from");
      }
      return item;
    },
  };
}

/** Runs `work`; when it fails, the error says which seed it was and how to run it again. */
export async function withSeed<T>(seed: number, work: (chance: Chance) => Promise<T>): Promise<T> {
  try {
    return await work(chanceOf(seed));
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}\n\nseed ${seed}; run it again: npm run test:faults -- --seeds 1 --first ${seed}`, {
      cause: error,
    });
  }
}
