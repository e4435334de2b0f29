import type { HeadersProvider } from "./headers-provider.ts";
import type { Logger } from "./ports.ts";

const FLOW_SWEEP_INTERVAL_MS = 15 * 60_000;
const DEFAULT_ORPHAN_SWEEP_INTERVAL_MS = 24 * 60 * 60_000;
// Small enough that an embedded store is never busy for long: a batch takes some 10 ms (bench/rows/sweep.ts).
const BATCH = 100;

export interface CredentialSweepWorkerOptions {
  readonly provider: HeadersProvider;
  /** How long an orphaned credential is kept, in milliseconds. <= 0 turns the orphan sweep off, never the flow sweep. */
  readonly orphanRetentionMs: number;
  readonly logger: Logger;
  /** What is swept besides, as often as flows. Absent = nothing. @returns how many went, at most `limit` */
  readonly sweepRecords?: (limit: number) => Promise<number>;
  /** Told of every pass. @param swept how many went, also when it failed half-way */
  readonly onPass?: (sweep: Sweep, swept: number, isDone: boolean) => void;
}

export type Sweep = "flows" | "orphans" | "records";

/**
 * Deletes expired flows every 15 minutes, and orphaned credentials past retention every 24 hours, in batches of 100
 * between which other work goes on. Any number of replicas may run one: the deletes re-evaluate their conditions.
 */
export class CredentialSweepWorker {
  readonly #provider: HeadersProvider;
  readonly #orphanRetentionMs: number;
  readonly #logger: Logger;
  readonly #sweepRecords: CredentialSweepWorkerOptions["sweepRecords"];
  readonly #onPass: CredentialSweepWorkerOptions["onPass"];
  #orphanIntervalMs = DEFAULT_ORPHAN_SWEEP_INTERVAL_MS;
  #isRunning = false;
  readonly #cancelTimer = new Map<Sweep, () => void>();
  readonly #passes = new Set<Promise<void>>();

  constructor(options: CredentialSweepWorkerOptions) {
    this.#provider = options.provider;
    this.#orphanRetentionMs = options.orphanRetentionMs;
    this.#logger = options.logger;
    this.#sweepRecords = options.sweepRecords;
    this.#onPass = options.onPass;
  }

  /** Default 24 hours. A value that is not positive is ignored. Counts from the next pass on. */
  setOrphanSweepInterval(ms: number): void {
    if (ms > 0) {
      this.#orphanIntervalMs = ms;
    }
  }

  /** The first pass runs at once. Calling it while running does nothing. The signal stops it like `stop()`. */
  start(options: { readonly signal?: AbortSignal } = {}): void {
    if (this.#isRunning || options.signal?.aborted === true) {
      return;
    }
    this.#isRunning = true;
    options.signal?.addEventListener("abort", () => void this.stop(), { once: true });
    this.#run("flows");
    if (this.#orphanRetentionMs > 0) {
      this.#run("orphans");
    }
    if (this.#sweepRecords !== undefined) {
      this.#run("records");
    }
  }

  /** Ends after the batch in progress and waits for it. Safe to call twice, and before `start()`. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    for (const cancel of this.#cancelTimer.values()) {
      cancel();
    }
    this.#cancelTimer.clear();
    await Promise.all(this.#passes);
  }

  #run(sweep: Sweep): void {
    const pass = this.#pass(sweep).finally(() => {
      this.#passes.delete(pass);
      if (this.#isRunning) {
        this.#schedule(sweep);
      }
    });
    this.#passes.add(pass);
  }

  #schedule(sweep: Sweep): void {
    const delay = sweep === "orphans" ? this.#orphanIntervalMs : FLOW_SWEEP_INTERVAL_MS;
    this.#cancelTimer.set(
      sweep,
      this.#provider.clock.schedule(delay, () => this.#run(sweep), { isBackground: true }),
    );
  }

  // A pass that fails is logged and tried again at the next interval: sweeping is never urgent.
  async #pass(sweep: Sweep): Promise<void> {
    let swept = 0;
    try {
      let batch: number;
      do {
        batch = await this.#batch(sweep);
        swept += batch;
        await this.#breathe();
      } while (batch === BATCH && this.#isRunning);
      this.#logger[swept > 0 ? "info" : "debug"]("sweep_done", { sweep, swept });
      this.#onPass?.(sweep, swept, true);
    } catch {
      this.#logger.error("sweep_failed", { sweep, swept });
      this.#onPass?.(sweep, swept, false);
    }
  }

  #batch(sweep: Sweep): Promise<number> {
    switch (sweep) {
      case "flows":
        return this.#provider.sweepExpiredFlows(BATCH);
      case "orphans":
        return this.#provider.sweepOrphanedCredentials(this.#orphanRetentionMs, BATCH);
      case "records":
        return this.#sweepRecords?.(BATCH) ?? Promise.resolve(0);
    }
  }

  // An embedded store works synchronously: without this, a long sweep would be one long stall.
  #breathe(): Promise<void> {
    return new Promise((resolve) => {
      this.#provider.clock.schedule(0, resolve);
    });
  }
}
