-- The whole life of a credential, readable from the audit log, and who is still to be told of it.

-- When somebody who may has opened the link for the first time; null = nobody yet.
ALTER TABLE submission_flows ADD COLUMN opened_at int8;
-- The credential that the values will be stored under: the one on file, or the id that a first one will have. So the log
-- names it from the request on.
ALTER TABLE submission_flows ADD COLUMN credential_id text COLLATE "C";

-- {client, address} of whoever set the values through a link; null when they came another way.
ALTER TABLE header_credentials ADD COLUMN set_by text COLLATE "C" CHECK (json_typeof(set_by::json) = 'object');
-- When the identity was told of it, within a result; null = not yet.
ALTER TABLE header_credentials ADD COLUMN told_at int8;

-- The credentials that one event is about, when it is about many: a change of grants has one event, however many rows it
-- moves. The event's detail has a hash over them, so the chain covers them.
CREATE TABLE audit_event_subjects (
  event_id int8 NOT NULL,
  credential_id text COLLATE "C" NOT NULL,
  effect text COLLATE "C" NOT NULL CHECK (effect IN ('orphaned', 'reactivated', 'needs_update', 'active', 'deleted')),
  PRIMARY KEY (event_id, credential_id, effect)
);

CREATE INDEX audit_event_subjects_credential ON audit_event_subjects (credential_id, event_id);

CREATE TRIGGER audit_event_subjects_append_only BEFORE UPDATE OR DELETE ON audit_event_subjects
  FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_event_subjects_no_truncate BEFORE TRUNCATE ON audit_event_subjects
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- An actor as one text: `admin:<id>`, `<auth mode>:<id>`, `link:<flow id>`, `system`.
ALTER TABLE audit_events ADD COLUMN actor_key text COLLATE "C" GENERATED ALWAYS AS (
  CASE actor::json ->> 'kind'
    WHEN 'system' THEN 'system'
    WHEN 'identity' THEN (actor::json #>> '{identity,mode}') || ':' || (actor::json #>> '{identity,id}')
    ELSE (actor::json ->> 'kind') || ':' || coalesce(actor::json ->> 'id', actor::json ->> 'flowId')
  END
) STORED;

CREATE INDEX audit_events_actor ON audit_events (actor_key, id);
CREATE INDEX audit_events_outcome ON audit_events (outcome, id);
