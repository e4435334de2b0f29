-- People, groups, invitations; keys that are rotated with an overlap.
-- The four tables of the sign-in library are as it writes them on SQLite, so that both engines hold the same: times are
-- ISO 8601 text in UTC.

CREATE TABLE users (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  email text COLLATE "C" NOT NULL UNIQUE CHECK (email = lower(email)),
  email_verified int8 NOT NULL CHECK (email_verified IN (0, 1)),
  image text COLLATE "C",
  created_at text COLLATE "C" NOT NULL,
  updated_at text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL CHECK (role IN ('admin', 'user')),
  is_disabled int8 NOT NULL CHECK (is_disabled IN (0, 1))
);

CREATE INDEX users_list ON users (lower(name), id);
CREATE INDEX users_admins ON users (id) WHERE role = 'admin' AND is_disabled = 0;

CREATE TABLE user_sessions (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  expires_at text COLLATE "C" NOT NULL,
  token text COLLATE "C" NOT NULL UNIQUE,
  created_at text COLLATE "C" NOT NULL,
  updated_at text COLLATE "C" NOT NULL,
  ip_address text COLLATE "C",
  user_agent text COLLATE "C",
  user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX user_sessions_user_id_idx ON user_sessions (user_id);
CREATE INDEX user_sessions_expiry ON user_sessions (expires_at);

CREATE TABLE user_accounts (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  provider_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  access_token text COLLATE "C",
  refresh_token text COLLATE "C",
  id_token text COLLATE "C",
  access_token_expires_at text COLLATE "C",
  refresh_token_expires_at text COLLATE "C",
  scope text COLLATE "C",
  password text COLLATE "C",
  created_at text COLLATE "C" NOT NULL,
  updated_at text COLLATE "C" NOT NULL
);

CREATE UNIQUE INDEX user_accounts_account ON user_accounts (provider_id, account_id);
CREATE INDEX user_accounts_user_id_idx ON user_accounts (user_id);

CREATE TABLE user_verifications (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  identifier text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  expires_at text COLLATE "C" NOT NULL,
  created_at text COLLATE "C" NOT NULL,
  updated_at text COLLATE "C" NOT NULL
);

CREATE INDEX user_verifications_identifier_idx ON user_verifications (identifier);
CREATE INDEX user_verifications_expiry ON user_verifications (expires_at);

CREATE TABLE user_invites (
  digest text COLLATE "C" NOT NULL PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at int8 NOT NULL,
  created_at int8 NOT NULL
);

CREATE INDEX user_invites_user ON user_invites (user_id);
CREATE INDEX user_invites_expiry ON user_invites (expires_at);

CREATE TABLE user_groups (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  created_at int8 NOT NULL,
  updated_at int8 NOT NULL
);

-- One name in all its letter cases.
CREATE UNIQUE INDEX user_groups_name ON user_groups (lower(name));

CREATE TABLE group_members (
  group_id text COLLATE "C" NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at int8 NOT NULL,
  PRIMARY KEY (group_id, user_id)
);

CREATE INDEX group_members_user ON group_members (user_id, group_id);

CREATE TABLE server_group_grants (
  server_id text COLLATE "C" NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  group_id text COLLATE "C" NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
  tools text COLLATE "C" CHECK (json_typeof(tools::json) = 'array'),
  created_at int8 NOT NULL,
  PRIMARY KEY (server_id, group_id)
);

CREATE INDEX server_group_grants_group ON server_group_grants (group_id, server_id);

-- After a rotation the key before works until `previous_expires_at`.
ALTER TABLE virtual_keys ADD COLUMN previous_digest text COLLATE "C";
ALTER TABLE virtual_keys ADD COLUMN previous_expires_at int8
  CHECK ((previous_digest IS NULL) = (previous_expires_at IS NULL));
ALTER TABLE virtual_keys ADD COLUMN rotated_at int8;

CREATE UNIQUE INDEX virtual_keys_previous ON virtual_keys (previous_digest) WHERE previous_digest IS NOT NULL;
CREATE INDEX virtual_keys_owner ON virtual_keys (owner_user_id, created_at, id)
  WHERE owner_user_id IS NOT NULL AND revoked_at IS NULL;

-- The schema revision of which a form has to be at least, to be what is asked for now: an edit of words ends none.
ALTER TABLE servers ADD COLUMN form_revision int8 NOT NULL DEFAULT 1 CHECK (form_revision >= 1);
UPDATE servers SET form_revision = schema_revision;

-- A grant to a user could be written before there were users. None of them can ever be anybody.
DELETE FROM server_grants WHERE auth_mode = 'user';
