import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CredentialRecord } from "../../src/core/credential.ts";
import { type AllPorts, codeOf, type Harness, LEASE_MS, present } from "../contract/fixtures.ts";
import { OPEN_GATE } from "../helpers/barriers.ts";
import { failEach, type FailureMode, failNth } from "../helpers/failing-store.ts";
import { History, recorded, violationsIn } from "../helpers/history.ts";
import { ENGINES } from "./engines.ts";
import {
  call,
  editOrigin,
  editSchema,
  type Ground,
  initiate,
  loseAccess,
  makeWorld,
  type Operation,
  prepareGround,
  removeServer,
  revoke,
  stateOfLink,
  submitting,
  sweep,
  type World,
} from "./race-world.ts";

/*
 * Each call of the store that an operation makes fails once, in each way that a call can fail. Whoever asked is told that
 * the store was not available, and nothing else; what is there is whole; and asking again, or looking, settles it.
 */

interface Case {
  readonly operation: Operation;
  /** The calls that were made to fail, in order: the test is of nothing if there are none. */
  readonly calls: readonly string[];
  /** What asking once more may answer, when it turns out to have happened the first time. */
  readonly happened?: string;
  /** What is there after it was asked for once more. */
  readonly after: Partial<CredentialRecord> | null;
}

const submit = submitting();

const CASES: Readonly<Record<string, Case>> = {
  "a link is asked for": { operation: initiate, calls: ["initiateFlow"], after: { version: 1, status: "active" } },
  "values are submitted": {
    operation: submit,
    calls: ["findFlow", "findServer", "readCredential", "claimFlow", "commitSubmission"],
    after: { version: 2, status: "active" },
  },
  "a credential is revoked": {
    operation: revoke,
    calls: ["revokeCredential"],
    happened: "credential_not_found",
    after: null,
  },
  "access is taken": { operation: loseAccess, calls: ["replaceGrants"], after: { version: 1, status: "active" } },
  "the schema is edited": {
    operation: editSchema,
    calls: ["findServer", "updateServer"],
    after: { version: 1, status: "needs_update" },
  },
  "the origin is edited": {
    operation: editOrigin,
    calls: ["findServer", "updateServer"],
    after: { version: 1, status: "needs_update" },
  },
  "the server is deleted": {
    operation: removeServer,
    calls: ["deleteServer"],
    happened: "server_not_found",
    after: null,
  },
  "what is stale is swept": {
    operation: sweep,
    calls: ["sweepExpiredFlows", "sweepOrphanedCredentials"],
    after: { version: 1, status: "active" },
  },
  "a tool is called": {
    operation: call,
    calls: ["findAccess", "readCredential"],
    after: { version: 1, status: "active" },
  },
};

/** A late call is done before somebody asks again, or after it. */
const WAYS: readonly (readonly [string, FailureMode, "before" | "after"])[] = [
  ["is refused", "refused", "before"],
  ["is done and its answer lost", "lost", "before"],
  ["is done too late", "late", "before"],
  ["is done after it was asked for again", "late", "after"],
];

const UNAVAILABLE = "credential_store_unavailable";

/** @returns how it ended: the code of the error, the outcome of a call, or `done` */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  let value: unknown;
  const code = await codeOf(
    work.then((answer) => {
      value = answer;
    }),
  );
  return code !== "resolved" ? code : typeof value === "string" ? value : "done";
}

describe.each(ENGINES)(
  "a store on $engine of which the Nth call fails",
  ({ open }: { open: () => Promise<Harness> }) => {
    let ground: Ground;
    beforeAll(async () => {
      ground = await prepareGround(open);
    });
    afterAll(() => ground.harness.close());

    async function askAgain(world: World, { operation, happened }: Case, replica: AllPorts): Promise<void> {
      if (operation === submit) {
        await submitAgain(world, replica);
        return;
      }
      const again = await outcomeOf(operation(world, OPEN_GATE, replica));
      expect(["done", "answered", happened]).toContain(again);
    }

    /** As the page does: it looks what became of the link, and sends the values again when it is open. */
    async function submitAgain(world: World, replica: AllPorts): Promise<void> {
      let state = await stateOfLink(world);
      if (state === "verifying") {
        // Nobody is: the claim was lost with its answer. It runs out by itself.
        expect(await outcomeOf(submit(world, OPEN_GATE, replica))).toBe("flow_busy");
        ground.harness.advance(LEASE_MS);
        state = "pending";
      }
      if (state === "pending") {
        expect(await outcomeOf(submit(world, OPEN_GATE, replica))).toBe("done");
      }
      expect(await stateOfLink(world)).toBe("completed");
    }

    describe.each(WAYS)("and %s", (_, mode, settles) => {
      it.each(Object.entries(CASES))(
        "A61: while %s, leaves nothing half done and an outcome that can be found out",
        async (_name, tested) => {
          const { store } = ground.harness;
          const [replica] = ground.replicas;
          const methods = await failEach(async (n) => {
            const world = await makeWorld(ground);
            const history = new History();
            const { id: credentialId, version } = world.credential;
            history.acknowledge({ action: "credential.stored", credentialId, version });
            const failing = failNth(replica, n, mode);
            const outcome = await outcomeOf(tested.operation(world, OPEN_GATE, recorded(failing.store, history)));
            if (failing.failed() === null) {
              expect(["done", "answered"]).toContain(outcome);
              return null;
            }
            // Never "there is none", never "you may not", never another one's (P10).
            expect([failing.failed(), outcome]).toEqual([
              failing.failed(),
              outcome === "unavailable" ? "unavailable" : UNAVAILABLE,
            ]);
            if (settles === "before") await failing.settle();
            await askAgain(world, tested, recorded(replica, history));
            await failing.settle();

            const row = await store.readCredential(world.binding);
            expect(row).toEqual(tested.after === null ? null : expect.objectContaining(tested.after));
            expect(row === null || (row.orphanedAt !== null) === (tested.operation === loseAccess)).toBe(true);
            if (tested.operation !== removeServer) {
              expect(await violationsIn(store, history, { only: { serverId: world.server.id } })).toEqual([]);
            }
            return present(failing.failed());
          });
          expect(methods).toEqual(tested.calls);
        },
      );
    });

    it("the log of all of it is whole", async () => {
      expect(await ground.harness.store.verifyAudit()).toMatchObject({ isIntact: true, brokenAt: null });
    });
  },
);
