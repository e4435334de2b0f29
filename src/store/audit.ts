import { sql } from "kysely";
import type { AuditEntry, AuditEvent } from "../core/audit.ts";
import type { AuditFilter, AuditStore } from "../core/audit-port.ts";
import { FIRST_PREVIOUS_HASH } from "./audit-chain.ts";
import { AUDIT_COLUMN_TYPES, AUDIT_COLUMNS, toEvent, toRow } from "./audit-row.ts";
import { verifyAuditLog } from "./audit-verify.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { isNumber, parsePage, toPage } from "./page.ts";

/** The end of the chain. */
export async function readHead({ db }: Tx): Promise<Pick<AuditEvent, "id" | "at" | "hash">> {
  const head = await db
    .selectFrom("audit_events")
    .select(["id", "at", "hash"])
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return head ?? { id: 0, at: 0, hash: FIRST_PREVIOUS_HASH };
}

/**
 * Writes events in the transaction of the mutation that they tell of: there is no mutation without its event, and no
 * event without its mutation (promise P11). Time never runs backwards along the chain.
 */
export async function appendAudit(tx: Tx, entries: readonly AuditEntry[]): Promise<void> {
  const head = await readHead(tx);
  const at = Math.max(head.at, tx.now);
  let { id, hash: previousHash } = head;
  const rows = entries.map((entry) => {
    id += 1;
    const row = toRow(entry, { id, at, previousHash });
    previousHash = row.hash;
    return row;
  });
  await tx.db
    .insertInto("audit_events")
    .columns([...AUDIT_COLUMNS])
    .expression((eb) => eb.selectFrom(tx.json.rows(rows, AUDIT_COLUMN_TYPES).as("event")).select([...AUDIT_COLUMNS]))
    .execute();
}

export function createAuditStore(engine: Engine): AuditStore {
  return {
    async listAudit(filter, page) {
      const { limit, after } = parsePage(page, isNumber);
      const { credentialId } = filter;
      const rows = await engine.read((db) => {
        const events = filtered(db, filter, after?.[0] ?? null);
        const query = credentialId === undefined ? events : ofCredential(events, credentialId);
        return query
          .orderBy("id", "desc")
          .limit(limit + 1)
          .execute();
      });
      return toPage(rows, limit, (row) => [row.id], toEvent);
    },

    verifyAudit: () => verifyAuditLog(engine),

    async appendAudit(entry) {
      await engine.write((tx) => appendAudit(tx, [entry]));
    },
  };
}

/** Every filter but the credential's. Each one has an index that ends with the id, so a page costs a page. */
function filtered(db: Db, filter: AuditFilter, before: number | null) {
  let query = db.selectFrom("audit_events").select([...AUDIT_COLUMNS]);
  if (before !== null) {
    query = query.where("id", "<", before);
  }
  const { action, serverId, identity, actor, outcome, since, until } = filter;
  if (action !== undefined) {
    query = query.where("action", "=", action);
  }
  if (serverId !== undefined) {
    query = query.where("server_id", "=", serverId);
  }
  if (identity !== undefined) {
    query = query.where("auth_mode", "=", identity.mode).where("identity_id", "=", identity.id);
  }
  if (actor !== undefined) {
    query = query.where("actor_key", "=", actor);
  }
  if (outcome !== undefined) {
    // Nearly everything is ok: no index may be chosen for that, least of all beside one that finds little.
    query =
      outcome === "refused"
        ? query.where("outcome", "=", outcome)
        : query.where(sql`coalesce(outcome, '')`, "=", outcome);
  }
  // Times never decrease along the chain, so one event bounds the ids: no scan of what is older or newer.
  if (since !== undefined) {
    query = query.where("id", ">=", (eb) =>
      eb.selectFrom("audit_events").select("id").where("at", ">=", since).orderBy("at").orderBy("id").limit(1),
    );
  }
  if (until !== undefined) {
    query = query.where("id", "<=", (eb) =>
      eb
        .selectFrom("audit_events")
        .select("id")
        .where("at", "<", until)
        .orderBy("at", "desc")
        .orderBy("id", "desc")
        .limit(1),
    );
  }
  return query;
}

/** Events about the credential alone, and those that it is one of the subjects of: two lists by index, merged. */
function ofCredential(events: ReturnType<typeof filtered>, credentialId: string) {
  const alone = events.where("credential_id", "=", credentialId).select(sql<string | null>`null`.as("effects"));
  const asSubject = events
    .where("id", "in", (eb) =>
      eb
        .selectFrom("audit_event_subjects")
        .select("audit_event_subjects.event_id")
        .where("audit_event_subjects.credential_id", "=", credentialId),
    )
    .select(
      sql<string | null>`(
        select string_agg(subject.effect, ',') from audit_event_subjects as subject
        where subject.event_id = audit_events.id and subject.credential_id = ${credentialId}
      )`.as("effects"),
    );
  return alone.unionAll(asSubject);
}
