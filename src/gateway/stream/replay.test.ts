import { describe, expect, it } from "vitest";
import type { Clock } from "../../core/ports.ts";
import { createReplays } from "./replay.ts";

const clock: Clock = { now: () => 1_785_000_000_000, schedule: () => () => {} };

function jsonOf(events: readonly { readonly json: string }[]): string[] {
  return events.map(({ json }) => json);
}

describe("a session's replay", () => {
  it("gives to who resumes what came after the last event it saw, in order, under the same ids", () => {
    const replay = createReplays(clock)();
    const { line, eventId, missed } = replay.open(null);
    expect(missed).toEqual([]);
    const ids = ["1", "2", "3"].map((json) => replay.add(line, json));
    expect(replay.open(ids[0]!).missed).toEqual([
      { eventId: ids[1], json: "2" },
      { eventId: ids[2], json: "3" },
    ]);
    expect(jsonOf(replay.open(eventId).missed)).toEqual(["1", "2", "3"]);
    const resumed = replay.open(ids[2]!);
    expect([resumed.line, resumed.eventId, resumed.missed]).toEqual([line, ids[2], []]);
  });

  it("never repeats on one stream what another one was sent", () => {
    const replay = createReplays(clock)();
    const one = replay.open(null);
    const other = replay.open(null);
    const first = replay.add(one.line, "1");
    replay.add(other.line, "2");
    replay.add(one.line, "3");
    expect(jsonOf(replay.open(first).missed)).toEqual(["3"]);
    expect(jsonOf(replay.open(other.eventId).missed)).toEqual(["2"]);
  });

  it.each(["", "1", "x.y", "0.0", "1.-1", "1.1e3", `${"z".repeat(40)}.1`, "漢.1", "1.1\n"])(
    "takes an id that it did not give for none: %j",
    (id) => {
      const replay = createReplays(clock)();
      const { line } = replay.open(null);
      replay.add(line, "1");
      const opened = replay.open(id);
      expect([opened.missed, opened.line === line]).toEqual([[], false]);
    },
  );

  it("takes an id from before a restart for none", () => {
    const before = createReplays(clock)();
    const { line, eventId: id } = before.open(null);
    before.add(line, "old");
    const after = createReplays({ ...clock, now: () => clock.now() + 1_000 })();
    after.add(after.open(null).line, "new");
    expect(after.open(id).missed).toEqual([]);
  });

  it("A44: keeps the last 100 messages and the last 64 KiB of a session, and 32 MiB of all", () => {
    const begin = createReplays(clock);
    const many = begin();
    const { line, eventId } = many.open(null);
    for (let i = 0; i < 250; i += 1) many.add(line, String(i));
    expect(jsonOf(many.open(eventId).missed)).toEqual(Array.from({ length: 100 }, (_, index) => String(150 + index)));

    const big = "x".repeat(32_768);
    const fillers = Array.from({ length: 600 }, () => {
      const replay = begin();
      const opened = replay.open(null);
      for (let i = 0; i < 3; i += 1) replay.add(opened.line, big);
      return { replay, kept: () => replay.open(opened.eventId).missed.length };
    });
    expect(fillers[0]?.kept()).toBe(2);
    expect(fillers.reduce((sum, { kept }) => sum + kept(), 0)).toBe(1_023);
    expect(many.open(eventId).missed).toHaveLength(100);
    fillers[0]?.replay.clear();
    expect(fillers[0]?.kept()).toBe(0);
    const late = begin();
    const opened = late.open(null);
    late.add(opened.line, big);
    expect(late.open(opened.eventId).missed).toHaveLength(1);
  });
});
