import { expect, it } from "vitest";
import type { Clock } from "../../core/ports.ts";
import { createKeepAlive } from "./keep-alive.ts";

function setUp() {
  const timers = new Map<
    symbol,
    { readonly delayMs: number; readonly isBackground: boolean | undefined; fire(): void }
  >();
  const clock: Clock = {
    now: () => 0,
    schedule(delayMs, task, options) {
      const id = Symbol("timer");
      const fire = (): void => {
        timers.delete(id);
        task();
      };
      timers.set(id, { delayMs, isBackground: options?.isBackground, fire });
      return () => void timers.delete(id);
    },
  };
  return {
    keepAlive: createKeepAlive(clock),
    timers,
    fire: () => [...timers.values()].forEach((timer) => timer.fire()),
  };
}

it("one timer of 15 s beats for all, in the background, and only while there is something to keep alive", () => {
  const { keepAlive, timers, fire } = setUp();
  expect(timers.size).toBe(0);
  const beats = [0, 0];
  const stops = beats.map((_, index) => keepAlive.add(() => void (beats[index]! += 1)));
  expect([...timers.values()]).toMatchObject([{ delayMs: 15_000, isBackground: true }]);
  fire();
  fire();
  expect([beats, timers.size]).toEqual([[2, 2], 1]);
  stops[0]?.();
  fire();
  expect([beats, timers.size]).toEqual([[2, 3], 1]);
  stops[1]?.();
  stops[1]?.();
  expect(timers.size).toBe(0);
  keepAlive.add(() => {});
  expect(timers.size).toBe(1);
});

it("what takes itself out while it beats is not beaten again, and leaves no timer", () => {
  const { keepAlive, timers, fire } = setUp();
  let beats = 0;
  const stop = keepAlive.add(() => {
    beats += 1;
    stop();
  });
  fire();
  expect([beats, timers.size]).toEqual([1, 0]);
});
