import { availableParallelism } from "node:os";
import { Bed } from "../bed.ts";
import { callersOf } from "../callers.ts";
import type { Child } from "../child.ts";
import type { Deployment } from "../deployment.ts";
import { type LoadClient, type LoadOptions, median } from "../load.ts";
import { ratio, rounded, type Row, titleOn, toldOnly } from "../row.ts";
import { identityIds, type Seeded, seedIdentities } from "../seed.ts";

const SERVER = "shared";
const CONCURRENCY = 50;
const WHAT = titleOn("PostgreSQL", "warm tools/call on two replicas, legacy client");
const AGAINST = "one replica, the same load";

/** One gateway with its part of the load. */
interface Replica {
  readonly process: Child;
  readonly client: LoadClient;
  readonly url: string;
  readonly call: LoadOptions["call"];
  readonly concurrency: number;
}

/** What one round found. CPU in microseconds per call, of all calls. */
interface Found {
  readonly perSecond: number;
  readonly gatewayUs: number;
  readonly databaseUs: number;
  /** Of each gateway, per call that it took. */
  readonly eachUs: readonly number[];
}

/** Two gateways on one database share a load that one of them has alone before: does a call cost more for it? */
export const replicas: Row = {
  name: "replicas",
  needsPostgres: true,
  async run({ isQuick, say }) {
    say("two replicas against one");
    const bed = new Bed();
    try {
      const upstream = await bed.start("upstream.ts");
      const deployment = await bed.deploy("PostgreSQL");
      const gateways = [await bed.startKeyward(deployment), await bed.startKeyward(deployment)] as const;
      const serverId = await gateways[0].register(SERVER, `${upstream.url}/legacy/25`);
      const whos = identityIds(CONCURRENCY);
      const identities = await seedIdentities({ deployment, serverIds: [serverId], origin: upstream.url, whos });
      const alone = [await replica(bed, gateways[0], identities)];
      const both = [
        await replica(bed, gateways[0], identities.slice(0, CONCURRENCY / 2)),
        await replica(bed, gateways[1], identities.slice(CONCURRENCY / 2)),
      ];
      const calls = isQuick ? 100 : 2_500;
      const rounds: { readonly one: Found; readonly two: Found }[] = [];
      for (let round = 0; round <= (isQuick ? 1 : 5); round += 1) {
        const found = { one: await load(alone, deployment, calls), two: await load(both, deployment, calls) };
        if (round > 0) rounds.push(found);
      }
      const each = both.map((_, index) => rounded(median(rounds.map(({ two }) => two.eachUs[index] ?? Number.NaN))));
      const compared = (of: (found: Found) => number, unit: string, told = "") => {
        const measured = ratio(
          [median(rounds.map(({ two }) => of(two))), median(rounds.map(({ one }) => of(one)))],
          unit,
        );
        return { ...measured, detail: measured.detail + told };
      };
      return toldOnly([
        {
          what: WHAT,
          against: AGAINST,
          figure: "CPU per call of the gateways",
          ...compared(({ gatewayUs }) => gatewayUs, "us", `; of each: ${each.join(", ")} us`),
          goal: null,
        },
        {
          what: WHAT,
          against: AGAINST,
          figure: "CPU per call of the database server",
          ...compared(({ databaseUs }) => databaseUs, "us"),
          goal: null,
        },
        {
          what: WHAT,
          against: AGAINST,
          figure: "requests per second",
          ...compared(({ perSecond }) => perSecond, "/s", `; all that runs shares ${availableParallelism()} cores`),
          goal: null,
        },
      ]);
    } finally {
      await bed.close();
    }
  },
};

/** @param identities as many as call there at once */
async function replica(bed: Bed, process: Child, identities: readonly Seeded[]): Promise<Replica> {
  const concurrency = identities.length;
  const client = bed.client(process.url, concurrency);
  const url = `${process.url}/mcp/${SERVER}`;
  const call = await callersOf({ client, url, era: "legacy", identities, tool: () => "tool_3" });
  return { process, client, url, call, concurrency };
}

async function load(all: readonly Replica[], deployment: Deployment, calls: number): Promise<Found> {
  const own = calls / all.length;
  const usages = () => Promise.all(all.map(({ process }) => process.usage()));
  const [before, databaseBefore, start] = [await usages(), deployment.serverCpuUs(), performance.now()];
  await Promise.all(
    all.map(({ client, url, call, concurrency }) => client.run({ url, calls: own, concurrency, call })),
  );
  const [tookMs, databaseAfter, after] = [performance.now() - start, deployment.serverCpuUs(), await usages()];
  const eachUs = after.map(({ cpuUs }, index) => (cpuUs - (before[index]?.cpuUs ?? 0)) / own);
  return {
    perSecond: (calls / tookMs) * 1_000,
    gatewayUs: eachUs.reduce((sum, us) => sum + us, 0) / all.length,
    databaseUs: (databaseAfter - databaseBefore) / calls,
    eachUs,
  };
}
