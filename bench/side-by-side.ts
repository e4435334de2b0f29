import type { Call } from "./calls.ts";
import type { Child } from "./child.ts";
import type { Deployment } from "./deployment.ts";
import { type LoadClient, median } from "./load.ts";

/** One of those that are compared. */
export interface Contestant {
  /** The process whose CPU counts. */
  readonly process: Child;
  /** Whose database server's CPU is told as well. */
  readonly deployment?: Deployment;
  readonly client: LoadClient;
  readonly url: string;
  readonly call: (n: number, lane: number) => Call;
  /** Calls of one round, for one that is too slow for as many as the others. */
  readonly calls?: number;
}

/** Medians of the rounds. */
export interface Score {
  /** CPU of the process per call, in microseconds. */
  readonly cpuUs: number;
  /** The same of its database server; NaN when it has none. */
  readonly databaseCpuUs: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

export interface Rounds {
  /** At most; fewer where the machine is too busy for them, but at least two. */
  readonly rounds: number;
  /** Calls of one contestant in one round. */
  readonly calls: number;
  readonly concurrency: number;
}

/** A comparison that has taken as long begins no further round. */
const BUDGET_MS = 30_000;

/**
 * Loads each in turn, round after round, so that whatever else the machine does in the meantime meets all of them. One
 * round more comes first, to warm up.
 */
export async function sideBySide(contestants: readonly Contestant[], rounds: Rounds): Promise<readonly Score[]> {
  const results = contestants.map((): Score[] => []);
  const start = performance.now();
  for (let round = 0; round <= rounds.rounds; round += 1) {
    if (round > 2 && performance.now() - start > BUDGET_MS) break;
    for (const [index, contestant] of contestants.entries()) {
      const result = await load(contestant, contestant.calls ?? rounds.calls, rounds.concurrency);
      if (round > 0) results[index]?.push(result);
    }
  }
  return results.map((all) => ({
    cpuUs: median(all.map(({ cpuUs }) => cpuUs)),
    databaseCpuUs: median(all.map(({ databaseCpuUs }) => databaseCpuUs)),
    medianMs: median(all.map(({ medianMs }) => medianMs)),
    p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
    perSecond: median(all.map(({ perSecond }) => perSecond)),
  }));
}

async function load(
  { process, deployment, client, url, call }: Contestant,
  calls: number,
  concurrency: number,
): Promise<Score> {
  const databaseUs = () => deployment?.serverCpuUs() ?? Number.NaN;
  const [before, databaseBefore] = [await process.usage(), databaseUs()];
  const result = await client.run({ url, calls, concurrency, call });
  const databaseAfter = databaseUs();
  const after = await process.usage();
  return {
    ...result,
    cpuUs: (after.cpuUs - before.cpuUs) / calls,
    databaseCpuUs: (databaseAfter - databaseBefore) / calls,
  };
}
