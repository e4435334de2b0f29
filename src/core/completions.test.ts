import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { type Completions, createCompletions } from "./completions.ts";
import type { Binding } from "./credential.ts";
import type { Clock, LogFields, Logger } from "./ports.ts";

const ALICE: Binding = { identity: { mode: "user", id: "alice" }, serverId: "srv_one" };

/** Timers that fire when the test says so. */
function manualClock(): Clock & { readonly timers: Map<symbol, () => void> } {
  const timers = new Map<symbol, () => void>();
  return {
    timers,
    now: () => 0,
    schedule(_delayMs, task) {
      const id = Symbol("timer");
      timers.set(id, task);
      return () => void timers.delete(id);
    },
  };
}

function setUp() {
  const log: [string, LogFields | undefined][] = [];
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (event, fields) => void log.push([event, fields]),
  };
  const completions: Completions = createCompletions({ logger });
  const clock = manualClock();
  const controller = new AbortController();
  const wait = (binding: Binding = ALICE) =>
    completions.wait(binding, { signal: controller.signal, timeoutMs: 50_000 }, clock);
  return { completions, clock, controller, wait, log };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("a wait for stored values", () => {
  it("ends for everybody who waits for the binding when it is announced, and leaves nothing behind", async () => {
    const { completions, clock, controller, wait } = setUp();
    const waits = [wait(), wait(), wait({ ...ALICE })];
    expect(clock.timers.size).toBe(3);
    completions.announce(ALICE);
    expect(await Promise.all(waits)).toEqual(["stored", "stored", "stored"]);
    expect(clock.timers.size).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it.each([
    ["another server", { ...ALICE, serverId: "srv_two" }],
    ["another identity", { ...ALICE, identity: { mode: "user", id: "bob" } }],
    ["the same id of another mode", { ...ALICE, identity: { mode: "virtual_key", id: "alice" } }],
  ] as const)("is not ended by values for %s", async (_what, other) => {
    const { completions, clock, wait } = setUp();
    let outcome: string | null = null;
    const waiting = wait().then((ended) => (outcome = ended));
    completions.announce(other);
    await settled();
    expect(outcome).toBeNull();
    clock.timers.forEach((fire) => fire());
    expect(await waiting).toBe("timeout");
  });

  it("ends when its time is over, and an announcement afterwards wakes nobody", async () => {
    const { completions, clock, controller, wait } = setUp();
    const waiting = wait();
    clock.timers.forEach((fire) => fire());
    expect(await waiting).toBe("timeout");
    completions.announce(ALICE);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("ends when its caller goes away, and does not begin for one that has gone", async () => {
    const { clock, controller, wait } = setUp();
    const waiting = wait();
    controller.abort();
    expect(await waiting).toBe("aborted");
    expect(await wait()).toBe("aborted");
    expect(clock.timers.size).toBe(0);
  });

  it("costs one timer each, and none per second", () => {
    const { clock, wait } = setUp();
    for (let i = 0; i < 100; i += 1) void wait();
    expect(clock.timers.size).toBe(100);
  });

  it("does not end by an announcement of before", async () => {
    const { completions, clock, wait } = setUp();
    completions.announce(ALICE);
    const waiting = wait();
    clock.timers.forEach((fire) => fire());
    expect(await waiting).toBe("timeout");
  });
});

describe("a subscription", () => {
  it("is told of every binding until it ends", () => {
    const { completions } = setUp();
    const told: Binding[] = [];
    const unsubscribe = completions.subscribe((binding) => void told.push(binding));
    completions.announce(ALICE);
    completions.announce({ ...ALICE, serverId: "srv_two" });
    unsubscribe();
    completions.announce(ALICE);
    expect(told.map(({ serverId }) => serverId)).toEqual(["srv_one", "srv_two"]);
  });

  it("that throws is logged by name, and keeps nobody else from hearing", async () => {
    const { completions, wait, log } = setUp();
    const told: Binding[] = [];
    completions.subscribe(() => {
      throw new TypeError("text that may hold anything");
    });
    completions.subscribe((binding) => void told.push(binding));
    const waiting = wait();
    completions.announce(ALICE);
    expect(await waiting).toBe("stored");
    expect(told).toEqual([ALICE]);
    expect(log).toEqual([["completion_listener_failed", { error: "TypeError" }]]);
  });
});
