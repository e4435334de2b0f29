import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isKeywardError } from "../../src/core/errors.ts";
import { grantTo, type Harness, LEASE_MS } from "../contract/fixtures.ts";
import { exploreAll, exploreSome, type Run, type Scene } from "../helpers/barriers.ts";
import { SEEDS, withSeed } from "../helpers/seeds.ts";
import { ENGINES } from "./engines.ts";
import { expectedOf } from "./expected-race.ts";
import {
  call,
  editOrigin,
  editSchema,
  type Ground,
  initiate,
  loseAccess,
  loseAndRegainAccess,
  makeWorld,
  type Operation,
  prepareGround,
  regainAccess,
  removeServer,
  RETENTION_MS,
  revoke,
  rewrapOwn,
  submitting,
  sweep,
  valueIn,
  type World,
} from "./race-world.ts";

/*
 * The race matrix of `security.md` 11.4: every unordered pair of operations, each on a replica of its own, in every order
 * of their steps. What each step has to answer and what has to be there at the end is said by `expected-race.ts`.
 */

const OPERATIONS = {
  initiate,
  submit: submitting(),
  revoke,
  "lose access": loseAccess,
  "lose and regain access": loseAndRegainAccess,
  "edit the schema": editSchema,
  "edit the origin": editOrigin,
  "delete the server": removeServer,
  sweep,
  rewrap: rewrapOwn,
  call,
} as const satisfies Record<string, Operation>;

type Name = keyof typeof OPERATIONS;

const NAMES = Object.keys(OPERATIONS) as Name[];
const PAIRS = NAMES.flatMap((one, index) => NAMES.slice(index).map((other) => [one, other] as const));

/** Three operations have thousands of orders: some of each seed are run. */
const TRIPLES: readonly (readonly [Name, Name, Name])[] = [
  ["submit", "revoke", "initiate"],
  ["submit", "submit", "revoke"],
  ["submit", "lose access", "call"],
  ["submit", "edit the schema", "call"],
  ["submit", "edit the origin", "initiate"],
  ["submit", "lose and regain access", "sweep"],
  ["submit", "rewrap", "revoke"],
];

const SAMPLES = 12;

/** Ends of an operation that are an answer; anything else is a bug. */
const ANSWERS = new Set([
  "flow_busy",
  "flow_not_found",
  "schema_changed",
  // What was typed for the form of before the edit, judged by the one after it: nothing is counted and nothing stored.
  "missing_header_values",
  "stale_update",
  "credential_not_found",
  "server_not_found",
]);
/** Of `initiate` alone. */
const DENIED = "access_denied";

async function checkRun(world: World, run: Run): Promise<void> {
  const { ground, server, binding, credential, notes, eventsBefore } = world;
  const { store } = ground.harness;
  const expected = expectedOf(world, run.steps);
  const oldKey = ground.formerVault.currentKeyId();
  const row = await store.readCredential(binding);
  const events = (await store.listAudit({ serverId: server.id }, { limit: 500 })).items.toReversed();
  const link = expected.link === null || expected.link.isCut ? null : expected.link.id;
  const liveLinks = await Promise.all(
    [...new Set([world.flow.id, link ?? world.flow.id])].map(async (id) => (await store.findFlow(id))?.id ?? null),
  );
  expect({
    surprises: expected.surprises,
    failures: failuresOf(run),
    row: row === null ? null : [row.id, row.version, row.orphanedAt !== null, row.status],
    isOldValue: row === null ? null : (await valueIn(ground, row)) === world.oldValue,
    isRewrapped: row === null || !run.steps.some(({ call }) => call === "reseal") || row.sealed.keyId !== oldKey,
    liveLinks: liveLinks.filter((id) => id !== null),
    events: events.slice(eventsBefore).map(({ action }) => action),
    used: notes.uses.map(({ version }) => version),
    foreign: notes.uses.filter(({ dialled, boundTo }) => dialled !== boundTo || dialled !== server.origin),
    mixed: notes.uses.filter(({ version, values }) => (version === 1) !== (values[0] === world.oldValue)),
    verifiedElsewhere: notes.verified.filter(({ dialled }) => dialled !== server.origin),
    isForgotten: notes.forgotten.includes(credential.id),
  }).toEqual({
    surprises: [],
    failures: [],
    row: expected.isRevoked
      ? null
      : [credential.id, expected.version, expected.isOrphaned, expected.needsUpdate ? "needs_update" : "active"],
    // What lies there opens, and is what was stored under that version.
    isOldValue: expected.isRevoked ? null : expected.version === credential.version,
    isRewrapped: true,
    liveLinks: link === null ? [] : [link],
    events: expected.events,
    used: expected.used,
    foreign: [],
    mixed: [],
    verifiedElsewhere: [],
    isForgotten: expected.isEnded,
  });
}

