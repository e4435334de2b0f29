-- Times are integer milliseconds since the epoch, UTC. JSON is text. Booleans are 0 and 1.
-- Identity ids are 1 to 255 visible ASCII characters, compared byte by byte (abuse case A13).

CREATE TABLE settings (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE data_keys (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('data', 'digest')),
  wrapped BLOB NOT NULL,
  kek_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('current', 'readable', 'retired')),
  created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX data_keys_one_current ON data_keys (kind) WHERE state = 'current';

CREATE TABLE keycheck (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  key_id TEXT NOT NULL,
  sealed BLOB NOT NULL
) STRICT;

CREATE TABLE admin_tokens (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE virtual_keys (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  owner_user_id TEXT,
  is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
  expires_at INTEGER,
  rate_limit_per_minute INTEGER CHECK (rate_limit_per_minute > 0),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT;

CREATE INDEX virtual_keys_list ON virtual_keys (created_at, id) WHERE revoked_at IS NULL;

CREATE TABLE servers (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  origin TEXT NOT NULL,
  transport TEXT NOT NULL CHECK (transport IN ('streamable_http', 'sse')),
  auth_type TEXT NOT NULL CHECK (auth_type IN ('none', 'headers', 'per_user_headers')),
  header_schema TEXT NOT NULL CHECK (json_type(header_schema) = 'array'),
  schema_revision INTEGER NOT NULL CHECK (schema_revision >= 1),
  static_header_names TEXT NOT NULL CHECK (json_type(static_header_names) = 'array'),
  static_headers BLOB,
  static_headers_key_id TEXT,
  allow_all_identities INTEGER NOT NULL CHECK (allow_all_identities IN (0, 1)),
  link_policy TEXT NOT NULL CHECK (link_policy IN ('inherit', 'key_proof')),
  verification TEXT NOT NULL CHECK (json_type(verification) = 'object'),
  tools TEXT CHECK (json_type(tools) = 'array'),
  status TEXT NOT NULL CHECK (status IN ('pending_verification', 'ready', 'disabled')),
  discovered TEXT CHECK (json_type(discovered) = 'object'),
  version INTEGER NOT NULL CHECK (version >= 1),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((static_headers IS NULL) = (static_headers_key_id IS NULL))
) STRICT;

CREATE TABLE server_grants (
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  auth_mode TEXT NOT NULL CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id TEXT NOT NULL CHECK (length(identity_id) BETWEEN 1 AND 255 AND identity_id NOT GLOB '*[^!-~]*'),
  tools TEXT CHECK (json_type(tools) = 'array'),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, auth_mode, identity_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX server_grants_identity ON server_grants (auth_mode, identity_id);

-- +1 on every loss or return of access and on every revocation. No row = 0. A submission that was started under another
-- epoch cannot be committed.
CREATE TABLE identity_access (
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  auth_mode TEXT NOT NULL CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id TEXT NOT NULL CHECK (length(identity_id) BETWEEN 1 AND 255 AND identity_id NOT GLOB '*[^!-~]*'),
  epoch INTEGER NOT NULL CHECK (epoch >= 1),
  PRIMARY KEY (server_id, auth_mode, identity_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE header_credentials (
  id TEXT NOT NULL PRIMARY KEY,
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  auth_mode TEXT NOT NULL CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id TEXT NOT NULL CHECK (length(identity_id) BETWEEN 1 AND 255 AND identity_id NOT GLOB '*[^!-~]*'),
  origin TEXT NOT NULL,
  schema_revision INTEGER NOT NULL CHECK (schema_revision >= 1),
  field_names TEXT NOT NULL CHECK (json_type(field_names) = 'array'),
  sealed BLOB NOT NULL,
  key_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  status TEXT NOT NULL CHECK (status IN ('active', 'needs_update', 'rejected')),
  status_reason TEXT,
  status_changed_at INTEGER NOT NULL,
  -- Orthogonal to status: null = the identity has access.
  orphaned_at INTEGER,
  verification TEXT CHECK (verification IN ('proven', 'accepted')),
  verified_at INTEGER,
  -- The flow through which the newest value came, if one did.
  submitted_flow_id TEXT,
  last_used_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (server_id, auth_mode, identity_id)
) STRICT;

CREATE INDEX header_credentials_list ON header_credentials (created_at, id);
CREATE INDEX header_credentials_list_server ON header_credentials (server_id, created_at, id);
CREATE INDEX header_credentials_list_identity ON header_credentials (auth_mode, identity_id, created_at, id);
CREATE INDEX header_credentials_list_mode ON header_credentials (auth_mode, created_at, id);
CREATE INDEX header_credentials_list_status ON header_credentials (status, created_at, id);
CREATE INDEX header_credentials_list_orphaned ON header_credentials (created_at, id) WHERE orphaned_at IS NOT NULL;
CREATE INDEX header_credentials_orphaned ON header_credentials (orphaned_at) WHERE orphaned_at IS NOT NULL;
CREATE UNIQUE INDEX header_credentials_flow ON header_credentials (submitted_flow_id)
  WHERE submitted_flow_id IS NOT NULL;

CREATE TABLE submission_flows (
  id TEXT NOT NULL PRIMARY KEY,
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  auth_mode TEXT NOT NULL CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id TEXT NOT NULL CHECK (length(identity_id) BETWEEN 1 AND 255 AND identity_id NOT GLOB '*[^!-~]*'),
  state TEXT NOT NULL CHECK (state IN ('pending', 'verifying')),
  claim_id TEXT,
  claim_until INTEGER,
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  proof_failures INTEGER NOT NULL CHECK (proof_failures >= 0),
  locked_at INTEGER,
  schema_revision INTEGER NOT NULL,
  origin TEXT NOT NULL,
  access_epoch INTEGER NOT NULL,
  requested_by TEXT NOT NULL CHECK (json_type(requested_by) = 'object'),
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (auth_mode, identity_id, server_id),
  CHECK ((state = 'verifying') = (claim_id IS NOT NULL)),
  CHECK ((claim_id IS NULL) = (claim_until IS NULL))
) STRICT;

CREATE INDEX submission_flows_expiry ON submission_flows (expires_at);
CREATE INDEX submission_flows_server ON submission_flows (server_id);

-- A token lives as long as its flow, so it has no expiry of its own.
CREATE TABLE temp_tokens (
  digest TEXT NOT NULL PRIMARY KEY,
  scope TEXT NOT NULL,
  resource_id TEXT NOT NULL REFERENCES submission_flows (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX temp_tokens_resource ON temp_tokens (resource_id);

-- No foreign keys: an event outlives what it is about.
CREATE TABLE audit_events (
  id INTEGER NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL CHECK (json_type(actor) = 'object'),
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'refused')),
  server_id TEXT,
  auth_mode TEXT CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id TEXT,
  credential_id TEXT,
  version INTEGER,
  request_id TEXT,
  address TEXT,
  detail TEXT CHECK (json_type(detail) = 'object'),
  previous_hash TEXT NOT NULL CHECK (length(previous_hash) = 64),
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  CHECK ((auth_mode IS NULL) = (identity_id IS NULL))
) STRICT;

CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE INDEX audit_events_action ON audit_events (action, id);
CREATE INDEX audit_events_server ON audit_events (server_id, id) WHERE server_id IS NOT NULL;
CREATE INDEX audit_events_identity ON audit_events (auth_mode, identity_id, id) WHERE identity_id IS NOT NULL;
CREATE INDEX audit_events_credential ON audit_events (credential_id, id) WHERE credential_id IS NOT NULL;

CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit events are append only');
END;

CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit events are append only');
END;
