import type { Actor, AuditAction, AuditDetail, AuditEffect, AuditEntry, AuditEvent } from "../core/audit.ts";
import { cleanDetail, hashEvent } from "./audit-chain.ts";
import { fromIdentity, fromJson, fromJsonOrNull, toIdentity, toJsonOrNull } from "./columns.ts";
import type { ColumnTypes } from "./engine.ts";
import type { AuditEventsTable } from "./tables.ts";

export const AUDIT_COLUMN_TYPES = {
  id: "integer",
  at: "integer",
  actor: "text",
  action: "text",
  outcome: "text",
  server_id: "text",
  auth_mode: "text",
  identity_id: "text",
  credential_id: "text",
  version: "integer",
  request_id: "text",
  address: "text",
  detail: "text",
  previous_hash: "text",
  hash: "text",
} as const satisfies ColumnTypes<AuditEventsTable>;

export const AUDIT_COLUMNS = Object.keys(AUDIT_COLUMN_TYPES) as readonly (keyof AuditEventsTable)[];

export function toRow(entry: AuditEntry, link: Pick<AuditEvent, "id" | "at" | "previousHash">): AuditEventsTable {
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

/** @param row with `effects`, separated by commas, when it was found as the event of a subject */
export function toEvent(row: AuditEventsTable & { readonly effects?: string | null }): AuditEvent {
  const detail = fromJsonOrNull(row.detail) as AuditDetail | null;
  const effects = row.effects ?? null;
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
    ...(effects === null ? {} : { effects: effects.split(",") as AuditEffect[] }),
  };
}
