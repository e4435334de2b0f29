import { describe, expect, it } from "vitest";
import type { HeadersProvider } from "./headers-provider.ts";
import type { Logger } from "./ports.ts";
import { CredentialSweepWorker } from "./sweep-worker.ts";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Timers that fire when the test says so; a delay of 0 fires at once. */
function manualClock() {
  const timers = new Map<symbol, { delayMs: number; task: () => void }>();
  return {
    timers,
    now: () => 0,
    schedule(delayMs: number, task: () => void) {
      if (delayMs === 0) {
        queueMicrotask(task);
        return () => {};
      }
      const id = Symbol("timer");
      timers.set(id, { delayMs, task });
      return () => timers.delete(id);
    },
    fire(delayMs: number) {
      for (const [id, timer] of timers) {
        if (timer.delayMs === delayMs) {
          timers.delete(id);
          timer.task();
        }
      }
    },
  };
}

function setUp(
  options: {
    retentionMs?: number;
    flows?: number[];
    sweep?: () => Promise<number>;
    sweepRecords?: (limit: number) => Promise<number>;
  } = {},
) {
  const clock = manualClock();
  const calls: string[] = [];
  const flows = [...(options.flows ?? [])];
  const provider: Pick<HeadersProvider, "clock" | "sweepExpiredFlows" | "sweepOrphanedCredentials"> = {
    clock,
    sweepExpiredFlows: async (limit) => {
      calls.push(`flows ${limit}`);
      return options.sweep === undefined ? (flows.shift() ?? 0) : options.sweep();
    },
    sweepOrphanedCredentials: async (retentionMs, limit) => {
      calls.push(`orphans ${retentionMs} ${limit}`);
      return 0;
    },
  };
  const worker = new CredentialSweepWorker({
    provider: provider as HeadersProvider,
    orphanRetentionMs: options.retentionMs ?? 1_000,
    logger: SILENT,
    ...(options.sweepRecords === undefined ? {} : { sweepRecords: options.sweepRecords }),
  });
  return { worker, clock, calls };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const FLOW_INTERVAL = 15 * 60_000;
const DAY = 24 * 60 * 60_000;

describe("CredentialSweepWorker", () => {
  it("makes its first pass at once, then flows every 15 minutes and orphans every 24 hours", async () => {
    const { worker, clock, calls } = setUp();
    worker.start();
    await settled();
    expect(calls).toEqual(["flows 100", "orphans 1000 100"]);
    expect([...clock.timers.values()].map((timer) => timer.delayMs)).toEqual([FLOW_INTERVAL, DAY]);
    clock.fire(FLOW_INTERVAL);
    await settled();
    expect(calls).toHaveLength(3);
    await worker.stop();
  });

  it("goes on in batches of 100 until one is not full", async () => {
    const { worker, calls } = setUp({ flows: [100, 100, 3], retentionMs: 0 });
    worker.start();
    await settled();
    expect(calls).toEqual(["flows 100", "flows 100", "flows 100"]);
    await worker.stop();
  });

  it("sweeps other records as often as flows, and in batches, when it is given any", async () => {
    const swept = [100, 1, 0];
    const limits: number[] = [];
    const { worker, clock } = setUp({
      sweepRecords: async (limit) => {
        limits.push(limit);
        return swept.shift() ?? 0;
      },
    });
    worker.start();
    await settled();
    expect(limits).toEqual([100, 100]);
    clock.fire(FLOW_INTERVAL);
    await settled();
    expect(limits).toEqual([100, 100, 100]);
    await worker.stop();
    expect(clock.timers.size).toBe(0);
  });

  it.each([0, -1])("with retention %d sweeps flows and no orphan", async (retentionMs) => {
    const { worker, clock, calls } = setUp({ retentionMs });
    worker.start();
    await settled();
    expect(calls).toEqual(["flows 100"]);
    expect(clock.timers.size).toBe(1);
    await worker.stop();
  });

  it("takes another orphan interval, and ignores one that is not positive", async () => {
    const { worker, clock } = setUp();
    worker.setOrphanSweepInterval(5_000);
    worker.setOrphanSweepInterval(0);
    worker.setOrphanSweepInterval(-1);
    worker.setOrphanSweepInterval(Number.NaN);
    worker.start();
    await settled();
    expect([...clock.timers.values()].map((timer) => timer.delayMs)).toContain(5_000);
    await worker.stop();
  });

  it("stop waits for the batch in progress, begins no other, and leaves no timer", async () => {
    let finish: (swept: number) => void = () => {};
    const { worker, clock, calls } = setUp({
      retentionMs: 0,
      sweep: () => new Promise((resolve) => (finish = resolve)),
    });
    worker.start();
    await settled();
    let isStopped = false;
    const stopping = worker.stop().then(() => (isStopped = true));
    await settled();
    expect(isStopped).toBe(false);
    finish(100);
    await stopping;
    await settled();
    expect(calls).toEqual(["flows 100"]);
    expect(clock.timers.size).toBe(0);
  });

  it("stop twice, stop before start, and start twice are safe", async () => {
    const { worker, calls } = setUp({ retentionMs: 0 });
    await worker.stop();
    worker.start();
    worker.start();
    await settled();
    await Promise.all([worker.stop(), worker.stop()]);
    expect(calls).toEqual(["flows 100"]);
  });

  it("is stopped by its signal, and not started by one that is aborted", async () => {
    const { worker, clock, calls } = setUp();
    const controller = new AbortController();
    worker.start({ signal: controller.signal });
    await settled();
    controller.abort();
    await worker.stop();
    expect(clock.timers.size).toBe(0);
    worker.start({ signal: AbortSignal.abort() });
    await settled();
    expect(calls).toHaveLength(2);
  });

  it("tries again at the next interval after a pass that failed", async () => {
    const { worker, clock, calls } = setUp({ retentionMs: 0, sweep: () => Promise.reject(new Error("store down")) });
    worker.start();
    await settled();
    clock.fire(FLOW_INTERVAL);
    await settled();
    expect(calls).toHaveLength(2);
    await worker.stop();
  });
});
