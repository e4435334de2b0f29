import { DatabaseSync } from "node:sqlite";
import { Bed, type BenchKeyward } from "../bed.ts";
import { callersOf } from "../callers.ts";
import { databaseIn } from "../foundations.ts";
import { median } from "../load.ts";
import { type Measure, ratio, rounded, type Row } from "../row.ts";
import { fillExpiredFlows, identityIds, type Seeded, seedIdentities } from "../seed.ts";

const CONCURRENCY = 20;
const MAX_BLOCK_MS = 50;

/** How much is loaded, while the sweep runs and while none does. */
interface Windows {
  readonly count: number;
  readonly calls: number;
}

/**
 * The sweep that begins at each start finds a million links whose time is up, while calls come in. A start of the same
 * Keyward without them gives what it is measured against.
 */
export const sweep: Row = {
  name: "sweep",
  async run({ isQuick, say }) {
    const expired = isQuick ? 20_000 : 1_000_000;
    const windows = isQuick ? { count: 1, calls: 200 } : { count: 5, calls: 2_000 };
    const bed = new Bed();
    try {
      const upstream = await bed.start("upstream.ts");
      const folder = bed.newFolder();
      const first = await bed.startKeyward(folder);
      const serverId = await first.register("swept", `${upstream.url}/legacy/5`);
      const whos = identityIds(CONCURRENCY);
      const identities = await seedIdentities({ folder, serverIds: [serverId], origin: upstream.url, whos });
      say("calls without a sweep");
      const quiet = await load(bed, first, identities, windows);
      await first.stop();
      say(`a sweep of ${expired} expired flows beside calls`);
      fillExpiredFlows(folder, serverId, upstream.url, expired);
      const sweeping = await bed.startKeyward(folder);
      const swept = await load(bed, sweeping, identities, windows);
      const left = rowsOf(folder);
      assertSwept(left, expired, whos.length, isQuick);
      const what = `calls beside a sweep of ${expired.toLocaleString("en-US")} expired flows`;
      const detail = `${rounded(expired - left.flows)} swept meanwhile; without a sweep: ${rounded(quiet.blockMs)} ms`;
      return [
        { what, against: "no sweep", figure: "p99", ...ratio([swept.p99Ms, quiet.p99Ms], "ms"), goal: { atMost: 2 } },
        {
          what,
          against: "",
          figure: "longest block of the event loop",
          value: swept.blockMs,
          unit: "ms",
          detail,
          goal: { atMost: MAX_BLOCK_MS },
        },
      ] satisfies Measure[];
    } finally {
      await bed.close();
    }
  },
};

/** @returns median of the windows' p99, and the longest block of the event loop. The first window only warms up. */
async function load(
  bed: Bed,
  keyward: BenchKeyward,
  identities: readonly Seeded[],
  { count, calls }: Windows,
): Promise<{ readonly p99Ms: number; readonly blockMs: number }> {
  const client = bed.client(keyward.url, CONCURRENCY);
  const url = `${keyward.url}/mcp/swept`;
  const call = await callersOf({ client, url, era: "legacy", identities, tool: () => "tool_0" });
  const found: number[] = [];
  for (let i = 0; i <= count; i += 1) {
    const { p99Ms } = await client.run({ url, calls, concurrency: CONCURRENCY, call });
    if (i > 0) found.push(p99Ms);
    else await keyward.ask("watchLoop");
  }
  return { p99Ms: median(found), blockMs: await keyward.ask<number>("longestBlock") };
}

function rowsOf(folder: string): { readonly flows: number; readonly credentials: number } {
  const database = new DatabaseSync(databaseIn(folder), { readOnly: true, timeout: 5_000 });
  try {
    return database
      .prepare(
        "select (select count(*) from submission_flows) as flows, (select count(*) from header_credentials) as credentials",
      )
      .get() as { flows: number; credentials: number };
  } finally {
    database.close();
  }
}

/** A window in which nothing was swept, or in which a live row went, would have measured something else. */
function assertSwept(left: ReturnType<typeof rowsOf>, expired: number, live: number, isQuick: boolean): void {
  if (left.credentials !== live) {
    throw new Error(`${live - left.credentials} live credentials went with the sweep`);
  }
  if (left.flows === expired || (left.flows === 0 && !isQuick)) {
    throw new Error(`the calls were not beside the sweep: ${left.flows} of ${expired} flows are left`);
  }
}
