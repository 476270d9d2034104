-- Messages sent through us. Their row comes under our own id, and Meta's id follows when Meta has taken it.
ALTER TABLE messages ALTER COLUMN wamid DROP NOT NULL;

-- state is NULL for messages that were not sent through us. All of state… and attempts is a projection, like status.
ALTER TABLE messages
    ADD COLUMN IF NOT EXISTS state         text,
    ADD COLUMN IF NOT EXISTS state_life    integer,
    ADD COLUMN IF NOT EXISTS state_attempt integer,
    ADD COLUMN IF NOT EXISTS state_at      timestamptz,
    ADD COLUMN IF NOT EXISTS state_class   text,
    ADD COLUMN IF NOT EXISTS attempts      integer,
    ADD COLUMN IF NOT EXISTS callback_data text,
    ADD COLUMN IF NOT EXISTS priority      text,
    ADD COLUMN IF NOT EXISTS send_at       timestamptz,
    ADD COLUMN IF NOT EXISTS expires_at    timestamptz,
    ADD COLUMN IF NOT EXISTS on_unknown    text,
    ADD COLUMN IF NOT EXISTS key_name      text;

-- What an attempt came to. outcome holds the state of the message after it.
ALTER TABLE message_attempts
    ADD COLUMN IF NOT EXISTS life          integer,
    ADD COLUMN IF NOT EXISTS verdict       text,
    ADD COLUMN IF NOT EXISTS error_subcode bigint,
    ADD COLUMN IF NOT EXISTS error_message text,
    ADD COLUMN IF NOT EXISTS fbtrace_id    text,
    ADD COLUMN IF NOT EXISTS wamid         text,
    ADD COLUMN IF NOT EXISTS next_at       timestamptz;

-- Every fact told of a message, from its acceptance on, whether or not its row is there yet.
CREATE TABLE message_steps (
    message_id    uuid NOT NULL,
    life          integer NOT NULL,
    attempt       integer NOT NULL,
    state         text COLLATE "C" NOT NULL,
    class         text,
    error_code    bigint,
    error_message text,
    wamid         text COLLATE "C",
    at            timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (message_id, life, attempt, state)
);

-- Whose a status is that came without our id, even before the message's row has heard of its wamid.
CREATE INDEX message_steps_wamid ON message_steps (wamid) WHERE wamid IS NOT NULL;
-- What the maintenance has to look at again.
CREATE INDEX message_steps_created_at ON message_steps USING brin (created_at);

-- Our id, echoed by Meta.
ALTER TABLE message_statuses ADD COLUMN IF NOT EXISTS message_id uuid;
CREATE INDEX IF NOT EXISTS message_statuses_message ON message_statuses (message_id) WHERE message_id IS NOT NULL;

-- How high a state stands among the facts about one attempt.
CREATE FUNCTION send_state_rank(word text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE word WHEN 'accepted' THEN 0 WHEN 'unknown' THEN 1 WHEN 'retrying' THEN 2 WHEN 'held' THEN 3 WHEN 'dead' THEN 4 WHEN 'sent' THEN 5 ELSE -1 END;

-- Business numbers, as webhooks name them.
CREATE TABLE numbers (
    phone_number_id      text COLLATE "C" PRIMARY KEY,
    waba_id              text NOT NULL,
    -- Digits only: webhooks write it with and without punctuation.
    display_phone_number text COLLATE "C" NOT NULL,
    seen_at              timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX numbers_display ON numbers (display_phone_number);
