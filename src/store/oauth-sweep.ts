import { sql, type RawBuilder, type SqlBool } from "kysely";
import { NO_ORIGIN, type AuditEntry } from "../core/audit.ts";
import { appendAudit } from "./audit.ts";
import type { Engine, Tx } from "./engine.ts";
import { assertLimit } from "./page.ts";
import { inSteps } from "./sweep.ts";

/** Between the consent and the first code under it, a grant has nothing that hangs on it. */
const NEW_GRANT_MS = 60 * 60_000;

/** See `OauthStore.sweepOauthRecords`. */
export async function sweepOauthRecords(
  engine: Engine,
  limit: number,
  { unusedClientMs }: { readonly unusedClientMs: number },
): Promise<number> {
  assertLimit(limit);
  const kinds = [sweepExpired, sweepEmptyGrants, sweepUnusedClients(unusedClientMs)];
  let total = 0;
  for (const sweep of kinds) {
    total += total < limit ? await inSteps(engine, limit - total, sweep) : 0;
  }
  return total;
}

type Step = (tx: Tx, step: number) => Promise<number>;

/** Grants among them: that a year is over needs no event, it was said when the grant was given. */
const sweepExpired: Step = (tx, step) =>
  deleteWhere(tx, step, sql<SqlBool>`oauth_records.expires_at <= ${tx.now}`, sql`oauth_records.expires_at`);

/** A grant whose last refresh token has run out can never be used again: the app is connected no more. */
const sweepEmptyGrants: Step = async (tx, step) => {
  const isEmpty = sql<SqlBool>`(
    oauth_records.model = 'Grant' and oauth_records.created_at <= ${tx.now - NEW_GRANT_MS}
    and not exists (select 1 from oauth_records as issued where issued.grant_id = oauth_records.id)
  )`;
  const rows = await tx.db
    .deleteFrom("oauth_records")
    .where("id", "in", (eb) =>
      eb.selectFrom("oauth_records").select("id").where(isEmpty).orderBy("created_at").limit(step),
    )
    .where(isEmpty)
    .returning(["user_id", "client_name"])
    .execute();
  const events = rows.map(
    ({ user_id, client_name }): AuditEntry => ({
      ...NO_ORIGIN,
      actor: { kind: "system" },
      action: "app.revoked",
      outcome: "ok",
      ...(user_id === null ? {} : { identity: { mode: "user", id: user_id } }),
      detail: { ...(client_name === null ? {} : { name: client_name }), reason: "unused" },
    }),
  );
  if (events.length > 0) {
    await appendAudit(tx, events);
  }
  return rows.length;
};

function sweepUnusedClients(unusedClientMs: number): Step {
  return (tx, step) => {
    const since = sql`coalesce(oauth_records.last_used_at, oauth_records.created_at)`;
    const isUnused = sql<SqlBool>`(
      oauth_records.model = 'Client' and ${since} <= ${tx.now - unusedClientMs}
      and not exists (
        select 1 from oauth_records as used
        where used.client_id = oauth_records.client_id and used.model <> 'Client'
      )
    )`;
    return deleteWhere(tx, step, isUnused, since);
  };
}

async function deleteWhere(
  tx: Tx,
  step: number,
  isSweepable: RawBuilder<SqlBool>,
  order: RawBuilder<unknown>,
): Promise<number> {
  const result = await tx.db
    .deleteFrom("oauth_records")
    .where("id", "in", (eb) =>
      eb.selectFrom("oauth_records").select("id").where(isSweepable).orderBy(order).limit(step),
    )
    .where(isSweepable)
    .executeTakeFirstOrThrow();
  return Number(result.numDeletedRows);
}
