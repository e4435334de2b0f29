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
  someone,
  TTL_MS,
  upsert,
  verifying,
} from "../contract/fixtures.ts";
import { History, recorded, violationsIn } from "../helpers/history.ts";
import { SEEDS, withSeed, type Chance } from "../helpers/seeds.ts";
import { ENGINES, type FaultHarness } from "./engines.ts";

const RETENTION_MS = 86_400_000;
const REPLICAS = 5;
const STALE = 120;
const LIVE = 30;
/** Not a whole number of steps, so that the last batch of each replica is cut short. */
const BATCH = 17;

/** A deployment of some age: 10,000 rows. */
const OLD_FLOWS = 4_000;
const OLD_CREDENTIALS = 4_000;
const LIVE_CREDENTIALS = 2_000;

async function sweepDry(sweep: (limit: number) => Promise<number>, limit = BATCH): Promise<number> {
  let total = 0;
  for (let batch = limit; batch === limit; total += batch) {
    batch = await sweep(limit);
  }
  return total;
}

/** Five replicas sweep while people submit and revoke: what is stale goes once, and nothing that lives goes. */
describe.each(ENGINES)("a crowd of sweeps on $engine", ({ open }: { open: () => Promise<FaultHarness> }) => {
  let harness: FaultHarness;
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

  /** Makes of one row so many, of so many identities. */
  async function multiply(table: "header_credentials" | "submission_flows", id: string, count: number): Promise<void> {
    const [row] = await harness.query(`select * from ${table} where id = '${id}'`);
    const others = Object.keys(row ?? {}).filter((column) => column !== "id" && column !== "identity_id");
    await harness.query(`
      with recursive copy(n) as (select 2 union all select n + 1 from copy where n < ${count})
      insert into ${table} (id, identity_id, ${others.join(", ")})
      select id || '_' || n, identity_id || '_' || n, ${others.join(", ")} from copy cross join ${table}
      where id = '${id}'`);
  }

  async function countIn(table: string, condition: string, what = "*"): Promise<unknown> {
    const [row] = await harness.query(
      `select cast(count(${what}) as integer) as count from ${table} where ${condition}`,
    );
    return row?.["count"];
  }

  it("A58: of 10,000 rows takes the 8,000 that are stale, each once, with people at work on the others", async () => {
    const { store } = harness;
    const server = await createServer(store, { allowAllIdentities: false });
    const live = Array.from({ length: LIVE }, (_, i) => `live-flood-${i}`);
    const grant = (...more: readonly string[]) => grantTo(store, server, [...live, ...more].map(someone));
    await grant("stale", "late", "quiet");
    const { id: stale } = await upsert(store, server, someone("stale"));
    await grant("late", "quiet");
    await multiply("header_credentials", stale, OLD_CREDENTIALS);
    const { id: late } = await flowOf(store, server, someone("late"));
    await multiply("submission_flows", late, OLD_FLOWS);
    harness.advance(RETENTION_MS + 1);
    const { id: quiet } = await upsert(store, server, someone("quiet"));
    await multiply("header_credentials", quiet, LIVE_CREDENTIALS - LIVE);
    for (const name of live) await upsert(store, server, someone(name));
    const ofServer = `server_id = '${server.id}'`;
    expect([await countIn("header_credentials", ofServer), await countIn("submission_flows", ofServer)]).toEqual([
      OLD_CREDENTIALS + LIVE_CREDENTIALS,
      OLD_FLOWS,
    ]);

    await withSeed(SEEDS[0] ?? 1, async (chance) => {
      const work = live.map((name) => busy(chance.pick(replicas), server, name, chance));
      const swept = await Promise.all(
        replicas.map(async (replica) => [
          await sweepDry((limit) => replica.sweepOrphanedCredentials(RETENTION_MS, limit), 500),
          await sweepDry((limit) => replica.sweepExpiredFlows(limit), 500),
        ]),
      );
      await Promise.all(work);
      const [credentials, flows] = [0, 1].map((kind) => swept.reduce((sum, each) => sum + (each[kind] ?? 0), 0));
      expect([credentials, flows]).toEqual([OLD_CREDENTIALS, OLD_FLOWS]);
    });
    expect([await countIn("header_credentials", ofServer), await countIn("submission_flows", ofServer)]).toEqual([
      LIVE_CREDENTIALS,
      0,
    ]);
    const events = `${ofServer} and action = 'credential.swept'`;
    const [all, different] = [
      await countIn("audit_events", events),
      await countIn("audit_events", events, "distinct credential_id"),
    ];
    expect([all, different]).toEqual([OLD_CREDENTIALS, OLD_CREDENTIALS]);
  }, 120_000);

  it("the log of all of it is whole", async () => {
    expect(await harness.store.verifyAudit()).toMatchObject({ isIntact: true, brokenAt: null });
  });
});
