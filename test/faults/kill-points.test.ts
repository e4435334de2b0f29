import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf, LEASE_MS } from "../contract/fixtures.ts";
import { OPEN_GATE } from "../helpers/barriers.ts";
import { History, violationsIn } from "../helpers/history.ts";
import { runChild } from "../store/child.ts";
import { openGround } from "./crash-ground.ts";
import { CRASH_PLACES } from "./crash-places.ts";
import { KILL_POINTS, killPointOf } from "./kill-points.ts";
import { type Ground, makeWorld, stateOfLink, submitting, valueIn, type World } from "./race-world.ts";
import { newNotes } from "./recording-upstream.ts";

/*
 * A process is killed at each of the crash points, and another one opens what it left. `power-loss.test.ts` looks at every
 * statement, on SQLite; here it is a real process, a real kill and a real disk or server.
 */

const submit = submitting();

/** What the process that is gone had made, for the one that comes after it; null when it had not come to that. */
function worldOf(output: string, on: Ground): World | null {
  return output === "" ? null : { ...(JSON.parse(output) as World), ground: on, notes: newNotes(), eventsBefore: 0 };
}

/** Whoever submitted looks at the link, and sends the values again if they are not stored. */
async function submitAgain(world: World): Promise<void> {
  const { harness, replicas } = world.ground;
  if ((await stateOfLink(world)) === "verifying") {
    expect(await codeOf(submit(world, OPEN_GATE, replicas[0]))).toBe("flow_busy");
    harness.advance(LEASE_MS);
  }
  if ((await stateOfLink(world)) !== "completed") {
    expect(await codeOf(submit(world, OPEN_GATE, replicas[0]))).toBe("resolved");
  }
  expect(await stateOfLink(world)).toBe("completed");
  expect(await harness.store.readCredential(world.binding)).toMatchObject({ version: 2, status: "active" });
}

describe.each(CRASH_PLACES)("a process on $engine that is killed", ({ make }) => {
  let place: Awaited<ReturnType<typeof make>>;
  let ground: Ground | undefined;
  beforeEach(async () => {
    place = await make();
  });
  afterEach(async () => {
    await ground?.harness.close();
    ground = undefined;
    await place.remove();
  });

  it.each(Object.keys(KILL_POINTS))(
    "A60: at %s: nothing acknowledged is lost, nothing is half done, and it goes on",
    async (name) => {
      const child = runChild("../faults/kill-points-child.ts", [place.where, name]);
      const output = await child.output;
      expect(child.process.signalCode).toBe("SIGKILL");

      await place.assertSound();
      expect((await place.countTables()) === 0).toBe(name.startsWith("k8"));
      ground = await openGround(place.where);
      const { store } = ground.harness;
      expect(await store.verifyAudit()).toMatchObject({ isIntact: true });
      const { operation, leaves } = killPointOf(name);
      const world = worldOf(output, ground);
      expect(world === null).toBe(operation === null);
      if (world !== null) {
        const history = new History();
        history.acknowledge({ action: "credential.stored", credentialId: world.credential.id, version: 1 });
        history.unknown = 1;
        expect(await violationsIn(store, history)).toEqual([]);
        const row = await store.readCredential(world.binding);
        expect(row?.version ?? null).toBe(leaves);
        if (row?.version === 1) {
          expect((await valueIn(ground, row)) === world.oldValue).toBe(true);
        }
        if (name.startsWith("k12") || name.startsWith("k10")) {
          expect(await store.countSweepable(1)).toEqual({ expiredFlows: 0, orphanedCredentials: 0 });
        } else {
          await submitAgain(world);
        }
      }
      // And whoever comes next finds everything working.
      const next = await makeWorld(ground);
      expect(await codeOf(submit(next, OPEN_GATE, ground.replicas[0]))).toBe("resolved");
    },
  );
});
