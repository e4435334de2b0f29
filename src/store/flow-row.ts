import { sql, type RawBuilder, type SqlBool } from "kysely";
import type { AuditEntry } from "../core/audit.ts";
import type { UpstreamOrigin } from "../core/server.ts";
import type { FlowState, RequestedBy, SubmissionFlow } from "../core/flow-port.ts";
import { fromJson, toBinding } from "./columns.ts";
import type { SubmissionFlowsTable } from "./tables.ts";

export function toFlow(row: SubmissionFlowsTable): SubmissionFlow {
  return {
    ...toBinding(row),
    id: row.id,
    state: row.state as FlowState,
    attempts: row.attempts,
    schemaRevision: row.schema_revision,
    origin: row.origin as UpstreamOrigin,
    requestedBy: fromJson(row.requested_by) as RequestedBy,
    openedAt: row.opened_at,
    credentialId: row.credential_id,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** What an event of a flow is about: the binding, and the credential that the values will be stored under. */
export function subjectOf(
  row: Pick<SubmissionFlowsTable, "server_id" | "auth_mode" | "identity_id" | "credential_id">,
): Pick<AuditEntry, "serverId" | "identity" | "credentialId"> {
  return { ...toBinding(row), ...(row.credential_id === null ? {} : { credentialId: row.credential_id }) };
}

/** Neither expired nor locked. At `expires_at` itself a flow is expired. */
export function isLive(now: RawBuilder<number>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(submission_flows.expires_at > ${now} and submission_flows.locked_at is null)`;
}

/** Nobody is verifying: pending, or a lease that has run out, as a crash leaves it behind. */
export function isUnclaimed(now: RawBuilder<number>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(submission_flows.state = 'pending' or submission_flows.claim_until <= ${now})`;
}
