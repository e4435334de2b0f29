import type { Store } from "../core/store-port.ts";
import { UNUSED_CLIENT_MS } from "../http/oauth/lifetimes.ts";

const BATCH = 500;

interface Swept {
  readonly expiredFlows: number;
  readonly orphanedCredentials: number;
  readonly oauthRecords: number;
}

/** Deletes everything that is stale right now, batch by batch. A retention of 0 keeps orphans for ever. */
export async function sweepAll(store: Store, orphanRetentionMs: number): Promise<Swept> {
  // Nobody wants to know how many of these there were.
  await repeat(() => store.sweepSessions(BATCH));
  await repeat(() => store.sweepAttempts(BATCH));
  return {
    expiredFlows: await repeat(() => store.sweepExpiredFlows(BATCH)),
    orphanedCredentials:
      orphanRetentionMs > 0 ? await repeat(() => store.sweepOrphanedCredentials(orphanRetentionMs, BATCH)) : 0,
    oauthRecords: await repeat(() => store.sweepOauthRecords(BATCH, { unusedClientMs: UNUSED_CLIENT_MS })),
  };
}

/** What goes with every pass of a gateway besides flows. @returns how many, at most `limit` */
export async function sweepRecords(store: Store, limit: number): Promise<number> {
  let swept = await store.sweepOauthRecords(limit, { unusedClientMs: UNUSED_CLIENT_MS });
  swept += swept < limit ? await store.sweepSessions(limit - swept) : 0;
  swept += swept < limit ? await store.sweepAttempts(limit - swept) : 0;
  return swept;
}

/** What that would delete. */
export async function countSweepable(store: Store, orphanRetentionMs: number): Promise<Swept> {
  return {
    ...(await store.countSweepable(orphanRetentionMs)),
    oauthRecords: await store.countSweepableOauthRecords({ unusedClientMs: UNUSED_CLIENT_MS }),
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
