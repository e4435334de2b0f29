import { Bed, type BenchKeyward } from "../bed.ts";
import { callersOf } from "../callers.ts";
import { callsOf, type Era } from "../calls.ts";
import type { Child } from "../child.ts";
import type { EngineName } from "../deployment.ts";
import { profileOf } from "../profile.ts";
import { type Goal, type Measure, ratio, type Row, type Setting, titleOn, toldOnly } from "../row.ts";
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
      const { score, floor } = await againstFloor(setting, era, ["SQLite"], oneServer(era));
      const what = warmCall(era);
      measures.push(
        cpu(what, score, floor, 1.3),
        time(what, score, floor, { atMost: 1.15 }),
        { what, against: FLOOR, figure: "p99", ...ratio([score.p99Ms, floor.p99Ms], "ms"), goal: null },
        rate(what, score, floor, { atLeast: 0.85 }),
      );
    }
    return measures;
  },
};

/** Beside the same Keyward on SQLite and the same floor, in one run. */
export const warmPostgres: Row = {
  name: "warm-postgres",
  needsPostgres: true,
  async run(setting) {
    const measures: Measure[] = [];
    for (const era of ERAS) {
      setting.say(`warm calls on /mcp/<server>, ${era}, PostgreSQL beside SQLite`);
      const { score, floor, others } = await againstFloor(setting, era, ["PostgreSQL", "SQLite"], oneServer(era));
      const [sqlite = floor] = others;
      const what = titleOn("PostgreSQL", warmCall(era));
      measures.push(
        cpu(what, score, floor, 1.7),
        time(what, score, floor, null),
        rate(what, score, floor, null),
        {
          what,
          against: "the same on SQLite",
          figure: "CPU per call",
          ...ratio([score.cpuUs, sqlite.cpuUs], "us"),
          goal: null,
        },
        {
          what,
          against: "",
          figure: "CPU per call of the database server",
          value: score.databaseCpuUs,
          unit: "us",
          detail: "",
          goal: null,
        },
      );
    }
    return toldOnly(measures);
  },
};

export const warmAllServers: Row = {
  name: "warm-all",
  async run(setting) {
    const measures: Measure[] = [];
    for (const era of ERAS) {
      setting.say(`warm calls on /mcp with ${SERVERS} servers, ${era}`);
      const { score, floor } = await againstFloor(setting, era, ["SQLite"], {
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

function warmCall(era: Era): string {
  return `warm tools/call on /mcp/<server>, ${era} client`;
}

function oneServer(era: Era): Target {
  return { servers: 1, path: `/mcp/${nameOf(era, 0)}`, tool: () => "tool_3" };
}

function nameOf(era: Era, index: number): string {
  return `${era}${index}`;
}

function cpu(what: string, score: Score, floor: Score, atMost: number): Measure {
  return { what, against: FLOOR, figure: "CPU per call", ...ratio([score.cpuUs, floor.cpuUs], "us"), goal: { atMost } };
}

function time(what: string, score: Score, floor: Score, goal: Goal | null): Measure {
  return { what, against: FLOOR, figure: "median", ...ratio([score.medianMs, floor.medianMs], "ms"), goal };
}

function rate(what: string, score: Score, floor: Score, goal: Goal | null): Measure {
  const figure = "requests per second";
  return { what, against: FLOOR, figure, ...ratio([score.perSecond, floor.perSecond], "/s"), goal };
}

/** What is called, and at how many registered servers. */
interface Target {
  readonly servers: number;
  readonly path: string;
  readonly tool: (n: number) => string;
}

/** @returns the score of Keyward on the first of the engines, those on the others, and that of the floor */
async function againstFloor(
  { isQuick, isProfiling, say }: Setting,
  era: Era,
  engines: readonly [EngineName, ...EngineName[]],
  target: Target,
): Promise<{ readonly score: Score; readonly floor: Score; readonly others: readonly Score[] }> {
  const bed = new Bed();
  try {
    const upstream = await bed.start("upstream.ts");
    const floor = await bed.start("floors/byte-pass-through.ts", { arguments: { upstream: upstream.url } });
    const gateways: Contestant[] = [];
    for (const engine of engines) {
      const keyward = await bed.startKeyward(await bed.deploy(engine));
      gateways.push(await gatewayContestant(bed, keyward, upstream, era, target));
    }
    const contestants = [...gateways, floorContestant(bed, floor, era, target.tool)];
    const rounds = isQuick ? { rounds: 1, calls: 100 } : { rounds: 5, calls: 2_500 };
    const scores = await sideBySide(contestants, { ...rounds, concurrency: CONCURRENCY });
    const [first] = gateways;
    if (isProfiling && first !== undefined) say(await profileOf(first, rounds.calls * 4, CONCURRENCY));
    const [score, ...others] = scores.slice(0, -1) as [Score, ...Score[]];
    return { score, floor: scores.at(-1) ?? score, others };
  } finally {
    await bed.close();
  }
}

async function gatewayContestant(
  bed: Bed,
  keyward: BenchKeyward,
  upstream: Child,
  era: Era,
  { servers, path, tool }: Target,
): Promise<Contestant> {
  const serverIds: string[] = [];
  for (let i = 0; i < servers; i += 1) {
    serverIds.push(await keyward.register(nameOf(era, i), `${upstream.url}/${era}/${TOOLS}?server=${i}`));
  }
  const { deployment } = keyward;
  const whos = identityIds(CONCURRENCY);
  const identities = await seedIdentities({ deployment, serverIds, origin: upstream.url, whos });
  const client = bed.client(keyward.url, CONCURRENCY);
  const url = keyward.url + path;
  return { process: keyward, deployment, client, url, call: await callersOf({ client, url, era, identities, tool }) };
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
