-- Guesses, and links that are asked for, counted for all gateways together.
-- `digest` is keyed: neither an account nor an address can be read from it, and nobody can tell which row is whose.

CREATE TABLE attempts (
  digest TEXT NOT NULL PRIMARY KEY,
  count INTEGER NOT NULL CHECK (count >= 1),
  -- When the window ends in which they are counted.
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_expiry ON attempts (expires_at);
