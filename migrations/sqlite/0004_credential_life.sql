-- The whole life of a credential, readable from the audit log, and who is still to be told of it.

-- When somebody who may has opened the link for the first time; null = nobody yet.
ALTER TABLE submission_flows ADD COLUMN opened_at INTEGER;
-- The credential that the values will be stored under: the one on file, or the id that a first one will have. So the log
-- names it from the request on.
ALTER TABLE submission_flows ADD COLUMN credential_id TEXT;

-- {client, address} of whoever set the values through a link; null when they came another way.
ALTER TABLE header_credentials ADD COLUMN set_by TEXT CHECK (json_type(set_by) = 'object');
-- When the identity was told of it, within a result; null = not yet.
ALTER TABLE header_credentials ADD COLUMN told_at INTEGER;

-- The credentials that one event is about, when it is about many: a change of grants has one event, however many rows it
-- moves. The event's detail has a hash over them, so the chain covers them.
CREATE TABLE audit_event_subjects (
  event_id INTEGER NOT NULL,
  credential_id TEXT NOT NULL,
  effect TEXT NOT NULL CHECK (effect IN ('orphaned', 'reactivated', 'needs_update', 'active', 'deleted')),
  PRIMARY KEY (event_id, credential_id, effect)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_event_subjects_credential ON audit_event_subjects (credential_id, event_id);

CREATE TRIGGER audit_event_subjects_no_update BEFORE UPDATE ON audit_event_subjects
BEGIN
  SELECT RAISE(ABORT, 'audit events are append only');
END;

CREATE TRIGGER audit_event_subjects_no_delete BEFORE DELETE ON audit_event_subjects
BEGIN
  SELECT RAISE(ABORT, 'audit events are append only');
END;

-- An actor as one text: `admin:<id>`, `<auth mode>:<id>`, `link:<flow id>`, `system`.
ALTER TABLE audit_events ADD COLUMN actor_key TEXT GENERATED ALWAYS AS (
  CASE actor ->> '$.kind'
    WHEN 'system' THEN 'system'
    WHEN 'identity' THEN (actor ->> '$.identity.mode') || ':' || (actor ->> '$.identity.id')
    ELSE (actor ->> '$.kind') || ':' || coalesce(actor ->> '$.id', actor ->> '$.flowId')
  END
) VIRTUAL;

CREATE INDEX audit_events_actor ON audit_events (actor_key, id);
CREATE INDEX audit_events_outcome ON audit_events (outcome, id);
