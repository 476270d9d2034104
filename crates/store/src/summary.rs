//! Counts and latencies, for people and tests.

use std::collections::BTreeMap;
use std::time::SystemTime;

use futures_util::future::{try_join, try_join4};

use crate::{Store, StoreError};

/// How many messages of one kind there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageCount {
    /// `in` or `out`.
    pub direction: String,
    /// `live`, `echo` or `history`.
    pub origin: String,
    /// Meta's word for the type.
    pub kind: String,
    /// Rows.
    pub count: u64,
}

/// How many of something named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCount {
    /// The word: a status, or a field.
    pub name: String,
    /// Rows.
    pub count: u64,
}

/// What the tables hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages, by direction, origin and type.
    pub messages: Vec<MessageCount>,
    /// Statuses, by word.
    pub statuses: Vec<NamedCount>,
    /// Account events, by field.
    pub account_events: Vec<NamedCount>,
    /// Messages sent through us, by state.
    pub sends: Vec<NamedCount>,
    /// Attempts to send, by verdict.
    pub attempts: Vec<NamedCount>,
    /// Rows in `failed_webhooks`.
    pub failed: u64,
    /// Messages marked as repeating another.
    pub marked_duplicates: u64,
    /// Messages kept out as repeating another.
    pub dropped_duplicates: u64,
    /// People, without those merged into others.
    pub contacts: u64,
    /// Contacts merged into others.
    pub merged_contacts: u64,
    /// Raw webhooks kept.
    pub webhooks: u64,
    /// Files that messages refer to.
    pub media: u64,
}

impl Summary {
    /// All messages.
    pub fn message_total(&self) -> u64 {
        self.messages.iter().map(|row| row.count).sum()
    }

    /// All statuses.
    pub fn status_total(&self) -> u64 {
        self.statuses.iter().map(|row| row.count).sum()
    }

    /// All account events.
    pub fn account_total(&self) -> u64 {
        self.account_events.iter().map(|row| row.count).sum()
    }

    /// Messages sent through us that are in this state.
    pub fn sends_in(&self, state: &str) -> u64 {
        let named = self.sends.iter().find(|row| row.name == state);
        named.map_or(0, |row| row.count)
    }

    /// Messages by type alone.
    pub fn messages_by_kind(&self) -> BTreeMap<&str, u64> {
        let mut kinds = BTreeMap::new();
        for row in &self.messages {
            *kinds.entry(row.kind.as_str()).or_default() += row.count;
        }
        kinds
    }
}

/// Time from the POST received to the row written, over messages and statuses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// Half took at most this, in milliseconds.
    pub p50_ms: f64,
    /// All but one in a hundred took at most this, in milliseconds.
    pub p99_ms: f64,
    /// The slowest, in milliseconds.
    pub max_ms: f64,
    /// Rows measured.
    pub rows: u64,
}

const MESSAGES: &str =
    "SELECT direction, origin, type, count(*) FROM messages GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
const STATUSES: &str = "SELECT status, count(*) FROM message_statuses GROUP BY 1 ORDER BY 1";
const ACCOUNT: &str = "SELECT field, count(*) FROM account_events GROUP BY 1 ORDER BY 1";
const SENDS: &str =
    "SELECT state, count(*) FROM messages WHERE state IS NOT NULL GROUP BY 1 ORDER BY 1";
const ATTEMPTS: &str =
    "SELECT coalesce(verdict, outcome), count(*) FROM message_attempts GROUP BY 1 ORDER BY 1";
const SINGLE: &str = "
SELECT (SELECT count(*) FROM failed_webhooks),
       (SELECT count(*) FROM messages WHERE duplicate_of IS NOT NULL),
       (SELECT count(*) FROM dropped_duplicates),
       (SELECT count(*) FROM contacts WHERE merged_into IS NULL),
       (SELECT count(*) FROM contacts WHERE merged_into IS NOT NULL),
       (SELECT count(*) FROM webhooks),
       (SELECT count(*) FROM media)";
const LATENCY: &str = "
SELECT count(*),
       coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), 0)::float8,
       coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY ms), 0)::float8,
       coalesce(max(ms), 0)::float8
FROM (SELECT extract(epoch FROM created_at - received_at)::float8 * 1000 AS ms FROM messages WHERE received_at >= $1
      UNION ALL
      SELECT extract(epoch FROM created_at - received_at)::float8 * 1000 FROM message_statuses WHERE received_at >= $1) AS took";

impl Store {
    /// Counts everything. It reads whole tables: for people and tests, not for a dashboard's refresh.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn summary(&self) -> Result<Summary, StoreError> {
        let client = self.client().await?;
        let answers = try_join(
            try_join4(
                client.query(MESSAGES, &[]),
                client.query(STATUSES, &[]),
                client.query(ACCOUNT, &[]),
                client.query_one(SINGLE, &[]),
            ),
            try_join(client.query(SENDS, &[]), client.query(ATTEMPTS, &[])),
        );
        let result = self.within(answers).await;
        let ((messages, statuses, account, single), (sends, attempts)) =
            self.settle(client, result)?;
        Ok(Summary {
            messages: messages
                .iter()
                .map(|row| MessageCount {
                    direction: row.get(0),
                    origin: row.get(1),
                    kind: row.get(2),
                    count: count(row, 3),
                })
                .collect(),
            statuses: named(&statuses),
            account_events: named(&account),
            sends: named(&sends),
            attempts: named(&attempts),
            failed: count(&single, 0),
            marked_duplicates: count(&single, 1),
            dropped_duplicates: count(&single, 2),
            contacts: count(&single, 3),
            merged_contacts: count(&single, 4),
            webhooks: count(&single, 5),
            media: count(&single, 6),
        })
    }

    /// Latency of all rows whose webhook was received at or after `since`. The moment a row counts as written is when its
    /// INSERT ran, a few milliseconds before the commit. Both clocks are this machine's only when Postgres runs on it.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn latency_percentiles(&self, since: SystemTime) -> Result<Latency, StoreError> {
        let client = self.client().await?;
        let since = crate::sql::At(since);
        let result = self.within(client.query_one(LATENCY, &[&since])).await;
        let row = self.settle(client, result)?;
        Ok(Latency {
            rows: count(&row, 0),
            p50_ms: row.get(1),
            p99_ms: row.get(2),
            max_ms: row.get(3),
        })
    }
}

fn named(rows: &[tokio_postgres::Row]) -> Vec<NamedCount> {
    let named = rows.iter().map(|row| NamedCount {
        name: row.get(0),
        count: count(row, 1),
    });
    named.collect()
}

fn count(row: &tokio_postgres::Row, column: usize) -> u64 {
    u64::try_from(row.get::<_, i64>(column)).unwrap_or(0)
}
