import type { SweepStore } from "../core/store-port.ts";

const BATCH = 500;

/** Deletes everything that is stale right now, batch by batch. A retention of 0 keeps orphans for ever. */
export async function sweepAll(
  store: SweepStore,
  orphanRetentionMs: number,
): Promise<{ readonly expiredFlows: number; readonly orphanedCredentials: number }> {
  return {
    expiredFlows: await repeat(() => store.sweepExpiredFlows(BATCH)),
    orphanedCredentials:
      orphanRetentionMs > 0 ? await repeat(() => store.sweepOrphanedCredentials(orphanRetentionMs, BATCH)) : 0,
  };
}

async function repeat(sweepBatch: () => Promise<number>): Promise<number> {
  let total = 0;
  let batch: number;
  do {
    batch = await sweepBatch();
    total += batch;
  } while (batch === BATCH);
  return total;
}
