-- Guesses, and links that are asked for, counted for all gateways together.
-- `digest` is keyed: neither an account nor an address can be read from it, and nobody can tell which row is whose.

CREATE TABLE attempts (
  digest text COLLATE "C" NOT NULL PRIMARY KEY,
  count int8 NOT NULL CHECK (count >= 1),
  -- When the window ends in which they are counted.
  expires_at int8 NOT NULL
);

CREATE INDEX attempts_expiry ON attempts (expires_at);
