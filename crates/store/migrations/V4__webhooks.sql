-- Every webhook field other than messages and statuses.
CREATE TABLE account_events (
    id              uuid PRIMARY KEY,
    field           text NOT NULL,
    waba_id         text NOT NULL,
    phone_number_id text,
    content_sha256  bytea NOT NULL UNIQUE,
    payload         jsonb NOT NULL,
    at              timestamptz,
    request_id      uuid NOT NULL,
    received_at     timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Webhooks as received. A day is a partition, so that forgetting is dropping a table.
CREATE TABLE webhooks (
    id          uuid NOT NULL,
    received_at timestamptz NOT NULL,
    body        bytea NOT NULL,
    PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);

-- Catches what no day's partition takes, so that a late maintenance costs nothing.
CREATE TABLE webhooks_default PARTITION OF webhooks DEFAULT;

-- How far a recurring pass has come.
CREATE TABLE maintenance (
    name text PRIMARY KEY,
    done_to timestamptz NOT NULL
);

-- What could not be understood.
CREATE TABLE failed_webhooks (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL,
    payload       jsonb,
    message_id    text,
    error_message text NOT NULL,
    error_stack   text,
    raw           bytea NOT NULL,
    received_at   timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX failed_webhooks_request_id ON failed_webhooks (request_id);
CREATE INDEX failed_webhooks_message_id ON failed_webhooks (message_id);
CREATE INDEX failed_webhooks_created_at ON failed_webhooks (created_at);

-- pglz, the default, costs more time than the rest of the insert. lz4 is a build option of Postgres, so it is asked for nicely.
DO $$
BEGIN
    ALTER TABLE webhooks ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE webhooks_default ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE messages ALTER COLUMN payload SET COMPRESSION lz4;
    ALTER TABLE message_statuses ALTER COLUMN payload SET COMPRESSION lz4;
    ALTER TABLE account_events ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION
    WHEN feature_not_supported THEN NULL;
END
$$;
