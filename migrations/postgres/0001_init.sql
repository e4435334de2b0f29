-- The same tables as for SQLite, in PostgreSQL's words. Times are integer milliseconds since the epoch, UTC. JSON is text,
-- byte for byte as it was written: the audit chain is over those bytes. Booleans are 0 and 1.
-- Texts sort and compare by their bytes, whatever the database's own collation is.
-- Identity ids are 1 to 255 visible ASCII characters, compared byte by byte (abuse case A13).

CREATE TABLE settings (
  key text COLLATE "C" NOT NULL PRIMARY KEY,
  value text COLLATE "C" NOT NULL,
  updated_at int8 NOT NULL
);

CREATE TABLE data_keys (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('data', 'digest')),
  wrapped bytea NOT NULL,
  kek_id text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL CHECK (state IN ('current', 'readable', 'retired')),
  created_at int8 NOT NULL
);

CREATE UNIQUE INDEX data_keys_one_current ON data_keys (kind) WHERE state = 'current';

CREATE TABLE keycheck (
  id int8 NOT NULL PRIMARY KEY CHECK (id = 1),
  key_id text COLLATE "C" NOT NULL,
  sealed bytea NOT NULL
);

CREATE TABLE admin_tokens (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL UNIQUE,
  created_at int8 NOT NULL
);

CREATE TABLE virtual_keys (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  prefix text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL UNIQUE,
  owner_user_id text COLLATE "C",
  is_enabled int8 NOT NULL CHECK (is_enabled IN (0, 1)),
  expires_at int8,
  rate_limit_per_minute int8 CHECK (rate_limit_per_minute > 0),
  created_by text COLLATE "C" NOT NULL,
  created_at int8 NOT NULL,
  last_used_at int8,
  revoked_at int8
);

CREATE INDEX virtual_keys_list ON virtual_keys (created_at, id) WHERE revoked_at IS NULL;

CREATE TABLE servers (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  url text COLLATE "C" NOT NULL,
  origin text COLLATE "C" NOT NULL,
  transport text COLLATE "C" NOT NULL CHECK (transport IN ('streamable_http', 'sse')),
  auth_type text COLLATE "C" NOT NULL CHECK (auth_type IN ('none', 'headers', 'per_user_headers')),
  header_schema text COLLATE "C" NOT NULL CHECK (json_typeof(header_schema::json) = 'array'),
  schema_revision int8 NOT NULL CHECK (schema_revision >= 1),
  static_header_names text COLLATE "C" NOT NULL CHECK (json_typeof(static_header_names::json) = 'array'),
  static_headers bytea,
  static_headers_key_id text COLLATE "C",
  allow_all_identities int8 NOT NULL CHECK (allow_all_identities IN (0, 1)),
  link_policy text COLLATE "C" NOT NULL CHECK (link_policy IN ('inherit', 'key_proof')),
  verification text COLLATE "C" NOT NULL CHECK (json_typeof(verification::json) = 'object'),
  tools text COLLATE "C" CHECK (json_typeof(tools::json) = 'array'),
  status text COLLATE "C" NOT NULL CHECK (status IN ('pending_verification', 'ready', 'disabled')),
  discovered text COLLATE "C" CHECK (json_typeof(discovered::json) = 'object'),
  version int8 NOT NULL CHECK (version >= 1),
  created_at int8 NOT NULL,
  updated_at int8 NOT NULL,
  CHECK ((static_headers IS NULL) = (static_headers_key_id IS NULL))
);

CREATE TABLE server_grants (
  server_id text COLLATE "C" NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  auth_mode text COLLATE "C" NOT NULL CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id text COLLATE "C" NOT NULL CHECK (length(identity_id) BETWEEN 1 AND 255 AND identity_id !~ '[^!-~]'),
  tools text COLLATE "C" CHECK (json_typeof(tools::json) = 'array'),
  created_at int8 NOT NULL,
  PRIMARY KEY (server_id, auth_mode, identity_id)
);

CREATE INDEX server_grants_identity ON server_grants (auth_mode, identity_id);

-- +1 on every loss or return of access and on every revocation. No row = 0. A submission that was started under another
-- epoch cannot be committed.
CREATE TABLE identity_access (
  server_id text COLLATE "C" NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  auth_mode text COLLATE "C" NOT NULL CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id text COLLATE "C" NOT NULL CHECK (length(identity_id) BETWEEN 1 AND 255 AND identity_id !~ '[^!-~]'),
  epoch int8 NOT NULL CHECK (epoch >= 1),
  PRIMARY KEY (server_id, auth_mode, identity_id)
);

