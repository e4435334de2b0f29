-- Keys that are replaced while Keyward serves.

-- Values sealed under a data key, as far as they were counted: a process that is killed loses its last few.
ALTER TABLE data_keys ADD COLUMN seals int8 NOT NULL DEFAULT 0 CHECK (seals >= 0);
-- The same key, wrapped by the key-encryption key that is to come; null unless one is staged.
ALTER TABLE data_keys ADD COLUMN staged_wrapped bytea;
ALTER TABLE data_keys ADD COLUMN staged_kek_id text COLLATE "C" CHECK ((staged_kek_id IS NULL) = (staged_wrapped IS NULL));

-- What is left under a key: found by re-wrapping in the order of ids, counted before a key is retired.
CREATE INDEX header_credentials_key ON header_credentials (key_id, id);
CREATE INDEX oauth_records_key ON oauth_records (key_id, id);
