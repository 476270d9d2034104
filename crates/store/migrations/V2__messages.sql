-- Messages, both ways. No foreign keys here: docs/SCHEMA.md says why.
CREATE TABLE messages (
    id              uuid PRIMARY KEY,
    direction       text NOT NULL CHECK (direction IN ('in', 'out')),
    origin          text NOT NULL,
    waba_id         text NOT NULL,
    phone_number_id text COLLATE "C" NOT NULL,
    wamid           text COLLATE "C" NOT NULL,
    type            text NOT NULL,
    status          text,
    contact_id      uuid,
    person_phone    text,
    person_bsuid    text,
    group_id        text,
    context_wamid   text,
    sent_at         timestamptz,
    delivered_at    timestamptz,
    read_at         timestamptz,
    played_at       timestamptz,
    failed_at       timestamptz,
    error_code      bigint,
    duplicate_of    text,
    request_id      uuid NOT NULL,
    payload         jsonb NOT NULL,
    received_at     timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE UNIQUE INDEX messages_wamid ON messages (wamid, phone_number_id);
-- A conversation, newest first, and what a merge has to re-point.
CREATE INDEX messages_contact ON messages (contact_id, id) WHERE contact_id IS NOT NULL;

-- One row for each status heard, whether or not its message is known (yet).
CREATE TABLE message_statuses (
    id              uuid NOT NULL,
    wamid           text COLLATE "C" NOT NULL,
    status          text COLLATE "C" NOT NULL,
    participant     text COLLATE "C" NOT NULL DEFAULT '',
    waba_id         text NOT NULL,
    phone_number_id text COLLATE "C" NOT NULL,
    recipient_id    text,
    recipient_bsuid text,
    at              timestamptz,
    error_code      bigint,
    callback_data   text,
    request_id      uuid NOT NULL,
    payload         jsonb NOT NULL,
    received_at     timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (wamid, status, participant)
);

-- By block ranges, which costs an insert next to nothing: what the maintenance has to look at again.
CREATE INDEX message_statuses_created_at ON message_statuses USING brin (created_at);

-- How far up the ladder a word stands; 0 for words that are no rung.
CREATE FUNCTION status_rank(word text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE word WHEN 'sent' THEN 1 WHEN 'delivered' THEN 2 WHEN 'read' THEN 3 WHEN 'played' THEN 4 WHEN 'failed' THEN 5 ELSE 0 END;

CREATE TABLE media (
    message_id uuid PRIMARY KEY,
    kind       text NOT NULL,
    media_id   text NOT NULL,
    mime_type  text,
    sha256     text,
    url        text,
    filename   text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Attempts to send. Written from the outbound path on; here so that the history has its place.
CREATE TABLE message_attempts (
    message_id  uuid NOT NULL,
    attempt     integer NOT NULL,
    outcome     text NOT NULL,
    error_code  bigint,
    http_status integer,
    request_id  uuid,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (message_id, attempt)
);
