import { monitorEventLoopDelay } from "node:perf_hooks";
import { NO_ORIGIN } from "../../src/core/audit.ts";
import { Bed } from "../bed.ts";
import { openFoundations } from "../foundations.ts";
import { type Measure, type Row, rounded } from "../row.ts";
import { fillCredentials } from "../seed.ts";

const SIZES = [1_000, 10_000, 100_000];
const QUICK_SIZES = [10, 100, 1_000];
const MAX_BLOCK_MS = 50;

/** A server stops being everybody's, and is everybody's again: all its credentials are orphaned, and come back. */
export const reconcile: Row = {
  name: "reconcile",
  async run({ isQuick, say }) {
    const bed = new Bed();
    try {
      const upstream = await bed.start("upstream.ts");
      const counts: number[] = [];
      const measures: Measure[] = [];
      for (const size of isQuick ? QUICK_SIZES : SIZES) {
        say(`reconcile access: ${size} credentials`);
        const folder = bed.newFolder();
        const keyward = await bed.startKeyward(folder);
        const serverId = await keyward.register("shared", `${upstream.url}/legacy/1`);
        fillCredentials(folder, serverId, upstream.url, size);
        const start = performance.now();
        // This process only waits meanwhile: what holds it up holds up everything on the machine.
        const machine = monitorEventLoopDelay({ resolution: 1 });
        machine.enable();
        await keyward.ask("watchLoop");
        for (const isForAll of [false, true]) {
          const changed = await keyward.admin("PATCH", `/api/v1/servers/${serverId}`, {
            allow_all_identities: isForAll,
          });
          assertMoved(changed, isForAll ? "reactivated" : "orphaned", size);
        }
        const blockMs = await keyward.ask<number>("longestBlock");
        machine.disable();
        const tookMs = Math.round((performance.now() - start) / 2);
        await keyward.stop();
        const statements = await statementsOf(folder, serverId);
        counts.push(statements);
        const what = `reconcile access for ${size.toLocaleString("en-US")} credentials`;
        const detail = `${rounded(tookMs)} ms for all; a waiting process: ${rounded(machine.max / 1e6)} ms`;
        measures.push(
          {
            what,
            against: "",
            figure: "longest block of the event loop",
            value: blockMs,
            unit: "ms",
            detail,
            goal: { atMost: MAX_BLOCK_MS },
          },
          {
            what,
            against: "the smallest size",
            figure: "statements",
            value: statements,
            unit: "",
            detail: "",
            goal: { atMost: counts[0] ?? 0 },
          },
        );
      }
      return measures;
    } finally {
      await bed.close();
    }
  },
};

function assertMoved(changed: unknown, what: "orphaned" | "reactivated", size: number): void {
  if ((changed as Readonly<Record<string, unknown>>)[what] !== size) {
    throw new Error(`not ${size} credentials were ${what}: ${JSON.stringify(changed).slice(0, 300)}`);
  }
}

/** The same change once more, with the statements counted. */
async function statementsOf(folder: string, serverId: string): Promise<number> {
  let isCounting = false;
  let statements = 0;
  const { store } = await openFoundations(folder, () => {
    statements += isCounting ? 1 : 0;
  });
  try {
    const server = await store.findServer(serverId);
    isCounting = true;
    await store.updateServer(
      serverId,
      server?.version ?? 0,
      { allowAllIdentities: false },
      { ...NO_ORIGIN, actor: { kind: "system" }, action: "server.updated", outcome: "ok", serverId },
    );
    return statements;
  } finally {
    await store.close();
  }
}
