import { monitorEventLoopDelay } from "node:perf_hooks";
import { NO_ORIGIN } from "../../src/core/audit.ts";
import { Bed, type BenchKeyward } from "../bed.ts";
import type { Child } from "../child.ts";
import type { Deployment, EngineName } from "../deployment.ts";
import { openFoundations } from "../foundations.ts";
import { type Measure, ratio, type Row, rounded, type Setting, titleOn } from "../row.ts";
import { fillCredentials } from "../seed.ts";
import { openTraffic, seedTraffic } from "../traffic.ts";

const SIZES = [1_000, 10_000, 100_000];
const QUICK_SIZES = [10, 100, 1_000];
const MAX_BLOCK_MS = 50;

/**
 * A server stops being everybody's, and is everybody's again: all its credentials are orphaned, and come back. At the
 * largest size once more, beside calls to another server.
 */
export const reconcile: Row = { name: "reconcile", run: (setting) => reconcileOn("SQLite", setting) };

export const reconcilePostgres: Row = {
  name: "reconcile-postgres",
  needsPostgres: true,
  run: (setting) => reconcileOn("PostgreSQL", setting),
};

/** A server with as many credentials as are measured. */
interface Scene {
  readonly bed: Bed;
  readonly upstream: Child;
  readonly keyward: BenchKeyward;
  readonly serverId: string;
  readonly size: number;
  readonly what: string;
}

async function reconcileOn(engine: EngineName, { isQuick, say }: Setting): Promise<readonly Measure[]> {
  const bed = new Bed();
  try {
    const upstream = await bed.start("upstream.ts");
    const sizes = isQuick ? QUICK_SIZES : SIZES;
    const counts: number[] = [];
    const measures: Measure[] = [];
    for (const size of sizes) {
      say(`reconcile access: ${size} credentials, ${engine}`);
      const deployment = await bed.deploy(engine);
      const keyward = await bed.startKeyward(deployment);
      const serverId = await keyward.register("shared", `${upstream.url}/legacy/1`);
      await fillCredentials(deployment, serverId, upstream.url, size);
      const what = titleOn(engine, `reconcile access for ${size.toLocaleString("en-US")} credentials`);
      const scene = { bed, upstream, keyward, serverId, size, what };
      measures.push(await block(scene));
      if (size === sizes.at(-1)) measures.push(await besideCalls(scene, isQuick ? 200 : 2_000));
      await keyward.stop();
      const statements = await statementsOf(deployment, serverId);
      counts.push(statements);
      measures.push({
        what,
        against: "the smallest size",
        figure: "statements",
        value: statements,
        unit: "",
        detail: "",
        goal: { atMost: counts[0] ?? 0 },
      });
    }
    return measures;
  } finally {
    await bed.close();
  }
}

async function block(scene: Scene): Promise<Measure> {
  const { keyward, what } = scene;
  const start = performance.now();
  // This process only waits meanwhile: what holds it up holds up everything on the machine.
  const machine = monitorEventLoopDelay({ resolution: 1 });
  machine.enable();
  await keyward.ask("watchLoop");
  await orphanAndReactivate(scene);
  const blockMs = await keyward.ask<number>("longestBlock");
  machine.disable();
  const tookMs = Math.round((performance.now() - start) / 2);
  return {
    what,
    against: "",
    figure: "longest block of the event loop",
    value: blockMs,
    unit: "ms",
    detail: `${rounded(tookMs)} ms for all; a waiting process: ${rounded(machine.max / 1e6)} ms`,
    goal: { atMost: MAX_BLOCK_MS },
  };
}

/** @param calls made without any change, for comparison */
async function besideCalls(scene: Scene, calls: number): Promise<Measure> {
  const { bed, upstream, keyward, what } = scene;
  const serverId = await keyward.register("beside", `${upstream.url}/legacy/1`);
  const identities = await seedTraffic(keyward, serverId, upstream.url);
  const traffic = await openTraffic(bed, keyward, "beside", identities);
  await traffic.window(calls);
  const quiet = await traffic.window(calls);
  const isDone = new AbortController();
  const [beside] = await Promise.all([
    traffic.window(Number.POSITIVE_INFINITY, isDone.signal),
    orphanAndReactivate(scene).finally(() => isDone.abort()),
  ]);
  return {
    what,
    against: "no change",
    figure: "p99 of calls beside it",
    ...ratio([beside.p99Ms, quiet.p99Ms], "ms"),
    goal: null,
  };
}

/** @throws Error when not all of them were */
async function orphanAndReactivate({ keyward, serverId, size }: Scene): Promise<void> {
  for (const isForAll of [false, true]) {
    const changed = await keyward.admin("PATCH", `/api/v1/servers/${serverId}`, { allow_all_identities: isForAll });
    const what = isForAll ? "reactivated" : "orphaned";
    if ((changed as Readonly<Record<string, unknown>>)[what] !== size) {
      throw new Error(`not ${size} credentials were ${what}: ${JSON.stringify(changed).slice(0, 300)}`);
    }
  }
}

/** The same change once more, with the statements counted. */
async function statementsOf(deployment: Deployment, serverId: string): Promise<number> {
  let isCounting = false;
  let statements = 0;
  const { store } = await openFoundations(deployment, () => {
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
