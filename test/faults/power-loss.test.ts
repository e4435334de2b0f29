import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OPEN_GATE } from "../helpers/barriers.ts";
import { type Acknowledged, History, recorded, violationsIn } from "../helpers/history.ts";
import { TestFolder } from "../store/sqlite-harness.ts";
import { TTL_MS } from "../contract/fixtures.ts";
import { openGround } from "./crash-ground.ts";
import {
  editSchema,
  type Ground,
  initiate,
  loseAccess,
  makeWorld,
  type Operation,
  regainAccess,
  revoke,
  stateOfLink,
  submitting,
  sweep,
} from "./race-world.ts";

/*
 * What kill -9 leaves behind at every statement there is: the files are copied before each statement that writes, as they
 * lie there at that moment, and each copy is opened as a new process opens it. What is on its way in memory is lost.
 */

interface Moment {
  /** The statement that was about to run. */
  readonly before: string;
  /** How many changes had been acknowledged by then. */
  readonly acknowledged: number;
}

/** Files, and the moments at which they were so: nothing of a transaction is in them before its end. */
interface Copy {
  readonly path: string;
  readonly moments: Moment[];
}

const LIFE: readonly Operation[] = [
  initiate,
  submitting(),
  loseAccess,
  regainAccess,
  editSchema,
  initiate,
  // Past the end of the link that the last one made.
  (world, gate, replica) => {
    world.ground.harness.advance(TTL_MS);
    return sweep(world, gate, replica);
  },
  revoke,
];

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder(existsSync("/dev/shm") ? "/dev/shm" : undefined);
});
afterEach(() => {
  folder.remove();
});

/** A statement that changes nothing leaves what the one before it left. */
function isWrite(sql: string): boolean {
  return !/^\s*(?:select|pragma|begin)/i.test(sql);
}

/** The index of the log is not copied: it is made anew from the log. */
const SUFFIXES = ["", "-wal"] as const;

function digestOf(path: string): string {
  const hash = createHash("sha256");
  for (const suffix of SUFFIXES) {
    hash.update(existsSync(path + suffix) ? readFileSync(path + suffix) : "").update("\0");
  }
  return hash.digest("hex");
}

function copyOf(path: string, number: number): string {
  const target = join(folder.path, String(number), "keyward.db");
  mkdirSync(dirname(target));
  for (const suffix of SUFFIXES) {
    if (existsSync(path + suffix)) copyFileSync(path + suffix, target + suffix);
  }
  return target;
}

/** A life from an empty folder on. */
async function live(): Promise<{ copies: readonly Copy[]; acknowledged: readonly Acknowledged[] }> {
  const history = new History();
  const copies = new Map<string, Copy>();
  const path = folder.file();
  const ground = await openGround(path, (sql) => {
    if (isWrite(sql)) {
      const digest = digestOf(path);
      const copy = copies.get(digest) ?? { path: copyOf(path, copies.size), moments: [] };
      copies.set(digest, copy);
      copy.moments.push({ before: sql, acknowledged: history.acknowledged.length });
    }
  });
  const store = recorded(ground.harness.store, history);
  const world = await makeWorld({ ...ground, harness: { ...ground.harness, store } });
  for (const operation of LIFE) {
    await operation(world, OPEN_GATE, store);
  }
  await ground.harness.close();
  return { copies: [...copies.values()], acknowledged: history.acknowledged };
}

async function assertWhole({ path, moments }: Copy, acknowledged: readonly Acknowledged[]): Promise<void> {
  const raw = new DatabaseSync(path);
  expect(raw.prepare("pragma integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  expect(raw.prepare("pragma foreign_key_check").all()).toEqual([]);
  raw.close();
  // Opens the keys too: those that were being installed are there with their check, or not at all.
  const ground = await openGround(path);
  const { store } = ground.harness;
  try {
    for (const moment of moments) {
      const history = new History();
      acknowledged.slice(0, moment.acknowledged).forEach((change) => history.acknowledge(change));
      // One operation at most was under way.
      history.unknown = 1;
      expect([moment.before, await violationsIn(store, history)]).toEqual([moment.before, []]);
    }
    expect(await store.verifyAudit()).toMatchObject({ isIntact: true });
    await goesOn(ground);
  } finally {
    await ground.harness.close();
  }
}

/** The next person finds everything working. */
async function goesOn(ground: Ground): Promise<void> {
  const world = await makeWorld(ground);
  await submitting()(world, OPEN_GATE, ground.replicas[0]);
  expect(await stateOfLink(world)).toBe("completed");
}

describe("what is on disk before each statement of a life", () => {
  it("A60: is whole, has every acknowledged operation, and goes on", async () => {
    const { copies, acknowledged } = await live();
    const statements = copies.flatMap(({ moments }) => moments.map(({ before }) => before));
    // The moments that `security.md` 11.3 names are among them: a migration, the keys, the log of a change, each commit.
    expect(statements.filter((sql) => /create table/i.test(sql))).not.toEqual([]);
    expect(statements.filter((sql) => /into "?data_keys/i.test(sql))).not.toEqual([]);
    expect(statements.filter((sql) => /into "?audit_events/i.test(sql)).length).toBeGreaterThan(8);
    expect(statements.filter((sql) => /^commit/i.test(sql)).length).toBeGreaterThan(12);
    expect(acknowledged.map(({ action }) => action)).toEqual([
      "credential.stored",
      "credential.edited",
      "credential.revoked",
    ]);
    for (const copy of copies) {
      await assertWhole(copy, acknowledged);
    }
  });
});
