-- The five-second window: the last few messages of the same content, number and sender, newest first. Lost in a crash of
-- Postgres and not missed much: at worst one pair a few seconds around the crash goes unmarked.
CREATE UNLOGGED TABLE content_windows (
    content bytea PRIMARY KEY,
    wamids  text[] NOT NULL,
    sent    timestamptz[] NOT NULL,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- What policy `drop` kept out, so that a redelivery is recognised.
CREATE TABLE dropped_duplicates (
    phone_number_id text COLLATE "C" NOT NULL,
    wamid           text COLLATE "C" NOT NULL,
    duplicate_of    text NOT NULL,
    content         bytea NOT NULL,
    request_id      uuid NOT NULL,
    sent_at         timestamptz,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (wamid, phone_number_id)
);
