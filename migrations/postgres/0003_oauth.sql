-- What the OAuth server remembers: clients, grants (the "connected apps"), codes, tokens, authorizations under way.
-- `id` is a keyed digest of what is presented as a proof. A client and a grant prove nothing: theirs is the id itself.
-- The payload is sealed, bound to its row.

CREATE TABLE oauth_records (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  model text COLLATE "C" NOT NULL CHECK (model IN (
    'Client', 'Grant', 'Interaction', 'AuthorizationCode', 'AccessToken', 'RefreshToken', 'ReplayDetection'
  )),
  -- With its grant goes all that was issued under it.
  grant_id text COLLATE "C" REFERENCES oauth_records (id) ON DELETE CASCADE,
  user_id text COLLATE "C" REFERENCES users (id) ON DELETE CASCADE,
  client_id text COLLATE "C",
  -- As the person who consented has seen them. No host: the client registered itself.
  client_name text COLLATE "C",
  client_host text COLLATE "C",
  resource text COLLATE "C",
  scope text COLLATE "C",
  sealed bytea NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  consumed_at int8,
  expires_at int8,
  created_at int8 NOT NULL,
  last_used_at int8,
  CHECK ((model = 'Client') = (expires_at IS NULL)),
  CHECK ((grant_id IS NOT NULL) = (model IN ('AuthorizationCode', 'AccessToken', 'RefreshToken'))),
  CHECK (user_id IS NOT NULL OR model NOT IN ('Grant', 'AuthorizationCode', 'AccessToken', 'RefreshToken')),
  CHECK (client_id IS NOT NULL OR model NOT IN ('Client', 'Grant'))
);

CREATE INDEX oauth_records_grant ON oauth_records (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX oauth_records_user ON oauth_records (user_id, model, created_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX oauth_records_client ON oauth_records (client_id, model, user_id, created_at, id) WHERE client_id IS NOT NULL;
CREATE INDEX oauth_records_expiry ON oauth_records (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX oauth_records_apps ON oauth_records (created_at, id) WHERE model = 'Grant';
CREATE INDEX oauth_records_clients ON oauth_records (coalesce(last_used_at, created_at)) WHERE model = 'Client';
