import type { GeneratedAlways } from "kysely";

/**
 * The tables of `migrations/`, as rows come from the driver and go to it: JSON is text, booleans are 0 and 1, times are
 * milliseconds since the epoch. `docs/storage.md` shows an example of each.
 */
export interface Tables {
  readonly settings: SettingsTable;
  readonly data_keys: DataKeysTable;
  readonly keycheck: KeycheckTable;
  readonly admin_tokens: AdminTokensTable;
  readonly virtual_keys: VirtualKeysTable;
  readonly servers: ServersTable;
  readonly server_grants: ServerGrantsTable;
  readonly identity_access: IdentityAccessTable;
  readonly header_credentials: HeaderCredentialsTable;
  readonly submission_flows: SubmissionFlowsTable;
  readonly temp_tokens: TempTokensTable;
  readonly audit_events: AuditEventsTable & { readonly actor_key: GeneratedAlways<string> };
  readonly audit_event_subjects: AuditEventSubjectsTable;
  readonly users: UsersTable;
  readonly user_sessions: UserSessionsTable;
  readonly user_accounts: UserAccountsTable;
  readonly user_verifications: UserVerificationsTable;
  readonly user_invites: UserInvitesTable;
  readonly user_groups: UserGroupsTable;
  readonly group_members: GroupMembersTable;
  readonly server_group_grants: ServerGroupGrantsTable;
  readonly oauth_records: OauthRecordsTable;
  readonly attempts: AttemptsTable;
}

interface SettingsTable {
  key: string;
  value: string;
  updated_at: number;
}

export interface DataKeysTable {
  id: string;
  kind: "data" | "digest";
  wrapped: Uint8Array;
  kek_id: string;
  state: "current" | "readable" | "retired";
  created_at: number;
  seals: number;
  staged_wrapped: Uint8Array | null;
  staged_kek_id: string | null;
}

interface KeycheckTable {
  id: number;
  key_id: string;
  sealed: Uint8Array;
}

export interface AdminTokensTable {
  id: string;
  name: string;
  digest: string;
  created_at: number;
}

export interface VirtualKeysTable {
  id: string;
  name: string;
  prefix: string;
  digest: string;
  owner_user_id: string | null;
  is_enabled: number;
  expires_at: number | null;
  rate_limit_per_minute: number | null;
  created_by: string;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
  previous_digest: string | null;
  previous_expires_at: number | null;
  rotated_at: number | null;
}

export interface ServersTable {
  id: string;
  name: string;
  url: string;
  origin: string;
  transport: string;
  auth_type: string;
  header_schema: string;
  schema_revision: number;
  form_revision: number;
  static_header_names: string;
  static_headers: Uint8Array | null;
  static_headers_key_id: string | null;
  allow_all_identities: number;
  link_policy: string;
  verification: string;
  tools: string | null;
  status: string;
  discovered: string | null;
  version: number;
  created_at: number;
  updated_at: number;
}

/** Columns that name an identity. The two always travel together. */
export interface IdentityColumns {
  auth_mode: string;
  identity_id: string;
}

/** Columns that name a binding: unique in the tables that have them. */
export interface BindingColumns extends IdentityColumns {
  server_id: string;
}

interface ServerGrantsTable extends BindingColumns {
  tools: string | null;
  created_at: number;
}

interface IdentityAccessTable extends BindingColumns {
  epoch: number;
}

export interface HeaderCredentialsTable extends BindingColumns {
  id: string;
  origin: string;
  schema_revision: number;
  field_names: string;
  sealed: Uint8Array;
  key_id: string;
  version: number;
  status: string;
  status_reason: string | null;
  status_changed_at: number;
  orphaned_at: number | null;
  verification: string | null;
  verified_at: number | null;
  submitted_flow_id: string | null;
  set_by: string | null;
  told_at: number | null;
  last_used_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface SubmissionFlowsTable extends BindingColumns {
  id: string;
  state: string;
  claim_id: string | null;
  claim_until: number | null;
  attempts: number;
  proof_failures: number;
  locked_at: number | null;
  schema_revision: number;
  origin: string;
  access_epoch: number;
  requested_by: string;
  opened_at: number | null;
  credential_id: string | null;
  expires_at: number;
  created_at: number;
  updated_at: number;
}

interface TempTokensTable {
  digest: string;
  scope: string;
  resource_id: string;
  created_at: number;
}

export interface AuditEventsTable {
  id: number;
  at: number;
  actor: string;
  action: string;
  outcome: string;
  server_id: string | null;
  auth_mode: string | null;
  identity_id: string | null;
  credential_id: string | null;
  version: number | null;
  request_id: string | null;
  address: string | null;
  detail: string | null;
  previous_hash: string;
  hash: string;
}

export interface AuditEventSubjectsTable {
  event_id: number;
  credential_id: string;
  effect: string;
}

/** The four tables of the sign-in library: times are ISO 8601 text, UTC. */
export interface UsersTable {
  id: string;
  name: string;
  email: string;
  email_verified: number;
  image: string | null;
  created_at: string;
  updated_at: string;
  role: string;
  is_disabled: number;
}

export interface UserSessionsTable {
  id: string;
  expires_at: string;
  token: string;
  created_at: string;
  updated_at: string;
  ip_address: string | null;
  user_agent: string | null;
  user_id: string;
}

interface UserAccountsTable {
  id: string;
  account_id: string;
  provider_id: string;
  user_id: string;
  access_token: string | null;
  refresh_token: string | null;
  id_token: string | null;
  access_token_expires_at: string | null;
  refresh_token_expires_at: string | null;
  scope: string | null;
  password: string | null;
  created_at: string;
  updated_at: string;
}

interface UserVerificationsTable {
  id: string;
  identifier: string;
  value: string;
  expires_at: string;
  created_at: string;
  updated_at: string;
}

interface UserInvitesTable {
  digest: string;
  user_id: string;
  expires_at: number;
  created_at: number;
}

export interface UserGroupsTable {
  id: string;
  name: string;
  created_at: number;
  updated_at: number;
}

interface GroupMembersTable {
  group_id: string;
  user_id: string;
  created_at: number;
}

interface ServerGroupGrantsTable {
  server_id: string;
  group_id: string;
  tools: string | null;
  created_at: number;
}

interface AttemptsTable {
  digest: string;
  count: number;
  expires_at: number;
}

export interface OauthRecordsTable {
  id: string;
  model: string;
  grant_id: string | null;
  user_id: string | null;
  client_id: string | null;
  client_name: string | null;
  client_host: string | null;
  resource: string | null;
  scope: string | null;
  sealed: Uint8Array;
  key_id: string;
  consumed_at: number | null;
  expires_at: number | null;
  created_at: number;
  last_used_at: number | null;
}
