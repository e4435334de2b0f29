import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/core/audit.ts";
import type { Operation } from "./replica-people.ts";
import { type Arrival, misdirected, unaccounted } from "./replica-verdict.ts";

/** The judge of the two replicas itself: that it finds what it is there to find. */

function store(version: number, outcome: Operation["outcome"] = "done"): Operation {
  return outcome === "done"
    ? { kind: "store", outcome, credentialId: "c", version }
    : { kind: "store", outcome, credentialId: null, version: null };
}

function revoke(outcome: Operation["outcome"] = "done"): Operation {
  return { kind: "revoke", outcome, credentialId: "c", version: null };
}

function log(...versions: readonly (number | "revoked")[]): readonly AuditEvent[] {
  return versions.map((version, id) =>
    version === "revoked"
      ? ({ id, action: "credential.revoked", credentialId: "c", version: 1 } as AuditEvent)
      : ({
          id,
          action: version === 1 ? "credential.stored" : "credential.edited",
          credentialId: "c",
          version,
        } as AuditEvent),
  );
}

describe("of what was acknowledged and what is written, the judge", () => {
  it.each([
    ["everything, once and in order", [store(1), store(2), revoke()], log(1, 2, "revoked")],
    ["what nobody heard the answer of, done", [store(1), store(2, "open"), store(3)], log(1, 2, 3)],
    ["what nobody heard the answer of, not done", [store(1), store(2, "open"), store(2)], log(1, 2)],
    ["the last thing, of which nobody heard", [store(1), revoke("open")], log(1, "revoked")],
    ["looks and links beside it", [store(1)], [{ id: 7, action: "flow.opened" } as AuditEvent, ...log(1)]],
  ] as const)("accepts %s", (_, operations, events) => {
    expect(unaccounted(operations, events)).toEqual([]);
  });

  it.each([
    ["is not written", [store(1), store(2)], log(1), "store of c 2: acknowledged and not written"],
    ["was undone in silence", [store(1), revoke()], log(1), "revoke of c null: acknowledged and not written"],
    ["comes before what it came after", [revoke(), store(1)], log(1, "revoked"), "store of c 1: acknowledged and not"],
    ["nobody has asked for", [store(1)], log(1, 2), "event 1, credential.edited c 2: nobody has asked for it"],
    ["was done twice", [store(1), store(2, "open")], log(1, 2, 3), "event 2, credential.edited c 3: nobody has asked"],
    ["is of another kind", [store(1), store(2, "open")], log(1, "revoked"), "event 1, credential.revoked c 1: nobody"],
  ] as const)("finds what %s", (_, operations, events, found) => {
    expect(unaccounted(operations, events)).toContainEqual(expect.stringContaining(found));
  });
});

describe("of what arrived at the servers, the judge", () => {
  const here = "http://127.0.0.1:1";
  const people = [{ values: [{ value: "v", origin: here, from: 100, until: 200 }] }];
  const arrival = (more: Partial<Arrival>): Arrival => ({
    method: "tools/call",
    value: "v",
    origin: here,
    at: 150,
    ...more,
  });

  it("accepts what was given for the place, up to its end", () => {
    const arrivals = [arrival({}), arrival({ at: 200 }), arrival({ method: "tools/list", value: "garbage" })];
    expect(misdirected(arrivals, people)).toEqual([]);
  });

  it.each([
    [arrival({ origin: "http://127.0.0.1:2", method: "tools/list" }), "was sent to http://127.0.0.1:2"],
    [arrival({ at: 201 }), "a stale value was sent"],
    [arrival({ value: "another's" }), "what nobody has given"],
  ])("finds what was not", (arrived, found) => {
    expect(misdirected([arrived], people)).toEqual([expect.stringContaining(found)]);
  });
});