function failuresOf({ outcomes }: Run): readonly string[] {
  return Object.entries(outcomes).flatMap(([name, outcome]) => {
    if (outcome.status === "fulfilled") {
      return outcome.value === "unavailable" ? [`${name}: unavailable`] : [];
    }
    const code = isKeywardError(outcome.reason) ? outcome.reason.code : String(outcome.reason);
    return ANSWERS.has(code) || (code === DENIED && name.startsWith("initiate")) ? [] : [`${name}: ${code}`];
  });
}

describe.each(ENGINES)("races on $engine", ({ open }: { readonly open: () => Promise<Harness> }) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await prepareGround(open);
  });
  afterAll(() => ground.harness.close());

  async function setScene(names: readonly Name[]): Promise<Scene> {
    return sceneOf(
      await makeWorld(ground, { isOldKey: names.includes("rewrap") }),
      names.map((name) => [name, OPERATIONS[name]] as const),
    );
  }

  function sceneOf(world: World, operations: readonly (readonly [string, Operation])[]): Scene {
    const actors = operations.map(([name, operation], index): [string, Scene["actors"][string]] => {
      const replica = ground.replicas[index] ?? ground.replicas[0];
      return [`${name} ${index + 1}`, (gate) => operation(world, gate, replica)];
    });
    return { actors: Object.fromEntries(actors), check: (run) => checkRun(world, run) };
  }

  it.each(PAIRS)("A52, A53, A54, A59, A67: %s and %s, in every order of their steps", async (one, other) => {
    expect(await exploreAll(() => setScene([one, other]))).toBeGreaterThan(1);
  });

  it("A58: a link that expires while its values are verified is not swept", async () => {
    const slow = submitting(({ ground: { harness } }) => harness.advance(LEASE_MS - 1));
    const set = async () =>
      sceneOf(await makeWorld(ground, { linkTtlMs: LEASE_MS / 2 }), [
        ["submit", slow],
        ["sweep", sweep],
      ]);
    expect(await exploreAll(set)).toBeGreaterThan(1);
  });

  it("A53: access that comes back before a sweep keeps what is past its retention, and after it finds nothing", async () => {
    const set = async (): Promise<Scene> => {
      const world = await makeWorld(ground);
      const { store, advance } = ground.harness;
      await grantTo(store, world.server, []);
      advance(RETENTION_MS + 1);
      const { actors } = sceneOf(world, [
        ["regain", regainAccess],
        ["sweep", sweep],
      ]);
      return {
        actors,
        async check({ steps }) {
          const order = steps.map(({ call }) => call);
          const isSwept = order.indexOf("sweepOrphanedCredentials") < order.indexOf("regainAccess");
          expect(await store.readCredential(world.binding)).toEqual(
            isSwept ? null : { ...world.credential, orphanedAt: null },
          );
          const swept = await store.listAudit({ serverId: world.server.id, action: "credential.swept" }, {});
          expect(swept.items).toHaveLength(isSwept ? 1 : 0);
        },
      };
    };
    expect(await exploreAll(set)).toBe(3);
  });

  describe.each(SEEDS)("three at once, seed %d", (seed) => {
    it.each(TRIPLES)("A52, A53, A54: %s, %s and %s, in some orders of their steps", async (...names) => {
      const runs = await withSeed(seed, (chance) => exploreSome(() => setScene(names), SAMPLES, chance));
      expect(runs).toBeGreaterThan(0);
    });
  });

  it("the log of all of it is whole", async () => {
    expect(await ground.harness.store.verifyAudit()).toMatchObject({ isIntact: true, brokenAt: null });
  });
});
