//! What happened to a message.

use std::time::SystemTime;

use tokio_postgres::Row;

/// One attempt to send.
#[derive(Clone)]
#[expect(
    missing_docs,
    reason = "docs/SCHEMA.md describes the columns of the same names"
)]
pub struct Attempt {
    pub attempt: u32,
    pub life: u32,
    /// The state after it.
    pub outcome: String,
    pub verdict: Option<String>,
    pub http_status: Option<u16>,
    pub error_code: Option<i64>,
    pub error_subcode: Option<i64>,
    pub error_message: Option<String>,
    pub fbtrace_id: Option<String>,
    pub wamid: Option<String>,
    pub started_at: SystemTime,
    pub finished_at: Option<SystemTime>,
    pub next_at: Option<SystemTime>,
}

/// One fact.
#[derive(Clone)]
#[expect(
    missing_docs,
    reason = "docs/SCHEMA.md describes the columns of the same names"
)]
pub struct Step {
    pub life: u32,
    pub attempt: u32,
    pub state: String,
    pub class: Option<String>,
    pub error_code: Option<i64>,
    pub error_message: Option<String>,
    pub at: SystemTime,
}

/// One status.
#[derive(Clone)]
#[expect(
    missing_docs,
    reason = "docs/SCHEMA.md describes the columns of the same names"
)]
pub struct HeardStatus {
    pub status: String,
    pub participant: String,
    pub at: Option<SystemTime>,
    pub error_code: Option<i64>,
    pub received_at: SystemTime,
}

pub(super) const ATTEMPTS: &str = "
SELECT attempt, coalesce(life, 0), outcome, verdict, http_status, error_code, error_subcode, error_message, fbtrace_id, wamid,
       started_at, finished_at, next_at
FROM message_attempts WHERE message_id = $1 ORDER BY attempt";

pub(super) const STEPS: &str = "
SELECT life, attempt, state, class, error_code, error_message, at
FROM message_steps WHERE message_id = $1 ORDER BY life, attempt, send_state_rank(state)";

/// By our id and by Meta's, each a look into its own index; one condition for both would read the whole table.
pub(super) const STATUSES: &str = "
SELECT status, participant, at, error_code, received_at
FROM (SELECT status, participant, at, error_code, received_at FROM message_statuses WHERE message_id = $1
      UNION ALL
      SELECT heard.*
      FROM (SELECT wamid FROM messages WHERE id = $1 UNION SELECT wamid FROM message_steps WHERE message_id = $1) w
      CROSS JOIN LATERAL (SELECT status, participant, at, error_code, received_at FROM message_statuses
                          WHERE wamid = w.wamid AND message_id IS DISTINCT FROM $1 OFFSET 0) heard) s
ORDER BY coalesce(at, received_at), status_rank(status), participant";

pub(super) fn attempt(row: &Row) -> Attempt {
    let http_status: Option<i32> = row.get(4);
    Attempt {
        attempt: number(row, 0),
        life: number(row, 1),
        outcome: row.get(2),
        verdict: row.get(3),
        http_status: http_status.and_then(|status| u16::try_from(status).ok()),
        error_code: row.get(5),
        error_subcode: row.get(6),
        error_message: row.get(7),
        fbtrace_id: row.get(8),
        wamid: row.get(9),
        started_at: row.get(10),
        finished_at: row.get(11),
        next_at: row.get(12),
    }
}

pub(super) fn step(row: &Row) -> Step {
    Step {
        life: number(row, 0),
        attempt: number(row, 1),
        state: row.get(2),
        class: row.get(3),
        error_code: row.get(4),
        error_message: row.get(5),
        at: row.get(6),
    }
}

pub(super) fn heard_status(row: &Row) -> HeardStatus {
    HeardStatus {
        status: row.get(0),
        participant: row.get(1),
        at: row.get(2),
        error_code: row.get(3),
        received_at: row.get(4),
    }
}

fn number(row: &Row, column: usize) -> u32 {
    u32::try_from(row.get::<_, i32>(column)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use uuid::Uuid;

    use super::{ATTEMPTS, STATUSES, STEPS};
    use crate::history::known;
    use crate::query::{Values, cost};

    /// Each with an attempt, a step and two statuses, one of which came without our id.
    const MADE: &str = "
INSERT INTO messages (id, direction, origin, waba_id, phone_number_id, wamid, type, request_id, payload, received_at, state)
SELECT md5(n::text)::uuid, 'out', 'live', '', '', 'w' || n, 'text', md5('')::uuid, '{}', now(), 'sent' FROM generate_series(0, 9999) n;
INSERT INTO message_steps (message_id, life, attempt, state, wamid, at)
SELECT md5(n::text)::uuid, 0, 1, 'sent', 'w' || n, now() FROM generate_series(0, 9999) n;
INSERT INTO message_attempts (message_id, attempt, outcome, started_at)
SELECT md5(n::text)::uuid, 1, 'sent', now() FROM generate_series(0, 9999) n;
INSERT INTO message_statuses (id, wamid, status, waba_id, phone_number_id, message_id, request_id, payload, received_at)
SELECT md5(s || n)::uuid, 'w' || n, s, '', '', CASE s WHEN 'sent' THEN md5(n::text)::uuid END, md5('')::uuid, '{}', now()
FROM generate_series(0, 9999) n, unnest(ARRAY['sent', 'read']) s";

    #[tokio::test]
    async fn a_history_costs_what_is_in_it() {
        let (store, _database) = cost::made(MADE).await;
        let mut values = Values::default();
        let id = Uuid::parse_str("202cb962ac59075b964b07152d234b70").unwrap();
        values.uuid(id);
        let message = known::select("SELECT $1::uuid AS id", true);
        for (sql, rows) in [(&*message, 1), (ATTEMPTS, 1), (STEPS, 1), (STATUSES, 2)] {
            let (read, found) = cost::of(&store, sql, &values).await;
            assert_eq!(found, rows, "{sql}");
            assert!(read.values().sum::<i64>() <= 6, "{read:?}");
        }
    }
}
