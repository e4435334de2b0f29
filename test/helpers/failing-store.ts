import { KeywardError } from "../../src/core/errors.ts";

/**
 * How a call fails, for whoever makes it. In each case the caller learns only that the store could not be asked.
 *
 * - `refused`: it was not done.
 * - `late`: it is done, but only after the caller has been told (a timeout whose statement was still on its way).
 * - `lost`: it has been done, and the answer was lost (a connection that died at COMMIT).
 */
export type FailureMode = "refused" | "late" | "lost";

export interface FailingStore<S extends object> {
  readonly store: S;
  /** The method that failed; null = there were not that many calls. */
  failed(): string | null;
  /** Does what came late. */
  settle(): Promise<void>;
}

/** The same store, of which the `n`-th call fails, counted from 1. */
export function failNth<S extends object>(store: S, n: number, mode: FailureMode): FailingStore<S> {
  let calls = 0;
  let failed: string | null = null;
  const late: (() => Promise<unknown>)[] = [];

  const fail = async (method: string, work: () => Promise<unknown>): Promise<never> => {
    failed = method;
    if (mode === "late") {
      late.push(work);
    } else if (mode === "lost") {
      await work();
    }
    throw new KeywardError("credential_store_unavailable", { cause: new Error(`${method} was made to fail`) });
  };

  const failing = new Proxy(store, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== "function" || typeof property !== "string") {
        return member;
      }
      return async (...args: unknown[]): Promise<unknown> => {
        calls += 1;
        const work = async (): Promise<unknown> => Reflect.apply(member, target, args) as unknown;
        return calls === n ? fail(property, work) : work();
      };
    },
  });
  return {
    store: failing,
    failed: () => failed,
    async settle() {
      for (const work of late.splice(0)) {
        // Whatever it meets by then, there is nobody any more who would be told.
        await Promise.allSettled([work()]);
      }
    },
  };
}

/** More calls than any operation makes. */
const MOST_CALLS = 100;

/**
 * Runs an operation with its first call failing, then its second, until it makes no more calls: SQLite's own way to test
 * what happens without memory.
 * @param run one operation with the n-th call failing; returns the method that failed
 * @returns the methods, in order
 */
export async function failEach(run: (n: number) => Promise<string | null>): Promise<readonly string[]> {
  const methods: string[] = [];
  for (let n = 1; n <= MOST_CALLS; n += 1) {
    const failed = await run(n);
    if (failed === null) {
      return methods;
    }
    methods.push(failed);
  }
  throw new Error(`more than ${MOST_CALLS} calls`);
}
