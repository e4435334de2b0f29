import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Server } from "../../src/core/server.ts";
import type { Store } from "../../src/core/store-port.ts";
import {
  allOf,
  codeOf,
  createServer,
  entry,
  flowOf,
  grantTo,
  type Harness,
  someone,
  TTL_MS,
  upsert,
  verifying,
} from "../contract/fixtures.ts";
import { History, recorded, violationsIn } from "../helpers/history.ts";
import { SEEDS, withSeed, type Chance } from "../helpers/seeds.ts";
import { ENGINES } from "./engines.ts";

const RETENTION_MS = 86_400_000;
const REPLICAS = 5;
const STALE = 120;
const LIVE = 30;
/** Not a whole number of steps, so that the last batch of each replica is cut short. */
const BATCH = 17;

async function sweepDry(sweep: (limit: number) => Promise<number>): Promise<number> {
  let total = 0;
  for (let batch = BATCH; batch === BATCH; total += batch) {
    batch = await sweep(BATCH);
  }
  return total;
}

/** Five replicas sweep while people submit and revoke: what is stale goes once, and nothing that lives goes. */
describe.each(ENGINES)("a crowd of sweeps on $engine", ({ open }: { open: () => Promise<Harness> }) => {
  let harness: Harness;
  const replicas: Store[] = [];
  beforeAll(async () => {
    harness = await open();
    for (let i = 0; i < REPLICAS; i += 1) replicas.push(await harness.another());
  });
  afterAll(() => harness.close());

  /** @returns how many flows and credentials are stale, and the names of those who live */
  async function crowd(store: Store, server: Server, seed: number): Promise<readonly string[]> {
    const live = Array.from({ length: LIVE }, (_, i) => `live-${seed}-${i}`);
    const stale = Array.from({ length: STALE }, (_, i) => `stale-${seed}-${i}`);
    await grantTo(store, server, [...live, ...stale].map(someone));
    for (const name of stale) await upsert(store, server, someone(name));
    await grantTo(store, server, live.map(someone));
    harness.advance(RETENTION_MS + 1);
    await grantTo(store, server, [...live, ...stale].map((name) => someone(`late-${name}`)).concat(live.map(someone)));
    for (const name of stale) await flowOf(store, server, someone(`late-${name}`));
    harness.advance(TTL_MS);
    for (const name of live) await upsert(store, server, someone(name));
    return live;
  }

  async function busy(store: Store, server: Server, name: string, chance: Chance): Promise<void> {
    const identity = someone(name);
    const { submission } = await verifying(store, server, identity);
    if (chance.below(3) === 0) {
      const row = await store.readCredential({ serverId: server.id, identity });
      await store.revokeCredential(row?.id ?? "", entry("credential.revoked"));
      expect((await store.commitSubmission(submission)).kind).toBe("gone");
      await upsert(store, server, identity);
    } else {
      expect((await store.commitSubmission(submission)).kind).toBe("committed");
    }
  }

  it.each(SEEDS)("A58: with people at work takes what is stale once, and nothing else (seed %d)", async (seed) => {
    await withSeed(seed, async (chance) => {
      const history = new History();
      const [store, ...others] = [harness.store, ...replicas].map((handle) => recorded(handle, history));
      const server = await createServer(harness.store, { allowAllIdentities: false });
      const live = await crowd(store!, server, seed);
      const work = live.map((name) => busy(chance.pick(others), server, name, chance));
      const swept = await Promise.all(
        replicas.map(async (replica) => [
          await sweepDry((limit) => replica.sweepExpiredFlows(limit)),
          await sweepDry((limit) => replica.sweepOrphanedCredentials(RETENTION_MS, limit)),
        ]),
      );
      await Promise.all(work);
      const [flows, credentials] = [0, 1].map((kind) => swept.reduce((sum, each) => sum + (each[kind] ?? 0), 0));
      expect([flows, credentials]).toEqual([STALE, STALE]);
      const left = await allOf((page) => harness.store.listCredentials({ serverId: server.id }, page));
      expect(left.map(({ identity }) => identity.id).toSorted()).toEqual(live.toSorted());
      expect(await violationsIn(harness.store, history, { only: { serverId: server.id } })).toEqual([]);
      expect(await codeOf(harness.store.ping())).toBe("resolved");
    });
  });

  it("the log of all of it is whole", async () => {
    expect(await harness.store.verifyAudit()).toMatchObject({ isIntact: true, brokenAt: null });
  });
});
