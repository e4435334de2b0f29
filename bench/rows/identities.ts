import { setTimeout } from "node:timers/promises";
import { Bed, type BenchKeyward } from "../bed.ts";
import { callsOf } from "../calls.ts";
import type { Child } from "../child.ts";
import { type LoadClient, quantile } from "../load.ts";
import type { Usage } from "../measured.ts";
import type { Measure, Row } from "../row.ts";
import { identityIds, type Seeded, seedIdentities } from "../seed.ts";
import { openSession } from "../session.ts";
import type { UpstreamCounts } from "../upstream.ts";

const SIZES = [1_000, 5_000, 10_000];
const QUICK_SIZES = [50, 100, 200];
const CONCURRENCY = 50;
/** Called before the first look at the memory: what the code itself takes is no growth. */
const WARM_UP = 500;
const MAX_BYTES_PER_IDENTITY = 4_096;
/** What Keyward opens to one origin at most. */
const MAX_SOCKETS = 256;

/** How often is looked whether the process is idle, and below which use of CPU between two looks it is. */
const LOOK_MS = 500;
const IDLE_CPU_US = 10_000;
const MAX_LOOKS = 40;

interface Scene {
  readonly bed: Bed;
  readonly keyward: BenchKeyward;
  readonly upstream: Child;
  /** Not called yet. */
  readonly identities: Seeded[];
}

/** Many identities that each open a session and call once, and are not heard of again. */
export const idleIdentities: Row = {
  name: "identities",
  async run({ isQuick, say }) {
    const sizes = isQuick ? QUICK_SIZES : SIZES;
    const last = sizes.at(-1) ?? 0;
    const burst = isQuick ? 100 : 1_000;
    const warmUp = isQuick ? 50 : WARM_UP;
    const bed = new Bed();
    try {
      const upstream = await bed.start("upstream.ts");
      const keyward = await bed.startKeyward(await bed.deploy("SQLite"), { execArgv: ["--expose-gc"] });
      const serverId = await keyward.register("crowded", `${upstream.url}/stateful/5`);
      say(`identities: ${warmUp + last + burst} are made`);
      const seeded = await seedIdentities({
        deployment: keyward.deployment,
        serverIds: [serverId],
        origin: upstream.url,
        whos: identityIds(warmUp + last + burst),
      });
      const scene: Scene = { bed, keyward, upstream, identities: [...seeded] };
      return [...(await growth(scene, sizes, warmUp, say)), ...(await atOnce(scene, burst, say))];
    } finally {
      await bed.close();
    }
  },
};

async function growth(
  { bed, keyward, upstream, identities }: Scene,
  sizes: readonly number[],
  warmUp: number,
  say: (text: string) => void,
): Promise<Measure[]> {
  const client = bed.client(keyward.url, CONCURRENCY);
  await callOnceEachRightly(client, keyward, identities.splice(0, warmUp));
  const before = await settled(keyward);
  await upstream.ask("reset");
  const measures: Measure[] = [];
  let called = 0;
  for (const size of sizes) {
    say(`identities: ${size} have called once`);
    await callOnceEachRightly(client, keyward, identities.splice(0, size - called));
    called = size;
    const after = await settled(keyward);
    const rss = Math.round((after.rssBytes - before.rssBytes) / size);
    measures.push({
      what: `${size.toLocaleString("en-US")} idle identities that each called once`,
      against: "before they called",
      figure: "heap per identity",
      value: (after.heapBytes - before.heapBytes) / size,
      unit: "bytes",
      detail: `resident: ${rss.toLocaleString("en-US")} bytes each`,
      goal: { atMost: MAX_BYTES_PER_IDENTITY },
    });
  }
  const { maxSockets } = await upstream.ask<UpstreamCounts>("counts");
  measures.push(sockets(`${called.toLocaleString("en-US")} idle identities that each called once`, maxSockets));
  return measures;
}

/** What the process keeps once it has nothing left to do, such as noting who has called; waits at most 20 s for that. */
async function settled(keyward: BenchKeyward): Promise<Usage> {
  let before = await keyward.usage();
  for (let i = 0; i < MAX_LOOKS; i += 1) {
    await setTimeout(LOOK_MS);
    const now = await keyward.usage();
    const isIdle = now.cpuUs - before.cpuUs < IDLE_CPU_US;
    before = now;
    if (isIdle) break;
  }
  return keyward.ask<Usage>("collect");
}

async function atOnce({ bed, keyward, upstream, identities }: Scene, count: number, say: (text: string) => void) {
  say(`identities: ${count} call at once`);
  const client = bed.client(keyward.url, count);
  await upstream.ask("reset");
  const { p99Ms, faults } = await callOnceEach(client, keyward, identities.splice(0, count), count);
  const { maxSockets } = await upstream.ask<UpstreamCounts>("counts");
  const what = `${count.toLocaleString("en-US")} identities that call for the first time at once`;
  return [
    { what, against: "", figure: "p99", value: p99Ms, unit: "ms", detail: "", goal: null },
    {
      what,
      against: "",
      figure: "errors",
      value: faults.length,
      unit: "",
      detail: faults[0] ?? "",
      goal: { atMost: 0 },
    },
    sockets(what, maxSockets),
  ] satisfies Measure[];
}

function sockets(what: string, value: number): Measure {
  return {
    what,
    against: "",
    figure: "most sockets at the upstream",
    value,
    unit: "",
    detail: "",
    goal: { atMost: MAX_SOCKETS },
  };
}

/** Each opens its session and calls. @returns p99 of the calls in milliseconds, and what was wrong with answers */
async function callOnceEach(
  client: LoadClient,
  keyward: BenchKeyward,
  identities: readonly Seeded[],
  concurrency: number,
): Promise<{ readonly p99Ms: number; readonly faults: readonly string[] }> {
  const url = `${keyward.url}/mcp/crowded`;
  const waiting = [...identities.entries()];
  const times: number[] = [];
  const faults: string[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [n, { who, key }] = next;
      const headers = await openSession(client, url, "legacy", { authorization: `Bearer ${key}` });
      const { ms, fault } = await client.try(url, callsOf({ era: "legacy", who, tool: "tool_0", headers })(n));
      times.push(ms);
      if (fault !== null) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, waiting.length) }, lane));
  return { p99Ms: quantile(times, 0.99), faults };
}

/** @throws Error when an answer was not right */
async function callOnceEachRightly(client: LoadClient, keyward: BenchKeyward, identities: readonly Seeded[]) {
  const { faults } = await callOnceEach(client, keyward, identities, CONCURRENCY);
  if (faults.length > 0) {
    throw new Error(faults[0]);
  }
}
