import { sql, type RawBuilder, type SqlBool } from "kysely";
import { NO_ORIGIN, type AuditEntry } from "../core/audit.ts";
import { appendAudit } from "./audit.ts";
import type { Engine, Tx } from "./engine.ts";
import { assertLimit } from "./page.ts";
import { inSteps } from "./sweep.ts";

/** Between the consent and the first code under it, a grant has nothing that hangs on it. */
const NEW_GRANT_MS = 60 * 60_000;

interface SweepOptions {
  readonly unusedClientMs: number;
}

/** One reason to delete, at the time `now`; in which order, so that an index is followed. */
interface Kind {
  readonly isSweepable: (now: RawBuilder<number>) => RawBuilder<SqlBool>;
  readonly order: RawBuilder<unknown>;
  readonly isAudited: boolean;
}

/** Grants among them: that a year is over needs no event, it was said when the grant was given. */
const EXPIRED: Kind = {
  isSweepable: (now) => sql`oauth_records.expires_at <= ${now}`,
  order: sql`oauth_records.expires_at`,
  isAudited: false,
};

/** A grant whose last refresh token has run out can never be used again: the app is connected no more. */
const EMPTY_GRANT: Kind = {
  isSweepable: (now) => sql`(
    oauth_records.model = 'Grant' and oauth_records.created_at <= ${now} - ${NEW_GRANT_MS}
    and not exists (select 1 from oauth_records as issued where issued.grant_id = oauth_records.id)
  )`,
  order: sql`oauth_records.created_at`,
  isAudited: true,
};

function unusedClient({ unusedClientMs }: SweepOptions): Kind {
  const since = sql`coalesce(oauth_records.last_used_at, oauth_records.created_at)`;
  return {
    isSweepable: (now) => sql`(
      oauth_records.model = 'Client' and ${since} <= ${now} - ${unusedClientMs}
      and not exists (
        select 1 from oauth_records as used
        where used.client_id = oauth_records.client_id and used.model <> 'Client'
      )
    )`,
    order: since,
    isAudited: false,
  };
}

function kindsOf(options: SweepOptions): readonly Kind[] {
  return [EXPIRED, EMPTY_GRANT, unusedClient(options)];
}

/** See `OauthStore.sweepOauthRecords`. */
export async function sweepOauthRecords(engine: Engine, limit: number, options: SweepOptions): Promise<number> {
  assertLimit(limit);
  let total = 0;
  for (const kind of kindsOf(options)) {
    total += total < limit ? await inSteps(engine, limit - total, (tx, step) => sweepStep(tx, step, kind)) : 0;
  }
  return total;
}

/** See `OauthStore.countSweepableOauthRecords`. What is sweepable for two reasons counts once. */
export function countSweepableOauthRecords(engine: Engine, options: SweepOptions): Promise<number> {
  return engine.read(async (db, now) => {
    const reasons = sql.join(
      kindsOf(options).map(({ isSweepable }) => isSweepable(now)),
      sql` or `,
    );
    const result = await sql<{ n: number }>`select count(*) as n from oauth_records where ${reasons}`.execute(db);
    return result.rows[0]?.n ?? 0;
  });
}

async function sweepStep(tx: Tx, step: number, { isSweepable, order, isAudited }: Kind): Promise<number> {
  const condition = isSweepable(sql.val(tx.now));
  const rows = await tx.db
    .deleteFrom("oauth_records")
    .where("id", "in", (eb) => eb.selectFrom("oauth_records").select("id").where(condition).orderBy(order).limit(step))
    .where(condition)
    .returning(["user_id", "client_name"])
    .execute();
  if (isAudited && rows.length > 0) {
    await appendAudit(tx, rows.map(toEvent));
  }
  return rows.length;
}

function toEvent(row: { readonly user_id: string | null; readonly client_name: string | null }): AuditEntry {
  return {
    ...NO_ORIGIN,
    actor: { kind: "system" },
    action: "app.revoked",
    outcome: "ok",
    ...(row.user_id === null ? {} : { identity: { mode: "user", id: row.user_id } }),
    detail: { ...(row.client_name === null ? {} : { name: row.client_name }), reason: "unused" },
  };
}