CREATE TABLE header_credentials (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  server_id text COLLATE "C" NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  auth_mode text COLLATE "C" NOT NULL CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id text COLLATE "C" NOT NULL CHECK (length(identity_id) BETWEEN 1 AND 255 AND identity_id !~ '[^!-~]'),
  origin text COLLATE "C" NOT NULL,
  schema_revision int8 NOT NULL CHECK (schema_revision >= 1),
  field_names text COLLATE "C" NOT NULL CHECK (json_typeof(field_names::json) = 'array'),
  sealed bytea NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  version int8 NOT NULL CHECK (version >= 1),
  status text COLLATE "C" NOT NULL CHECK (status IN ('active', 'needs_update', 'rejected')),
  status_reason text COLLATE "C",
  status_changed_at int8 NOT NULL,
  -- Orthogonal to status: null = the identity has access.
  orphaned_at int8,
  verification text COLLATE "C" CHECK (verification IN ('proven', 'accepted')),
  verified_at int8,
  -- The flow through which the newest value came, if one did.
  submitted_flow_id text COLLATE "C",
  last_used_at int8,
  created_at int8 NOT NULL,
  updated_at int8 NOT NULL,
  UNIQUE (server_id, auth_mode, identity_id)
);

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
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  server_id text COLLATE "C" NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  auth_mode text COLLATE "C" NOT NULL CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id text COLLATE "C" NOT NULL CHECK (length(identity_id) BETWEEN 1 AND 255 AND identity_id !~ '[^!-~]'),
  state text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'verifying')),
  claim_id text COLLATE "C",
  claim_until int8,
  attempts int8 NOT NULL CHECK (attempts >= 0),
  proof_failures int8 NOT NULL CHECK (proof_failures >= 0),
  locked_at int8,
  schema_revision int8 NOT NULL,
  origin text COLLATE "C" NOT NULL,
  access_epoch int8 NOT NULL,
  requested_by text COLLATE "C" NOT NULL CHECK (json_typeof(requested_by::json) = 'object'),
  expires_at int8 NOT NULL,
  created_at int8 NOT NULL,
  updated_at int8 NOT NULL,
  UNIQUE (auth_mode, identity_id, server_id),
  CHECK ((state = 'verifying') = (claim_id IS NOT NULL)),
  CHECK ((claim_id IS NULL) = (claim_until IS NULL))
);

CREATE INDEX submission_flows_expiry ON submission_flows (expires_at);
CREATE INDEX submission_flows_server ON submission_flows (server_id);

-- A token lives as long as its flow, so it has no expiry of its own.
CREATE TABLE temp_tokens (
  digest text COLLATE "C" NOT NULL PRIMARY KEY,
  scope text COLLATE "C" NOT NULL,
  resource_id text COLLATE "C" NOT NULL REFERENCES submission_flows (id) ON DELETE CASCADE,
  created_at int8 NOT NULL
);

CREATE INDEX temp_tokens_resource ON temp_tokens (resource_id);

-- No foreign keys: an event outlives what it is about.
CREATE TABLE audit_events (
  id int8 NOT NULL PRIMARY KEY,
  at int8 NOT NULL,
  actor text COLLATE "C" NOT NULL CHECK (json_typeof(actor::json) = 'object'),
  action text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('ok', 'refused')),
  server_id text COLLATE "C",
  auth_mode text COLLATE "C" CHECK (auth_mode IN ('user', 'virtual_key', 'session')),
  identity_id text COLLATE "C",
  credential_id text COLLATE "C",
  version int8,
  request_id text COLLATE "C",
  address text COLLATE "C",
  detail text COLLATE "C" CHECK (json_typeof(detail::json) = 'object'),
  previous_hash text COLLATE "C" NOT NULL CHECK (length(previous_hash) = 64),
  hash text COLLATE "C" NOT NULL CHECK (length(hash) = 64),
  CHECK ((auth_mode IS NULL) = (identity_id IS NULL))
);

CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE INDEX audit_events_action ON audit_events (action, id);
CREATE INDEX audit_events_server ON audit_events (server_id, id) WHERE server_id IS NOT NULL;
CREATE INDEX audit_events_identity ON audit_events (auth_mode, identity_id, id) WHERE identity_id IS NOT NULL;
CREATE INDEX audit_events_credential ON audit_events (credential_id, id) WHERE credential_id IS NOT NULL;

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit events are append only';
END;
$$;

CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
  FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
