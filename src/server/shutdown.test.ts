import { expect, it } from "vitest";
import type { Clock } from "../core/ports.ts";
import { createShutdown } from "./shutdown.ts";

interface Timer {
  readonly delayMs: number;
  readonly task: () => void;
}

/** Timers that are fired by hand. */
function scene({ underWay = 1, leaveMs = 0 }: { readonly underWay?: number; readonly leaveMs?: number }) {
  const timers: Timer[] = [];
  const events: string[] = [];
  const idle = Promise.withResolvers<void>();
  const clock: Clock = {
    now: () => 0,
    schedule(delayMs, task) {
      timers.push({ delayMs, task });
      return () => void events.push(`cancelled ${delayMs}`);
    },
  };
  const note = (event: string): void => void events.push(event);
  const shutdown = createShutdown({
    listener: { underWay, whenIdle: () => (underWay === 0 ? Promise.resolve() : idle.promise) },
    clock,
    logger: { debug: note, info: note, warn: note, error: note },
    leaveMs,
    drainMs: 30_000,
    closeStreams: () => note("streams closed"),
  });
  return { shutdown, timers, events, finish: idle.resolve };
}

it("A69: what is still under way after the drain's time is left to be cut", async () => {
  const { shutdown, timers, events } = scene({ underWay: 2 });
  const drained = shutdown.drain();
  expect(shutdown.phase).toBe("refusing");
  expect(timers.map(({ delayMs }) => delayMs)).toEqual([30_000]);
  timers[0]?.task();
  await drained;
  expect(events).toEqual(["draining", "streams closed", "cancelled 30000", "requests_cut"]);
});

it("A69: with nothing under way nobody waits", async () => {
  const { shutdown, events } = scene({ underWay: 0 });
  await shutdown.drain();
  expect(events).toEqual(["draining", "streams closed", "cancelled 30000"]);
});

it("goes on serving for its delay, and drains once however often it is asked", async () => {
  const { shutdown, timers, events, finish } = scene({ leaveMs: 5_000 });
  const both = [shutdown.drain(), shutdown.drain()];
  expect([shutdown.phase, timers.map(({ delayMs }) => delayMs)]).toEqual(["leaving", [5_000]]);
  timers[0]?.task();
  await expect.poll(() => shutdown.phase).toBe("refusing");
  finish();
  await Promise.all(both);
  expect(events.filter((event) => event === "draining")).toHaveLength(1);
});
