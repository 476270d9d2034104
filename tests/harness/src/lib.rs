//! What every integration test stands on: Redis, Postgres, databases from a template, services, deadlines.
