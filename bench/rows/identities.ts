import { Bed, type BenchKeyward } from "../bed.ts";
import { callsOf } from "../calls.ts";
import type { Child } from "../child.ts";
import type { LoadClient } from "../load.ts";
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
      const keyward = await bed.startKeyward(bed.newFolder(), { execArgv: ["--expose-gc"] });
      const serverId = await keyward.register("crowded", `${upstream.url}/stateful/5`);
      say(`identities: ${warmUp + last + burst} are made`);
      const seeded = await seedIdentities({
        folder: keyward.folder,
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
  await callOnceEach(client, keyward, identities.splice(0, warmUp), CONCURRENCY);
  const before = await keyward.ask<Usage>("collect");
  await upstream.ask("reset");
  const measures: Measure[] = [];
  let called = 0;
  for (const size of sizes) {
    say(`identities: ${size} have called once`);
    await callOnceEach(client, keyward, identities.splice(0, size - called), CONCURRENCY);
    called = size;
    const after = await keyward.ask<Usage>("collect");
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

async function atOnce({ bed, keyward, upstream, identities }: Scene, count: number, say: (text: string) => void) {
  say(`identities: ${count} call at once`);
  const client = bed.client(keyward.url, count);
  await upstream.ask("reset");
  const { p99, errors } = await callOnceEach(client, keyward, identities.splice(0, count), count);
  const { maxSockets } = await upstream.ask<UpstreamCounts>("counts");
  const what = `${count.toLocaleString("en-US")} identities that call for the first time at once`;
  return [
    { what, against: "", figure: "p99", value: p99, unit: "ms", detail: "", goal: null },
    { what, against: "", figure: "errors", value: errors, unit: "", detail: "", goal: { atMost: 0 } },
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

/** Session and call of each. @returns p99 of the calls in milliseconds, and how many did not get their right answer */
async function callOnceEach(
  client: LoadClient,
  keyward: BenchKeyward,
  identities: readonly Seeded[],
  concurrency: number,
): Promise<{ readonly p99: number; readonly errors: number }> {
  const url = `${keyward.url}/mcp/crowded`;
  const sessions = new Map<string, Readonly<Record<string, string>>>();
  const waiting = [...identities];
  await Promise.all(
    Array.from({ length: Math.min(concurrency, waiting.length) }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const authorization = `Bearer ${next.key}`;
        sessions.set(next.who, await openSession(client, url, "legacy", { authorization }));
      }
    }),
  );
  const { p99Ms, faults } = await client.run({
    url,
    calls: identities.length,
    concurrency,
    isTolerant: true,
    call: (n) => {
      const who = identities[n]?.who ?? "";
      return callsOf({ era: "legacy", who, tool: "tool_0", headers: sessions.get(who) ?? {} })(n);
    },
  });
  if (concurrency === CONCURRENCY && faults.length > 0) {
    throw new Error(faults[0]);
  }
  return { p99: p99Ms, errors: faults.length };
}
