import { sql } from "kysely";
import type { Attempt, AttemptStore } from "../core/attempt-port.ts";
import type { Engine, Tx } from "./engine.ts";
import { assertLimit } from "./page.ts";
import { inSteps } from "./sweep.ts";

/** Rows per transaction of a sweep: such a row is small, and lies in one index besides its own. */
const SWEEP_STEP = 100;

export function createAttemptStore(engine: Engine): AttemptStore {
  return {
    takeAttempt: (attempts) =>
      engine.write(async (tx) => {
        for (const attempt of attempts) {
          if (!(await take(tx, attempt))) {
            return false;
          }
        }
        return true;
      }),

    async sweepAttempts(limit) {
      assertLimit(limit);
      return inSteps(engine, limit, sweepStep, SWEEP_STEP);
    },
  };
}

/** One statement: what it finds and what it writes cannot be two things, and a refusal writes nothing. */
async function take(tx: Tx, { digest, limit, windowMs }: Attempt): Promise<boolean> {
  const isOver = sql<boolean>`attempts.expires_at <= ${tx.now}`;
  const counted = await tx.db
    .insertInto("attempts")
    .values({ digest, count: 1, expires_at: tx.now + windowMs })
    .onConflict((conflict) =>
      conflict
        .column("digest")
        .doUpdateSet({
          count: sql<number>`case when ${isOver} then 1 else attempts.count + 1 end`,
          expires_at: sql<number>`case when ${isOver} then excluded.expires_at else attempts.expires_at end`,
        })
        .where(sql<boolean>`(${isOver} or attempts.count < ${limit})`),
    )
    .returning("digest")
    .executeTakeFirst();
  return counted !== undefined;
}

async function sweepStep(tx: Tx, step: number): Promise<number> {
  const result = await tx.db
    .deleteFrom("attempts")
    .where("digest", "in", (eb) =>
      eb.selectFrom("attempts").select("digest").where("expires_at", "<=", tx.now).orderBy("expires_at").limit(step),
    )
    .where("expires_at", "<=", tx.now)
    .executeTakeFirstOrThrow();
  return Number(result.numDeletedRows);
}
