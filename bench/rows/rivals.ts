import { Bed, type BenchKeyward } from "../bed.ts";
import { callersOf } from "../callers.ts";
import type { Child } from "../child.ts";
import { type Measure, ratio, type Row } from "../row.ts";
import { identityIds, type Seeded, seedIdentities } from "../seed.ts";
import { type Contestant, type Score, sideBySide } from "../side-by-side.ts";
import type { UpstreamCounts } from "../upstream.ts";

const CONCURRENCY = 50;
const WHAT = "warm tools/call on /mcp/<server>, legacy client";

export const rivals: Row = {
  name: "rivals",
  async run({ isQuick, say }) {
    say("rivals: dial per call, pooled SDK proxy");
    const bed = new Bed();
    try {
      const upstream = await bed.start("upstream.ts");
      const keyward = await bed.startKeyward(await bed.deploy("SQLite"));
      const target = `${upstream.url}/legacy/25`;
      const serverId = await keyward.register("legacy", target);
      const whos = identityIds(CONCURRENCY);
      const identities = await seedIdentities({
        deployment: keyward.deployment,
        serverIds: [serverId],
        origin: upstream.url,
        whos,
      });
      // The rivals take the identity's name for its key.
      const named = whos.map((who) => ({ who, key: who }));
      const slow = isQuick ? 50 : 400;
      const contestants: readonly Contestant[] = [
        await contestant(bed, keyward, `${keyward.url}/mcp/legacy`, identities),
        { ...(await rival(bed, "floors/dial-per-call.ts", target, named)), calls: slow },
        { ...(await rival(bed, "floors/pooled-sdk-proxy.ts", target, named)), calls: slow * 2 },
      ];
      const rounds = isQuick ? { rounds: 1, calls: 200 } : { rounds: 5, calls: 2_000 };
      const scores = await sideBySide(contestants, { ...rounds, concurrency: CONCURRENCY });
      const [ours, dialled, pooled] = scores as [Score, Score, Score];
      const requests = await requestsPerCall(upstream, contestants);
      const [ourRequests, dialledRequests] = requests as [number, number];
      return [
        cpu("dial-per-call gateway", dialled, ours, 8),
        {
          what: WHAT,
          against: "dial-per-call gateway",
          figure: "upstream requests, theirs to ours",
          ...ratio([dialledRequests, ourRequests], "requests per call"),
          goal: { atLeast: 3 },
        },
        cpu("pooled SDK proxy", pooled, ours, 4),
      ];
    } finally {
      await bed.close();
    }
  },
};

function cpu(against: string, theirs: Score, ours: Score, atLeast: number): Measure {
  return {
    what: WHAT,
    against,
    figure: "CPU per call, theirs to ours",
    ...ratio([theirs.cpuUs, ours.cpuUs], "us"),
    goal: { atLeast },
  };
}

async function rival(bed: Bed, file: string, upstream: string, named: readonly Seeded[]): Promise<Contestant> {
  const process = await bed.start(file, { arguments: { upstream } });
  return contestant(bed, process, process.url, named);
}

async function contestant(
  bed: Bed,
  process: Child | BenchKeyward,
  url: string,
  identities: readonly Seeded[],
): Promise<Contestant> {
  const client = bed.client(process.url, CONCURRENCY);
  return {
    process,
    client,
    url,
    call: await callersOf({ client, url, era: "legacy", identities, tool: () => "tool_3" }),
  };
}

async function requestsPerCall(upstream: Child, contestants: readonly Contestant[]): Promise<readonly number[]> {
  const calls = 100;
  const found: number[] = [];
  for (const { client, url, call } of contestants) {
    await upstream.ask("reset");
    await client.run({ url, calls, concurrency: 10, call });
    const { requests } = await upstream.ask<UpstreamCounts>("counts");
    found.push(requests / calls);
  }
  return found;
}
