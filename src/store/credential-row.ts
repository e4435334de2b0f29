import type {
  CredentialRecord,
  CredentialStatus,
  SealedCredential,
  SetFrom,
  VerificationStrength,
} from "../core/credential.ts";
import type { UpstreamOrigin } from "../core/server.ts";
import type { ListedCredential } from "../core/credential-port.ts";
import { fromJson, fromJsonOrNull, toBinding } from "./columns.ts";
import type { HeaderCredentialsTable } from "./tables.ts";

/** Everything but the ciphertext: what lists and lookups by id read. */
export const RECORD_COLUMNS = [
  "header_credentials.id",
  "header_credentials.server_id",
  "header_credentials.auth_mode",
  "header_credentials.identity_id",
  "header_credentials.origin",
  "header_credentials.schema_revision",
  "header_credentials.field_names",
  "header_credentials.version",
  "header_credentials.status",
  "header_credentials.status_reason",
  "header_credentials.orphaned_at",
  "header_credentials.verification",
  "header_credentials.verified_at",
  "header_credentials.last_used_at",
  "header_credentials.created_at",
  "header_credentials.updated_at",
  "header_credentials.set_by",
] as const;

export const SEALED_COLUMNS = [
  ...RECORD_COLUMNS,
  "header_credentials.sealed",
  "header_credentials.key_id",
  "header_credentials.told_at",
] as const;

type NotRead = "status_changed_at" | "submitted_flow_id";
type RecordRow = Omit<HeaderCredentialsTable, NotRead | "sealed" | "key_id" | "told_at">;
type SealedRow = Omit<HeaderCredentialsTable, NotRead>;

export function toCredentialRecord(row: RecordRow): CredentialRecord {
  return {
    ...toBinding(row),
    id: row.id,
    origin: row.origin as UpstreamOrigin,
    schemaRevision: row.schema_revision,
    fieldNames: fromJson(row.field_names) as readonly string[],
    version: row.version,
    status: row.status as CredentialStatus,
    statusReason: row.status_reason,
    orphanedAt: row.orphaned_at,
    verification: row.verification as VerificationStrength | null,
    verifiedAt: row.verified_at,
    lastUsedAt: row.last_used_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    setFrom: fromJsonOrNull(row.set_by) as SetFrom | null,
  };
}

export function toSealedCredential(row: SealedRow): SealedCredential {
  return {
    ...toCredentialRecord(row),
    sealed: { keyId: row.key_id, envelope: row.sealed },
    isTold: row.set_by === null || row.told_at !== null,
  };
}

export function toListedCredential(
  row: RecordRow & { readonly server_name: string; readonly identity_name: string | null },
): ListedCredential {
  return { ...toCredentialRecord(row), serverName: row.server_name, identityName: row.identity_name };
}
