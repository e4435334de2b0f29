import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import {
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
import { SEEDS, withSeed } from "../helpers/seeds.ts";
import { random, TestClock, TestFolder } from "../store/sqlite-harness.ts";

/** Processes on one file whose clocks disagree, and clocks that jump. On SQLite expiry is judged by each process's own. */

const MINUTE_MS = 60_000;

let folder: TestFolder;
let clocks: { readonly slow: TestClock; readonly fast: TestClock };
let slow: SqliteStore;
let fast: SqliteStore;

beforeEach(async () => {
  folder = new TestFolder();
  clocks = { slow: new TestClock(), fast: new TestClock() };
  clocks.slow.advance(-10 * MINUTE_MS);
  clocks.fast.advance(10 * MINUTE_MS);
  slow = await openSqliteStore({ path: folder.file(), clock: clocks.slow, random });
  fast = await openSqliteStore({ path: folder.file(), clock: clocks.fast, random });
});
afterEach(async () => {
  await Promise.all([slow.close(), fast.close()]);
  folder.remove();
});

describe("replicas whose clocks are 20 minutes apart", () => {
  it.each(["slow", "fast"] as const)(
    "A64: of two submissions of one link one wins, whichever is first (the %s one)",
    async (first) => {
      const [one, other] = first === "slow" ? [slow, fast] : [fast, slow];
      const server = await createServer(one);
      const flow = await flowOf(fast, server, someone("ada"));
      const [claimed, taken] = [newId("claim"), newId("claim")];
      expect((await claim(one, flow.id, claimed)).kind).toBe("claimed");
      // The fast clock takes a claim of the slow one for one that has run out; the other way round it is only kept longer.
      const second = await claim(other, flow.id, taken);
      expect(second.kind).toBe(first === "slow" ? "claimed" : "busy");
      const outcomes = [
        (await one.commitSubmission(submission(flow.id, claimed))).kind,
        (await other.commitSubmission(submission(flow.id, taken))).kind,
      ];
      expect(outcomes.toSorted()).toEqual(["committed", "gone"]);
      expect((await one.findCompletedFlow(flow.id))?.version).toBe(1);
    },
  );

  it("A64: the log is in order and whole, and neither sweeps what is alive for both", async () => {
    const server = await createServer(slow);
    for (let i = 0; i < 6; i += 1) {
      await flowOf(i % 2 === 0 ? slow : fast, server, someone(`person-${i}`));
    }
    const times = (await auditOf(fast)).map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(await slow.verifyAudit()).toMatchObject({ isIntact: true });
    // For the fast one those of the slow one have expired, and are replaced rather than revived.
    const before = present(await initiate(slow, { serverId: server.id, identity: someone("late") }));
    const after = present(await initiate(fast, { serverId: server.id, identity: someone("late") }));
    expect(after.id).not.toBe(before.id);
    expect(await slow.findFlow(before.id)).toBeNull();
    expect(await slow.sweepExpiredFlows(500)).toBe(0);
  });
});

describe("a clock that jumps", () => {
  it.each(SEEDS)(
    "A64: by up to an hour to either side revives nothing that was seen to be dead (seed %d)",
    async (seed) => {
      await withSeed(seed, async (chance) => {
        const server = await createServer(slow);
        const start = clocks.slow.now();
        const links: string[] = [];
        const dead = new Set<string>();
        for (let step = 0; step < 40; step += 1) {
          const identity = someone(`person-${chance.below(5)}`);
          const flow = present(await initiate(slow, { serverId: server.id, identity }, 10 * MINUTE_MS));
          expect([step, dead.has(flow.id)]).toEqual([step, false]);
          links.push(flow.id);
          clocks.slow.advance(start + (chance.below(121) - 60) * MINUTE_MS - clocks.slow.now());
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
