import { Bed } from "../bed.ts";
import { callersOf } from "../callers.ts";
import { callsOf, type Era } from "../calls.ts";
import type { Child } from "../child.ts";
import { profileOf } from "../profile.ts";
import { type Measure, ratio, type Row, type Setting } from "../row.ts";
import { identityIds, seedIdentities } from "../seed.ts";
import { type Contestant, type Score, sideBySide } from "../side-by-side.ts";

const CONCURRENCY = 50;
const SERVERS = 20;
const TOOLS = 25;
const ERAS: readonly Era[] = ["legacy", "modern"];
const FLOOR = "byte pass-through";

export const warmOneServer: Row = {
  name: "warm",
  async run(setting) {
    const measures: Measure[] = [];
    for (const era of ERAS) {
      setting.say(`warm calls on /mcp/<server>, ${era}`);
      const { score, floor } = await againstFloor(setting, era, {
        servers: 1,
        path: `/mcp/${nameOf(era, 0)}`,
        tool: () => "tool_3",
      });
      const what = `warm tools/call on /mcp/<server>, ${era} client`;
      measures.push(
        cpu(what, score, floor, 1.3),
        {
          what,
          against: FLOOR,
          figure: "median",
          ...ratio([score.medianMs, floor.medianMs], "ms"),
          goal: { atMost: 1.15 },
        },
        { what, against: FLOOR, figure: "p99", ...ratio([score.p99Ms, floor.p99Ms], "ms"), goal: null },
        {
          what,
          against: FLOOR,
          figure: "requests per second",
          ...ratio([score.perSecond, floor.perSecond], "/s"),
          goal: { atLeast: 0.85 },
        },
      );
    }
    return measures;
  },
};

export const warmAllServers: Row = {
  name: "warm-all",
  async run(setting) {
    const measures: Measure[] = [];
    for (const era of ERAS) {
      setting.say(`warm calls on /mcp with ${SERVERS} servers, ${era}`);
      const { score, floor } = await againstFloor(setting, era, {
        servers: SERVERS,
        path: "/mcp",
        tool: (n) => `${nameOf(era, n % SERVERS)}-tool_${n % TOOLS}`,
      });
      measures.push(
        cpu(`warm tools/call on /mcp, ${SERVERS} servers x ${TOOLS} tools, ${era} client`, score, floor, 1.5),
      );
    }
    return measures;
  },
};

function nameOf(era: Era, index: number): string {
  return `${era}${index}`;
}

function cpu(what: string, score: Score, floor: Score, atMost: number): Measure {
  return { what, against: FLOOR, figure: "CPU per call", ...ratio([score.cpuUs, floor.cpuUs], "us"), goal: { atMost } };
}

/** What is called, and at how many registered servers. */
interface Target {
  readonly servers: number;
  readonly path: string;
  readonly tool: (n: number) => string;
}

async function againstFloor(
  { isQuick, isProfiling, say }: Setting,
  era: Era,
  { servers, path, tool }: Target,
): Promise<{ readonly score: Score; readonly floor: Score }> {
  const bed = new Bed();
  try {
    const upstream = await bed.start("upstream.ts");
    const floor = await bed.start("floors/byte-pass-through.ts", { arguments: { upstream: upstream.url } });
    const keyward = await bed.startKeyward(bed.newFolder());
    const serverIds: string[] = [];
    for (let i = 0; i < servers; i += 1) {
      serverIds.push(await keyward.register(nameOf(era, i), `${upstream.url}/${era}/${TOOLS}?server=${i}`));
    }
    const { folder } = keyward;
    const whos = identityIds(CONCURRENCY);
    const identities = await seedIdentities({ folder, serverIds, origin: upstream.url, whos });
    const client = bed.client(keyward.url, CONCURRENCY);
    const url = keyward.url + path;
    const contestants: readonly [Contestant, Contestant] = [
      { process: keyward, client, url, call: await callersOf({ client, url, era, identities, tool }) },
      floorContestant(bed, floor, era, tool),
    ];
    const rounds = isQuick ? { rounds: 1, calls: 100 } : { rounds: 5, calls: 2_500 };
    const scores = (await sideBySide(contestants, { ...rounds, concurrency: CONCURRENCY })) as [Score, Score];
    if (isProfiling) say(await profileOf(contestants[0], rounds.calls * 4, CONCURRENCY));
    return { score: scores[0], floor: scores[1] };
  } finally {
    await bed.close();
  }
}

function floorContestant(bed: Bed, floor: Child, era: Era, tool: (n: number) => string): Contestant {
  return {
    process: floor,
    client: bed.client(floor.url, CONCURRENCY),
    url: `${floor.url}/${era}/${TOOLS}`,
    // As long a header as the gateway gets: the floor passes it on.
    call: (n) =>
      callsOf({ era, who: "floor", tool: tool(n), headers: { authorization: `Bearer ${"k".repeat(52)}` } })(n),
  };
}
