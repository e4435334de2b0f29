import { Bed } from "../bed.ts";
import { callsOf, expectedKey, KEY_HEADER } from "../calls.ts";
import { type LoadClient, median } from "../load.ts";
import { type Measure, ratio, type Row } from "../row.ts";
import { identityIds, seedIdentities } from "../seed.ts";
import { openSession } from "../session.ts";

const TOOL = "tool_0";

/** How far away the upstream is, in milliseconds for each of its answers. */
const DISTANCES = [
  { ms: 10, goal: { atMost: 1.3 } },
  // On loopback an answer takes less time than a gateway needs to ask for it: told, but no goal.
  { ms: 0, goal: null },
];

/**
 * The first call of an identity at a server that wants sessions, one after the other: what a client does through the
 * gateway against what it does without one. Both connect, initialize and call; the gateway has to as well.
 */
export const cold: Row = {
  name: "cold",
  async run({ isQuick, say }) {
    say("first calls of identities");
    const count = isQuick ? 5 : 60;
    const bed = new Bed();
    try {
      const upstream = await bed.start("upstream.ts");
      const keyward = await bed.startKeyward(await bed.deploy("SQLite"));
      const measures: Measure[] = [];
      for (const { ms, goal } of DISTANCES) {
        const name = `stateful${ms}`;
        const target = `${upstream.url}/stateful/1?ms=${ms}`;
        const serverId = await keyward.register(name, target);
        const identities = await seedIdentities({
          deployment: keyward.deployment,
          serverIds: [serverId],
          origin: upstream.url,
          whos: identityIds(count + 1, `vk_${name}_`),
        });
        const ours: number[] = [];
        const direct: number[] = [];
        for (const { who, key } of identities) {
          const url = `${keyward.url}/mcp/${name}`;
          ours.push(await firstCall(bed.client(keyward.url, 1), url, who, { authorization: `Bearer ${key}` }));
          direct.push(await firstCall(bed.client(upstream.url, 1), target, who, { [KEY_HEADER]: expectedKey(who) }));
        }
        measures.push({
          what: `first call of an identity, initialize included; the upstream ${ms} ms away`,
          against: "the same without a gateway",
          figure: "median",
          // The first one warms up.
          ...ratio([median(ours.slice(1)), median(direct.slice(1))], "ms"),
          goal,
        });
      }
      return measures;
    } finally {
      await bed.close();
    }
  },
};

/** @returns milliseconds from the first byte to the answer of the call, on a new connection */
async function firstCall(
  client: LoadClient,
  url: string,
  who: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const start = performance.now();
  const withSession = await openSession(client, url, "legacy", headers);
  const { fault } = await client.try(url, callsOf({ era: "legacy", who, tool: TOOL, headers: withSession })(1));
  const tookMs = performance.now() - start;
  if (fault !== null) {
    throw new Error(fault);
  }
  await client.close();
  return tookMs;
}
