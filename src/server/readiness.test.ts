import { expect, it } from "vitest";
import type { Clock } from "../core/ports.ts";
import { clockSkew, createReadiness } from "./readiness.ts";

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;

function scene(given: {
  readonly ping?: () => Promise<void>;
  readonly aheadMs?: number;
  readonly isServing?: boolean;
}) {
  const timers: { readonly delayMs: number; readonly task: () => void }[] = [];
  const warnings: unknown[] = [];
  const store = {
    aheadMs: given.aheadMs ?? 0,
    ping: given.ping ?? (() => Promise.resolve()),
    time: () => Promise.resolve(NOW + store.aheadMs),
  };
  const clock: Clock = {
    now: () => NOW,
    schedule(delayMs, task) {
      timers.push({ delayMs, task });
      return () => {};
    },
  };
  const quiet = (): void => {};
  const logger = { debug: quiet, info: quiet, error: quiet, warn: (...line: unknown[]) => void warnings.push(line) };
  const readiness = createReadiness({ store, clock, logger, isServing: () => given.isServing ?? true });
  return { readiness, store, timers, warnings };
}

const READY = { serving: true, store: true, keys: true, clock: true };

it("is ready while it serves, the store can be written, and the clocks agree", async () => {
  expect(await scene({}).readiness.checks()).toEqual(READY);
});

it("is not ready once it is asked to stop", async () => {
  expect(await scene({ isServing: false }).readiness.checks()).toEqual({ ...READY, serving: false });
});

it("is not ready while the store refuses, or does not answer within 2 s", async () => {
  const refusing = scene({ ping: () => Promise.reject(new Error("full")) });
  expect(await refusing.readiness.checks()).toEqual({ ...READY, store: false });
  const silent = scene({ ping: () => new Promise(() => {}) });
  const checks = silent.readiness.checks();
  const [late] = silent.timers;
  expect(late?.delayMs).toBe(2_000);
  late?.task();
  expect(await checks).toEqual({ ...READY, store: false });
});

it.each([
  [30_000, 0, true],
  [-30_001, 1, true],
  [5 * MINUTE_MS, 1, true],
  [-5 * MINUTE_MS - 1, 1, false],
])(
  "a store's clock %i ms ahead: %i warnings, ready %s; each minute it is looked at again",
  async (ahead, told, isReady) => {
    const { readiness, store, timers, warnings } = scene({ aheadMs: ahead });
    readiness.start();
    await expect.poll(() => readiness.skewMs).toBe(ahead);
    expect(await readiness.checks()).toEqual({ ...READY, clock: isReady });
    expect(warnings).toEqual(told === 0 ? [] : [["clock_skew", { skew_ms: ahead }]]);
    store.aheadMs = 0;
    timers.find(({ delayMs }) => delayMs === MINUTE_MS)?.task();
    await expect.poll(() => readiness.skewMs).toBe(0);
    expect(await readiness.checks()).toEqual(READY);
  },
);

it("the time that asking takes counts half", async () => {
  const times = [NOW, NOW + 100];
  const clock = { now: () => times.shift() ?? 0 };
  expect(await clockSkew({ time: () => Promise.resolve(NOW + 50) }, clock)).toBe(0);
});
