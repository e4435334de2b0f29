import { flowOf, grantTo, newId, someone, TTL_MS } from "../contract/fixtures.ts";
import { type Operation, revoke, rewrapOwn, submitting, sweep } from "./race-world.ts";

/** What a process is about to do, or has done. */
export type Moment =
  | { readonly kind: "before" | "after"; readonly method: string }
  /** A statement of the database, before it runs, inside a method of the store. */
  | { readonly kind: "statement"; readonly sql: string; readonly method: string };

interface KillPoint {
  readonly is: (moment: Moment) => boolean;
  /** How many such moments go by first. Default 0. */
  readonly skips?: number;
  /** What is under way; null = the database is being opened for the first time. */
  readonly operation: Operation | null;
  /** The version that is there afterwards; null = none. */
  readonly leaves: number | null;
}

function before(method: string): KillPoint["is"] {
  return (moment) => moment.kind === "before" && moment.method === method;
}

function after(method: string): KillPoint["is"] {
  return (moment) => moment.kind === "after" && moment.method === method;
}

function statement(method: string, sql: RegExp): KillPoint["is"] {
  return (moment) => moment.kind === "statement" && moment.method === method && sql.test(moment.sql);
}

const submit = submitting();

/** More than one step of a sweep takes. */
const sweepMany: Operation = async (world, gate, replica) => {
  const people = Array.from({ length: 15 }, () => someone(newId("late")));
  await grantTo(replica, world.server, [world.binding.identity, ...people]);
  for (const identity of people) {
    await flowOf(replica, world.server, identity);
  }
  world.ground.harness.advance(TTL_MS);
  await sweep(world, gate, replica);
};

/** The crash points of `security.md` 11.3, as far as there is something to interrupt. */
export const KILL_POINTS: Readonly<Record<string, KillPoint>> = {
  "k1 after the link was found, before it is claimed": { is: before("claimFlow"), operation: submit, leaves: 1 },
  "k2 after the claim": { is: after("claimFlow"), operation: submit, leaves: 1 },
  "k3 while the server is asked": { is: before("verify"), operation: submit, leaves: 1 },
  "k4 before the values are committed": { is: before("commitSubmission"), operation: submit, leaves: 1 },
  "k5 in the commit, before its log": {
    is: statement("commitSubmission", /insert into "?audit_events/i),
    operation: submit,
    leaves: 1,
  },
  "k6 in the commit, before its end": { is: statement("commitSubmission", /^commit/i), operation: submit, leaves: 1 },
  "k7 after the commit, before anybody is told": { is: after("commitSubmission"), operation: submit, leaves: 2 },
  "k8 in a migration": { is: statement("", /^commit/i), operation: null, leaves: null },
  "k9 in a re-wrap, before its end": {
    is: statement("reseal", /^commit/i),
    operation: rewrapOwn,
    leaves: 1,
  },
  "k10 between two steps of a sweep": {
    is: statement("sweepExpiredFlows", /^delete/i),
    skips: 1,
    operation: sweepMany,
    leaves: 1,
  },
  "k11 between two keys that are installed": {
    is: statement("", /insert into "?data_keys/i),
    skips: 1,
    operation: null,
    leaves: null,
  },
  "k12 after a revoke, before what carries the value is ended": {
    is: after("revokeCredential"),
    operation: revoke,
    leaves: null,
  },
};

export function killPointOf(name: string): KillPoint {
  const point = KILL_POINTS[name];
  if (point === undefined) {
    throw new Error(`there is no kill point ${name}`);
  }
  return point;
}
