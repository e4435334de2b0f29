import { once } from "node:events";
import { type Profiler, Session } from "node:inspector/promises";

/** What a measured process says of itself. CPU in microseconds, of all its threads; memory in bytes. */
export interface Usage {
  readonly cpuUs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** A question of the parent: a name, and for some names an argument. */
export interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  /** Text of what was thrown instead. */
  readonly error?: string;
}

export type Answers = Readonly<Record<string, (argument: unknown) => unknown>>;

/**
 * The child's half of `child.ts`: reports that it is ready, then answers the parent's questions. Every child answers
 * `usage`, `collect` (garbage) and the two halves of a CPU profile. A parent that dies takes the child with it.
 */
export function answerParent(ready: { readonly url: string }, answers: Answers = {}): void {
  const all: Answers = { ...OWN_ANSWERS, ...answers };
  process.on("message", (question: Question) => {
    const { id, name, argument } = question;
    Promise.try(() => all[name]?.(argument)).then(
      (value) => process.send?.({ id, value } satisfies Answer),
      (error: unknown) => process.send?.({ id, error: String(error) } satisfies Answer),
    );
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ id: 0, value: ready } satisfies Answer);
}

/** What the child was started with. */
export async function startArguments<T>(): Promise<T> {
  const [value] = (await once(process, "message")) as [T];
  return value;
}

let profiling: Session | null = null;

const OWN_ANSWERS: Answers = {
  usage,

  // Twice, with a turn between: what a finalizer lets go is only free at the second.
  async collect() {
    for (let i = 0; i < 2; i += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return usage();
  },

  async startProfile() {
    profiling = new Session();
    profiling.connect();
    await profiling.post("Profiler.enable");
    await profiling.post("Profiler.setSamplingInterval", { interval: 200 });
    await profiling.post("Profiler.start");
  },

  async stopProfile(): Promise<Profiler.Profile | null> {
    const stopped = await profiling?.post("Profiler.stop");
    profiling?.disconnect();
    profiling = null;
    return stopped?.profile ?? null;
  },
};

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpuUs: user + system, rssBytes: rss, heapBytes: heapUsed + external };
}
