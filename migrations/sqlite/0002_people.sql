-- People, groups, invitations; keys that are rotated with an overlap.
-- The four tables of the sign-in library are as it wants them: times are ISO 8601 text in UTC, and `date` is a type that
-- STRICT does not know. A test fails when the library would change them.

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE CHECK (email = lower(email)),
  email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
  image TEXT,
  created_at DATE NOT NULL,
  updated_at DATE NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'user')),
  is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1))
);

CREATE INDEX users_list ON users (lower(name), id);
CREATE INDEX users_admins ON users (id) WHERE role = 'admin' AND is_disabled = 0;

CREATE TABLE user_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  expires_at DATE NOT NULL,
  token TEXT NOT NULL UNIQUE,
  created_at DATE NOT NULL,
  updated_at DATE NOT NULL,
  ip_address TEXT,
  user_agent TEXT,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX user_sessions_user_id_idx ON user_sessions (user_id);
CREATE INDEX user_sessions_expiry ON user_sessions (expires_at);

CREATE TABLE user_accounts (
  id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  access_token TEXT,
  refresh_token TEXT,
  id_token TEXT,
  access_token_expires_at DATE,
  refresh_token_expires_at DATE,
  scope TEXT,
  password TEXT,
  created_at DATE NOT NULL,
  updated_at DATE NOT NULL
);

CREATE UNIQUE INDEX user_accounts_account ON user_accounts (provider_id, account_id);
CREATE INDEX user_accounts_user_id_idx ON user_accounts (user_id);

CREATE TABLE user_verifications (
  id TEXT NOT NULL PRIMARY KEY,
  identifier TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at DATE NOT NULL,
  created_at DATE NOT NULL,
  updated_at DATE NOT NULL
);

CREATE INDEX user_verifications_identifier_idx ON user_verifications (identifier);
CREATE INDEX user_verifications_expiry ON user_verifications (expires_at);

CREATE TABLE user_invites (
  digest TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX user_invites_user ON user_invites (user_id);
CREATE INDEX user_invites_expiry ON user_invites (expires_at);

CREATE TABLE user_groups (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_user ON group_members (user_id, group_id);

CREATE TABLE server_group_grants (
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
  tools TEXT CHECK (json_type(tools) = 'array'),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, group_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX server_group_grants_group ON server_group_grants (group_id, server_id);

-- After a rotation the key before works until `previous_expires_at`.
ALTER TABLE virtual_keys ADD COLUMN previous_digest TEXT;
ALTER TABLE virtual_keys ADD COLUMN previous_expires_at INTEGER
  CHECK ((previous_digest IS NULL) = (previous_expires_at IS NULL));
ALTER TABLE virtual_keys ADD COLUMN rotated_at INTEGER;

CREATE UNIQUE INDEX virtual_keys_previous ON virtual_keys (previous_digest) WHERE previous_digest IS NOT NULL;
CREATE INDEX virtual_keys_owner ON virtual_keys (owner_user_id, created_at, id)
  WHERE owner_user_id IS NOT NULL AND revoked_at IS NULL;

-- The schema revision of which a form has to be at least, to be what is asked for now: an edit of words ends none.
ALTER TABLE servers ADD COLUMN form_revision INTEGER NOT NULL DEFAULT 1 CHECK (form_revision >= 1);
UPDATE servers SET form_revision = schema_revision;

-- A grant to a user could be written before there were users. None of them can ever be anybody.
DELETE FROM server_grants WHERE auth_mode = 'user';
