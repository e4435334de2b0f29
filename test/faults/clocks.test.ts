import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { openPostgresStore } from "../../src/postgres.ts";
import { openSqliteStore } from "../../src/sqlite.ts";
import {
  type AllPorts,
  auditOf,
  claim,
  createServer,
  flowOf,
  initiate,
  newId,
  present,
  someone,
  submission,
} from "../contract/fixtures.ts";
import { createDatabase, isPostgresThere } from "../helpers/postgres/database.ts";
import { SEEDS, withSeed } from "../helpers/seeds.ts";
import { random, TestClock, TestFolder } from "../store/sqlite-harness.ts";

/*
 * Processes on one database whose clocks disagree, and clocks that jump. On SQLite each process judges expiry by its own
 * clock; on PostgreSQL all of them by the server's, whatever they take the time to be.
 */

const MINUTE_MS = 60_000;

/** Two processes on one database, the clock of one 10 minutes behind, that of the other as much ahead. */
interface Replicas {
  readonly slow: AllPorts;
  readonly fast: AllPorts;
  /** The clock by which the slow one judges expiry. */
  readonly judge: TestClock;
  close(): Promise<void>;
}

function skewed(): { readonly behind: TestClock; readonly ahead: TestClock } {
  const [behind, ahead] = [new TestClock(), new TestClock()];
  behind.advance(-10 * MINUTE_MS);
  ahead.advance(10 * MINUTE_MS);
  return { behind, ahead };
}

async function openFile(): Promise<Replicas> {
  const folder = new TestFolder();
  const { behind, ahead } = skewed();
  const [slow, fast] = [
    await openSqliteStore({ path: folder.file(), clock: behind, random }),
    await openSqliteStore({ path: folder.file(), clock: ahead, random }),
  ];
  return {
    slow,
    fast,
    judge: behind,
    async close() {
      await Promise.all([slow.close(), fast.close()]);
      folder.remove();
    },
  };
}

async function openServer(): Promise<Replicas> {
  const database = await createDatabase();
  const { behind, ahead } = skewed();
  const judge = new TestClock();
  const options = { url: new Secret(database.url), random, serverTime: () => judge.now() };
  const [slow, fast] = [
    await openPostgresStore({ ...options, clock: behind }),
    await openPostgresStore({ ...options, clock: ahead }),
  ];
  return {
    slow,
    fast,
    judge,
    async close() {
      await Promise.all([slow.close(), fast.close()]);
      await database.drop();
    },
  };
}

const ENGINES = [
  { engine: "SQLite", open: openFile, isJudgedByEach: true },
  ...(isPostgresThere ? [{ engine: "PostgreSQL", open: openServer, isJudgedByEach: false }] : []),
];

describe.each(ENGINES)("replicas on $engine whose clocks are 20 minutes apart", ({ open, isJudgedByEach }) => {
  let replicas: Replicas;
  beforeEach(async () => {
    replicas = await open();
  });
  afterEach(() => replicas.close());

  it.each(["slow", "fast"] as const)(
    "A64: of two submissions of one link one wins, whichever is first (the %s one)",
    async (first) => {
      const { slow, fast } = replicas;
      const [one, other] = first === "slow" ? [slow, fast] : [fast, slow];
      const server = await createServer(one);
      const flow = await flowOf(fast, server, someone("ada"));
      const [claimed, taken] = [newId("claim"), newId("claim")];
      expect((await claim(one, flow.id, claimed)).kind).toBe("claimed");
      // The fast clock takes a claim of the slow one for one that has run out; the other way round it is only kept longer.
      const second = await claim(other, flow.id, taken);
      expect(second.kind).toBe(first === "slow" && isJudgedByEach ? "claimed" : "busy");
      const outcomes = [
        (await one.commitSubmission(submission(flow.id, claimed))).kind,
        (await other.commitSubmission(submission(flow.id, taken))).kind,
      ];
      expect(outcomes.toSorted()).toEqual(["committed", "gone"]);
      expect((await one.findCompletedFlow(flow.id))?.version).toBe(1);
    },
  );

  it("A64: the log is in order and whole, and neither sweeps what is alive for both", async () => {
    const { slow, fast } = replicas;
    const server = await createServer(slow);
    for (let i = 0; i < 6; i += 1) {
      await flowOf(i % 2 === 0 ? slow : fast, server, someone(`person-${i}`));
    }
    const times = (await auditOf(fast)).map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(await slow.verifyAudit()).toMatchObject({ isIntact: true });
    // For the fast one, where it judges, those of the slow one have expired, and are replaced rather than revived.
    const before = present(await initiate(slow, { serverId: server.id, identity: someone("late") }));
    const after = present(await initiate(fast, { serverId: server.id, identity: someone("late") }));
    expect(after.id === before.id).toBe(!isJudgedByEach);
    expect((await slow.findFlow(before.id)) === null).toBe(isJudgedByEach);
    expect(await slow.sweepExpiredFlows(500)).toBe(0);
  });
});

describe.each(ENGINES)("a clock that jumps, of $engine,", ({ open }) => {
  let replicas: Replicas;
  beforeEach(async () => {
    replicas = await open();
  });
  afterEach(() => replicas.close());

  it.each(SEEDS)(
    "A64: by up to an hour to either side revives nothing that was seen to be dead (seed %d)",
    async (seed) => {
      const { slow, judge } = replicas;
      await withSeed(seed, async (chance) => {
        const server = await createServer(slow);
        const start = judge.now();
        const links: string[] = [];
        const dead = new Set<string>();
        for (let step = 0; step < 40; step += 1) {
          const identity = someone(`person-${chance.below(5)}`);
          const flow = present(await initiate(slow, { serverId: server.id, identity }, 10 * MINUTE_MS));
          expect([step, dead.has(flow.id)]).toEqual([step, false]);
          links.push(flow.id);
          judge.advance(start + (chance.below(121) - 60) * MINUTE_MS - judge.now());
          for (const id of links) {
            const isAlive = (await slow.findFlow(id)) !== null;
            expect([step, id, isAlive && dead.has(id)]).toEqual([step, id, false]);
            if (!isAlive) dead.add(id);
          }
        }
        expect(dead.size).toBeGreaterThan(0);
      });
    },
  );
});
