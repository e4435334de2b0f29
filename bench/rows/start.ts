import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Bed } from "../bed.ts";
import { callsOf } from "../calls.ts";
import { endOf } from "../child.ts";
import type { Deployment } from "../deployment.ts";
import { median } from "../load.ts";
import { rounded, type Row } from "../row.ts";
import { identityIds, type Seeded, seedIdentities } from "../seed.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const MAX_START_MS = 1_500;

/** `keyward serve` as the package has it, until a call has been answered. */
export const start: Row = {
  name: "start",
  async run({ isQuick, say }) {
    say("start to first answered call");
    const bed = new Bed();
    try {
      const upstream = await bed.start("upstream.ts");
      const deployment = await bed.deploy("SQLite");
      const keyward = await bed.startKeyward(deployment);
      const serverId = await keyward.register("first", `${upstream.url}/legacy/25`);
      const whos = identityIds(1);
      const [identity] = await seedIdentities({ deployment, serverIds: [serverId], origin: upstream.url, whos });
      await keyward.stop();
      if (identity === undefined) {
        throw new Error("no identity was made");
      }
      const ours: number[] = [];
      const bare: number[] = [];
      for (let i = 0; i < (isQuick ? 1 : 7); i += 1) {
        bare.push(await bareNodeMs(bed));
        ours.push(await startAndCallMs(bed, deployment, identity));
      }
      return [
        {
          what: "start to first answered call",
          against: "node -e 0",
          figure: "median",
          value: median(ours),
          unit: "ms",
          detail: `node -e 0: ${rounded(median(bare))} ms`,
          goal: { atMost: MAX_START_MS },
        },
      ];
    } finally {
      await bed.close();
    }
  },
};

async function bareNodeMs(bed: Bed): Promise<number> {
  const begun = performance.now();
  await once(bed.spawn(["-e", "0"], { stdio: "ignore" }), "exit");
  return performance.now() - begun;
}

async function startAndCallMs(bed: Bed, { folder, env }: Deployment, { who, key }: Seeded): Promise<number> {
  const log = openSync(join(folder, "start.log"), "a");
  const begun = performance.now();
  const keyward = bed.spawn([CLI, "serve", "--json", "--port", "0"], {
    env: {
      PATH: process.env["PATH"],
      ...env,
      KEYWARD_ALLOW_PRIVATE_UPSTREAMS: "127.0.0.1",
      KEYWARD_LOG_FORMAT: "json",
    },
    stdio: ["ignore", "pipe", log],
  });
  try {
    const [line] = (await once(keyward.stdout ?? keyward, "data")) as [Buffer];
    const { mcp_url: url } = JSON.parse(line.toString()) as { readonly mcp_url: string };
    const client = bed.client(new URL(url).origin, 1);
    const call = callsOf({ era: "legacy", who, tool: "tool_3", headers: { authorization: `Bearer ${key}` } })(1);
    const { fault } = await client.try(`${url}/first`, call);
    const tookMs = performance.now() - begun;
    if (fault !== null) {
      throw new Error(fault);
    }
    await client.close();
    return tookMs;
  } finally {
    await endOf(keyward);
  }
}
