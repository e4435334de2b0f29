import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { codeOf } from "../contract/fixtures.ts";
import { OPEN_GATE } from "../helpers/barriers.ts";
import { createDatabase, isPostgresThere, type TestDatabase } from "../helpers/postgres/database.ts";
import { type Child, runChild } from "../store/child.ts";
import { openGround } from "./crash-ground.ts";
import { type Ground, makeWorld, submitting, valueIn, type World } from "./race-world.ts";

/*
 * On PostgreSQL one writer of all replicas has a lock. A process that dies in its turn must not keep it: the server gives
 * it to the next as soon as it knows, at once of a process that is killed, after 10 s of one that hangs or whose network
 * has gone without a word.
 */

const IN_THE_COMMIT = "k6 in the commit, before its end";

let database: TestDatabase;
let ground: Ground;
let holder: Child;
/** What the process stands still in the middle of. */
let held: World;

describe.skipIf(!isPostgresThere)("a process that stands still in the middle of a change", () => {
  beforeEach(async () => {
    database = await createDatabase();
    ground = await openGround(database.url);
    holder = runChild("../faults/kill-points-child.ts", [database.url, IN_THE_COMMIT, "SIGSTOP"]);
    const [printed] = (await once(holder.process.stdout ?? holder.process, "data")) as [string];
    held = { ...(JSON.parse(printed) as World), ground };
    await vi.waitUntil(async () => (await locks(true)) === 1, { timeout: 10_000 });
  });
  afterEach(async () => {
    holder.process.kill("SIGKILL");
    await holder.output.catch(() => "");
    await ground.harness.close();
    await database.drop();
  });

  async function locks(isGranted: boolean): Promise<number> {
    const rows = await database.query(
      `select 1 from pg_locks where locktype = 'advisory' and objid = 1 and granted = ${isGranted}
        and database = (select oid from pg_database where datname = current_database())`,
    );
    return rows.length;
  }

  async function assertUndone(): Promise<void> {
    const { store } = ground.harness;
    const row = await store.readCredential(held.binding);
    expect(row?.version).toBe(1);
    expect(row !== null && (await valueIn(ground, row)) === held.oldValue).toBe(true);
    expect(await store.verifyAudit()).toMatchObject({ isIntact: true });
  }

  it("A60: is killed: who waits for its turn has it, and the change has not happened", async () => {
    const waiting = makeWorld(ground);
    await expect.poll(() => locks(false), { timeout: 4_000 }).toBe(1);
    holder.process.kill("SIGKILL");
    // Of an outage it would be told after 5 s.
    const world = await waiting;
    expect(await codeOf(submitting()(world, OPEN_GATE, ground.replicas[0]))).toBe("resolved");
    await assertUndone();
  });

  it("A60, A62: lives on: others are told of an outage, until the server ends its turn, and it is too late for the change", async () => {
    expect(await codeOf(makeWorld(ground))).toBe("credential_store_unavailable");
    await expect.poll(() => locks(true), { timeout: 20_000 }).toBe(0);
    const world = await makeWorld(ground);
    expect(await codeOf(submitting()(world, OPEN_GATE, ground.replicas[0]))).toBe("resolved");

    holder.process.kill("SIGCONT");
    expect((await holder.output).split("\n")[1]).toBe("credential_store_unavailable");
    await assertUndone();
  });
});
