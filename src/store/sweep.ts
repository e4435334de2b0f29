import { sql, type RawBuilder, type SqlBool } from "kysely";
import { NO_ORIGIN, type AuditEntry } from "../core/audit.ts";
import type { SweepStore } from "../core/store-port.ts";
import { rowHasAccess } from "./access-rule.ts";
import { appendAudit } from "./audit.ts";
import { toBinding } from "./columns.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { isUnclaimed } from "./flow-row.ts";
import { assertLimit } from "./page.ts";

/*
 * A step is one statement that picks rows and deletes them under the same conditions, so any number of replicas may
 * sweep at once and no row can go that has come alive in between (promise P12).
 */

/**
 * Rows per transaction. An embedded engine works on the caller's thread, so a transaction stalls everything else, and each
 * row lies on pages of its own in ten indexes: 10 rows take 1 to 2 ms, 100 took 20.
 */
const STEP = 10;
export function createSweepStore(engine: Engine): SweepStore {
  return {
    async sweepExpiredFlows(limit) {
      assertLimit(limit);
      return inSteps(engine, limit, async (tx, step) => {
        const isSweepable = isExpired(sql.val(tx.now));
        const result = await tx.db
          .deleteFrom("submission_flows")
          .where("id", "in", (eb) =>
            eb.selectFrom("submission_flows").select("id").where(isSweepable).orderBy("expires_at").limit(step),
          )
          .where(isSweepable)
          .executeTakeFirstOrThrow();
        return Number(result.numDeletedRows);
      });
    },

    async sweepOrphanedCredentials(retentionMs, limit) {
      assertLimit(limit);
      if (retentionMs <= 0) {
        return 0;
      }
      return inSteps(engine, limit, async (tx, step) => {
        const isSweepable = isPastRetention(sql.val(tx.now), retentionMs);
        const rows = await tx.db
          .deleteFrom("header_credentials")
          .where("id", "in", (eb) =>
            eb.selectFrom("header_credentials").select("id").where(isSweepable).orderBy("orphaned_at").limit(step),
          )
          .where(isSweepable)
          .returning(["id", "server_id", "auth_mode", "identity_id", "version"])
          .execute();
        const events = rows.map(
          (row): AuditEntry => ({
            ...NO_ORIGIN,
            ...toBinding(row),
            actor: { kind: "system" },
            action: "credential.swept",
            outcome: "ok",
            credentialId: row.id,
            version: row.version,
          }),
        );
        if (events.length > 0) {
          await appendAudit(tx, events);
        }
        return rows.length;
      });
    },

    async countSweepable(retentionMs) {
      const [expiredFlows, orphanedCredentials] = await Promise.all([
        engine.read((db, now) => count(db, "submission_flows", isExpired(now))),
        retentionMs <= 0
          ? 0
          : engine.read((db, now) => count(db, "header_credentials", isPastRetention(now, retentionMs))),
      ]);
      return { expiredFlows, orphanedCredentials };
    },
  };
}

/**
 * Repeats `sweep` until it finds less than it may take, or `limit` are gone. Other work goes on between the steps.
 * @param most how many rows in one transaction
 */
export async function inSteps(
  engine: Engine,
  limit: number,
  sweep: (tx: Tx, step: number) => Promise<number>,
  most = STEP,
): Promise<number> {
  let total = 0;
  while (total < limit) {
    const step = Math.min(most, limit - total);
    const swept = await engine.write((tx) => sweep(tx, step));
    total += swept;
    if (swept < step) {
      break;
    }
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return total;
}

/** Expired, and nobody is verifying: a live claim protects a flow beyond its expiry. */
function isExpired(now: RawBuilder<number>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(submission_flows.expires_at <= ${now} and ${isUnclaimed(now)})`;
}

/** Orphaned for longer than the retention, and still without access. */
function isPastRetention(now: RawBuilder<number>, retentionMs: number): RawBuilder<SqlBool> {
  return sql<SqlBool>`(
    header_credentials.orphaned_at < ${now} - ${retentionMs} and not ${rowHasAccess("header_credentials")}
  )`;
}

async function count(
  db: Db,
  table: "submission_flows" | "header_credentials",
  condition: RawBuilder<SqlBool>,
): Promise<number> {
  const result = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)} where ${condition}`.execute(db);
  return result.rows[0]?.n ?? 0;
}
