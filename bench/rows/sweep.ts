import { Bed, type BenchKeyward } from "../bed.ts";
import type { Deployment, EngineName } from "../deployment.ts";
import { type Measure, ratio, rounded, type Row, type Setting, titleOn } from "../row.ts";
import { fillExpiredFlows, type Seeded } from "../seed.ts";
import { openTraffic, seedTraffic, type Windows } from "../traffic.ts";

const SERVER = "swept";
const MAX_BLOCK_MS = 50;

/**
 * The sweep that begins at each start finds a million links whose time is up, while calls come in. A start of the same
 * Keyward without them gives what it is measured against.
 */
export const sweep: Row = { name: "sweep", run: (setting) => sweepOn("SQLite", setting) };

export const sweepPostgres: Row = {
  name: "sweep-postgres",
  needsPostgres: true,
  run: (setting) => sweepOn("PostgreSQL", setting),
};

async function sweepOn(engine: EngineName, { isQuick, say }: Setting): Promise<readonly Measure[]> {
  const expired = isQuick ? 20_000 : 1_000_000;
  const windows = isQuick ? { count: 1, calls: 200 } : { count: 5, calls: 2_000 };
  const bed = new Bed();
  try {
    const upstream = await bed.start("upstream.ts");
    const deployment = await bed.deploy(engine);
    const first = await bed.startKeyward(deployment);
    const serverId = await first.register(SERVER, `${upstream.url}/legacy/5`);
    const identities = await seedTraffic(first, serverId, upstream.url);
    say(`calls without a sweep, ${engine}`);
    const quiet = await load(bed, first, identities, windows);
    await first.stop();
    say(`a sweep of ${expired} expired flows beside calls, ${engine}`);
    await fillExpiredFlows(deployment, serverId, upstream.url, expired);
    const sweeping = await bed.startKeyward(deployment);
    const swept = await load(bed, sweeping, identities, windows);
    const left = await rowsOf(deployment);
    assertSwept(left, expired, identities.length, isQuick);
    const what = titleOn(engine, `calls beside a sweep of ${expired.toLocaleString("en-US")} expired flows`);
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
    ];
  } finally {
    await bed.close();
  }
}

/** What calls feel, and the longest block of the event loop. The first window only warms up. */
async function load(
  bed: Bed,
  keyward: BenchKeyward,
  identities: readonly Seeded[],
  windows: Windows,
): Promise<{ readonly p99Ms: number; readonly blockMs: number }> {
  const traffic = await openTraffic(bed, keyward, SERVER, identities);
  await traffic.window(windows.calls);
  await keyward.ask("watchLoop");
  return { p99Ms: await traffic.p99Of(windows), blockMs: await keyward.ask<number>("longestBlock") };
}

interface RowCounts {
  readonly flows: number;
  readonly credentials: number;
}

function rowsOf(deployment: Deployment): Promise<RowCounts> {
  return deployment.readRow(`select
    (select cast(count(*) as integer) from submission_flows) as flows,
    (select cast(count(*) as integer) from header_credentials) as credentials`);
}

/** A window in which nothing was swept, or in which a live row went, would have measured something else. */
function assertSwept(left: RowCounts, expired: number, live: number, isQuick: boolean): void {
  if (left.credentials !== live) {
    throw new Error(`${live - left.credentials} live credentials went with the sweep`);
  }
  if (left.flows === expired || (left.flows === 0 && !isQuick)) {
    throw new Error(`the calls were not beside the sweep: ${left.flows} of ${expired} flows are left`);
  }
}
