import { writeSync } from "node:fs";
import type { Store } from "../../src/core/store-port.ts";
import { codeOf } from "../contract/fixtures.ts";
import type { Gate } from "../helpers/barriers.ts";
import { openGround } from "./crash-ground.ts";
import { killPointOf, type Moment } from "./kill-points.ts";
import { makeWorld, rewrapOwn } from "./race-world.ts";

/**
 * Does something on the database of its first argument, and kills itself at the point that its second one names; with the
 * third, it stops there without dying. Prints what it has made for that, once it is there, and how it ended, if it lives on.
 */
const [where = "", name = "", signal = "SIGKILL"] = process.argv.slice(2);
const { is, operation, skips = 0 } = killPointOf(name);

let isArmed = operation === null;
let met = 0;
/** The method of the store that is running. */
let inside = "";

function at(moment: Moment): void {
  if (isArmed && is(moment) && (met += 1) > skips) {
    process.kill(process.pid, signal);
  }
}

const ground = await openGround(where, (sql) => at({ kind: "statement", sql, method: inside }));
const world = await makeWorld(ground, { isOldKey: operation === rewrapOwn });
const { server, binding, credential, flow, oldValue } = world;
writeSync(1, JSON.stringify({ server, binding, credential: { id: credential.id }, flow, oldValue }));

const gate: Gate = {
  around: (port) => port,
  async step(method, _kind, work) {
    at({ kind: "before", method });
    return work();
  },
};

isArmed = true;
const end = operation === null ? "nothing" : await codeOf(operation(world, gate, watched(ground.harness.store)));
if (met <= skips) {
  throw new Error("the point was not met");
}
writeSync(1, `\n${end}`);
await ground.harness.close();

function watched<S extends Store>(store: S): S {
  return new Proxy(store, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      const method = String(property);
      if (typeof member !== "function") {
        return member;
      }
      return async (...args: unknown[]): Promise<unknown> => {
        at({ kind: "before", method });
        inside = method;
        const answer = (await Reflect.apply(member, target, args)) as unknown;
        inside = "";
        at({ kind: "after", method });
        return answer;
      };
    },
  });
}
