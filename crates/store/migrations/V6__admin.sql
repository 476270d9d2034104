-- The trace that a message belongs to: 32 hex digits, NULL where there is none. Nullable, so at once however large the table is.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS trace_id text;

-- Who has changed what. Ids are UUIDv7, so the primary key is the order of time, and lists are read along it.
CREATE TABLE audit_log (
    id          uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    actor       text COLLATE "C" NOT NULL,
    role        text NOT NULL,
    address     text NOT NULL,
    method      text COLLATE "C" NOT NULL,
    target      text COLLATE "C" NOT NULL,
    request     jsonb,
    before      jsonb,
    after       jsonb,
    -- In any order of writing the furthest one stays; compared with the code's own order, so by bytes.
    outcome     text COLLATE "C" NOT NULL,
    error       text,
    request_id  uuid,
    finished_at timestamptz
);

-- What was done to one number, message or queue, newest first.
CREATE INDEX audit_log_target ON audit_log (target, id);
-- What one token did, newest first.
CREATE INDEX audit_log_actor ON audit_log (actor, id);
