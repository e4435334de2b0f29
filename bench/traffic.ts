import type { Bed, BenchKeyward } from "./bed.ts";
import { callersOf } from "./callers.ts";
import { type LoadResult, median } from "./load.ts";
import { identityIds, type Seeded, seedIdentities } from "./seed.ts";

const CONCURRENCY = 20;

/** How much is loaded to see what calls feel. */
export interface Windows {
  readonly count: number;
  /** In one of them. */
  readonly calls: number;
}

/** Calls of some identities at one server, beside which something else is done. */
export interface Traffic {
  /** @param until ends a window early */
  window(calls: number, until?: AbortSignal): Promise<LoadResult>;
  /** @returns median of the windows' p99 in milliseconds */
  p99Of(windows: Windows): Promise<number>;
}

/** @param origin of the upstream. @returns as many identities as call at once */
export function seedTraffic(
  { deployment }: BenchKeyward,
  serverId: string,
  origin: string,
): Promise<readonly Seeded[]> {
  return seedIdentities({ deployment, serverIds: [serverId], origin, whos: identityIds(CONCURRENCY, "vk_traffic") });
}

/** Opens their sessions. @param server name of the server that they call */
export async function openTraffic(
  bed: Bed,
  keyward: BenchKeyward,
  server: string,
  identities: readonly Seeded[],
): Promise<Traffic> {
  const client = bed.client(keyward.url, CONCURRENCY);
  const url = `${keyward.url}/mcp/${server}`;
  const call = await callersOf({ client, url, era: "legacy", identities, tool: () => "tool_0" });
  const window = (calls: number, until?: AbortSignal): Promise<LoadResult> =>
    client.run({ url, calls, concurrency: CONCURRENCY, call, ...(until === undefined ? {} : { until }) });
  return {
    window,
    async p99Of({ count, calls }) {
      const found: number[] = [];
      for (let i = 0; i < count; i += 1) {
        found.push((await window(calls)).p99Ms);
      }
      return median(found);
    },
  };
}
