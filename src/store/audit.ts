import type { Actor, AuditAction, AuditDetail, AuditEntry, AuditEvent } from "../core/audit.ts";
import type { AuditFilter, AuditStore } from "../core/store-port.ts";
import { cleanDetail, FIRST_PREVIOUS_HASH, hashEvent } from "./audit-chain.ts";
import { fromIdentity, fromJson, fromJsonOrNull, toIdentity, toJsonOrNull } from "./columns.ts";
import type { Engine, Tx } from "./engine.ts";
import { isNumber, parsePage, toPage } from "./page.ts";
import type { AuditEventsTable } from "./tables.ts";

const COLUMNS = [
  "id",
  "at",
  "actor",
  "action",
  "outcome",
  "server_id",
  "auth_mode",
  "identity_id",
  "credential_id",
  "version",
  "request_id",
  "address",
  "detail",
  "previous_hash",
  "hash",
] as const satisfies readonly (keyof AuditEventsTable)[];

/**
 * Writes events in the transaction of the mutation that they tell of: there is no mutation without its event, and no
 * event without its mutation (promise P11). Time never runs backwards along the chain.
 */
export async function appendAudit(tx: Tx, entries: readonly AuditEntry[]): Promise<void> {
  const head = await tx.db
    .selectFrom("audit_events")
    .select(["id", "at", "hash"])
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  let { id, at, hash: previousHash } = head ?? { id: 0, at: 0, hash: FIRST_PREVIOUS_HASH };
  at = Math.max(at, tx.now);
  const rows = entries.map((entry) => {
    id += 1;
    const row = toRow(entry, { id, at, previousHash });
    previousHash = row.hash;
    return row;
  });
  await tx.db
    .insertInto("audit_events")
    .columns([...COLUMNS])
    .expression((eb) => eb.selectFrom(tx.json.rows(rows, COLUMNS).as("event")).select([...COLUMNS]))
    .execute();
}

function toRow(entry: AuditEntry, link: Pick<AuditEvent, "id" | "at" | "previousHash">): AuditEventsTable {
  const detail = cleanDetail(entry.detail);
  const { detail: _, ...rest } = entry;
  const hash = hashEvent({ ...rest, ...(detail === null ? {} : { detail }), ...link });
  return {
    id: link.id,
    at: link.at,
    actor: JSON.stringify(entry.actor),
    action: entry.action,
    outcome: entry.outcome,
    server_id: entry.serverId ?? null,
    ...(entry.identity === undefined ? { auth_mode: null, identity_id: null } : fromIdentity(entry.identity)),
    credential_id: entry.credentialId ?? null,
    version: entry.version ?? null,
    request_id: entry.requestId,
    address: entry.address,
    detail: toJsonOrNull(detail),
    previous_hash: link.previousHash,
    hash,
  };
}

function toEvent(row: AuditEventsTable): AuditEvent {
  const detail = fromJsonOrNull(row.detail) as AuditDetail | null;
  return {
    id: row.id,
    at: row.at,
    actor: fromJson(row.actor) as Actor,
    action: row.action as AuditAction,
    outcome: row.outcome as AuditEvent["outcome"],
    ...(row.server_id === null ? {} : { serverId: row.server_id }),
    ...(row.auth_mode === null || row.identity_id === null
      ? {}
      : { identity: toIdentity({ auth_mode: row.auth_mode, identity_id: row.identity_id }) }),
    ...(row.credential_id === null ? {} : { credentialId: row.credential_id }),
    ...(row.version === null ? {} : { version: row.version }),
    requestId: row.request_id,
    address: row.address,
    ...(detail === null ? {} : { detail }),
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}

export function createAuditStore(engine: Engine): AuditStore {
  return {
    async listAudit(filter, page) {
      const { limit, after } = parsePage(page, isNumber);
      const rows = await engine.read((db) => {
        let query = db.selectFrom("audit_events").select([...COLUMNS]);
        if (after !== null) {
          query = query.where("id", "<", after[0]);
        }
        const { action, serverId, identity, credentialId, since } = filter satisfies AuditFilter;
        if (action !== undefined) {
          query = query.where("action", "=", action);
        }
        if (serverId !== undefined) {
          query = query.where("server_id", "=", serverId);
        }
        if (identity !== undefined) {
          query = query.where("auth_mode", "=", identity.mode).where("identity_id", "=", identity.id);
        }
        if (credentialId !== undefined) {
          query = query.where("credential_id", "=", credentialId);
        }
        if (since !== undefined) {
          // Times never decrease along the chain, so the first event of that time bounds the ids: no scan of older ones.
          query = query.where("id", ">=", (eb) =>
            eb.selectFrom("audit_events").select("id").where("at", ">=", since).orderBy("at").orderBy("id").limit(1),
          );
        }
        return query
          .orderBy("id", "desc")
          .limit(limit + 1)
          .execute();
      });
      return toPage(rows, limit, (row) => [row.id], toEvent);
    },

    async appendAudit(entry) {
      await engine.write((tx) => appendAudit(tx, [entry]));
    },
  };
}
