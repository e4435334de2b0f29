import { describe, expect, it } from "vitest";
import type { Binding } from "./credential.ts";
import { KeywardError } from "./errors.ts";
import type { Clock, Logger } from "./ports.ts";
import { createStoredWatch } from "./stored-watch.ts";

const ADA: Binding = { identity: { mode: "user", id: "ada" }, serverId: "srv_one" };
const BOB: Binding = { ...ADA, identity: { mode: "user", id: "bob" } };
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const OUTAGE = new KeywardError("credential_store_unavailable");
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** A store whose journal the test writes, and a clock whose one timer the test lets fire. */
function setUp() {
  const journal: Binding[] = [];
  const asked: (number | null)[] = [];
  const found: Binding[] = [];
  const timers = new Set<() => void>();
  const world = { now: 0, isDown: false };
  const clock: Clock = {
    now: () => world.now,
    schedule(_delayMs, task) {
      timers.add(task);
      return () => void timers.delete(task);
    },
  };
  const store = {
    async listStoredSince(position: number | null) {
      asked.push(position);
      if (world.isDown) {
        throw OUTAGE;
      }
      return { position: journal.length, bindings: journal.slice(position ?? journal.length) };
    },
  };
  const watch = createStoredWatch({ store, clock, logger: SILENT }, (binding) => void found.push(binding));
  async function tick(): Promise<void> {
    const due = [...timers];
    timers.clear();
    due.forEach((task) => task());
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { watch, journal, asked, found, timers, world, tick };
}

describe("a watch on what is stored elsewhere", () => {
  it("asks nothing while nobody waits, and stops when the last one leaves", async () => {
    const { watch, asked, timers, tick } = setUp();
    await tick();
    expect([asked, timers.size]).toEqual([[], 0]);
    const leaves = [watch.attend(FOR_EVER), watch.attend(FOR_EVER)];
    await tick();
    await tick();
    // One question each time, however many wait.
    expect([asked, timers.size]).toEqual([[null, 0], 1]);
    leaves.forEach((leave) => leave());
    expect(timers.size).toBe(0);
    leaves.forEach((leave) => leave());
    await tick();
    expect(asked).toHaveLength(2);
  });

  it("finds what is stored from its beginning on, once, and nothing of before", async () => {
    const { watch, journal, found, tick } = setUp();
    journal.push(BOB);
    watch.attend(FOR_EVER);
    await watch.ready();
    journal.push(ADA);
    await tick();
    await tick();
    expect(found).toEqual([ADA]);
    journal.push(BOB, ADA);
    await tick();
    expect(found).toEqual([ADA, BOB, ADA]);
  });

  it("does not find once more what a hint has told of", async () => {
    const { watch, journal, found, tick } = setUp();
    watch.attend(FOR_EVER);
    await watch.ready();
    journal.push(ADA, BOB);
    watch.heard(ADA);
    await tick();
    expect(found).toEqual([BOB]);
    journal.push(ADA);
    await tick();
    expect(found).toEqual([BOB, ADA]);
  });

  it("goes on after an outage where it was, and misses nothing", async () => {
    const { watch, journal, found, world, tick } = setUp();
    watch.attend(FOR_EVER);
    await watch.ready();
    world.isDown = true;
    journal.push(ADA, BOB);
    watch.heard(BOB);
    await tick();
    expect(found).toEqual([]);
    world.isDown = false;
    await tick();
    expect(found).toEqual([ADA]);
  });

  it("P10: that cannot begin says so to whoever waits for its beginning, and begins later", async () => {
    const { watch, journal, found, world, tick } = setUp();
    world.isDown = true;
    watch.attend(FOR_EVER);
    await expect(watch.ready()).rejects.toBe(OUTAGE);
    world.isDown = false;
    const later = watch.ready();
    await tick();
    await later;
    journal.push(ADA);
    await tick();
    expect(found).toEqual([ADA]);
  });

  it("ends at the time that whoever waits has named, and holds up nobody who has left", async () => {
    const { watch, timers, world, tick } = setUp();
    await watch.ready();
    watch.attend(5_000);
    const leave = watch.attend(9_000);
    await tick();
    world.now = 5_000;
    await tick();
    expect(timers.size).toBe(1);
    leave();
    expect(timers.size).toBe(0);
    watch.attend(world.now + 1);
    const ready = watch.ready();
    world.now += 1;
    await tick();
    await ready;
    expect(timers.size).toBe(0);
  });
});
