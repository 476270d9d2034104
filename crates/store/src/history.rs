//! What is known of a message that was sent through us, for whoever asks. None of it is `Debug`, because it holds what
//! people wrote.

use std::collections::HashMap;
use std::time::SystemTime;

use futures_util::future::try_join4;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Store, StoreError};

/// A message sent through us, and all that was told of it, oldest first.
#[derive(Clone)]
pub struct History {
    /// Its row.
    pub message: SentMessage,
    /// Attempts to send it.
    pub attempts: Vec<Attempt>,
    /// Facts told of it, its acceptance first.
    pub steps: Vec<Step>,
    /// What Meta told of it.
    pub statuses: Vec<HeardStatus>,
}

/// The row of such a message.
#[derive(Clone)]
#[expect(
    missing_docs,
    reason = "docs/SCHEMA.md describes the columns of the same names"
)]
pub struct SentMessage {
    pub id: Uuid,
    pub waba_id: String,
    pub phone_number_id: String,
    pub wamid: Option<String>,
    pub kind: String,
    pub contact_id: Option<Uuid>,
    pub person_phone: Option<String>,
    pub person_bsuid: Option<String>,
    pub group_id: Option<String>,
    pub state: String,
    pub state_at: Option<SystemTime>,
    pub state_class: Option<String>,
    pub status: Option<String>,
    pub error_code: Option<i64>,
    pub attempts: u32,
    pub callback_data: Option<String>,
    pub priority: Option<String>,
    pub on_unknown: Option<String>,
    pub send_at: Option<SystemTime>,
    pub expires_at: Option<SystemTime>,
    pub key_name: Option<String>,
    pub request_id: Uuid,
    pub accepted_at: SystemTime,
    pub sent_at: Option<SystemTime>,
    pub delivered_at: Option<SystemTime>,
    pub read_at: Option<SystemTime>,
    pub played_at: Option<SystemTime>,
    pub failed_at: Option<SystemTime>,
    /// The body for Meta, JSON text.
    pub payload: String,
}

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

const MESSAGE: &str = "
SELECT id, waba_id, phone_number_id, wamid, type, contact_id, person_phone, person_bsuid, group_id, state, state_at, state_class,
       status, error_code, coalesce(attempts, 0), callback_data, priority, on_unknown, send_at, expires_at, key_name, request_id,
       received_at, sent_at, delivered_at, read_at, played_at, failed_at, payload::text
FROM messages WHERE id = $1 AND state IS NOT NULL";
const ATTEMPTS: &str = "
SELECT attempt, coalesce(life, 0), outcome, verdict, http_status, error_code, error_subcode, error_message, fbtrace_id, wamid,
       started_at, finished_at, next_at
FROM message_attempts WHERE message_id = $1 ORDER BY attempt";
const STEPS: &str = "
SELECT life, attempt, state, class, error_code, error_message, at
FROM message_steps WHERE message_id = $1 ORDER BY life, attempt, send_state_rank(state)";
const STATUSES: &str = "
SELECT status, participant, at, error_code, received_at FROM message_statuses
WHERE message_id = $1
   OR wamid = ANY (SELECT wamid FROM messages WHERE id = $1 UNION SELECT wamid FROM message_steps WHERE message_id = $1)
ORDER BY coalesce(at, received_at), status_rank(status)";
const CALLBACKS: &str = "
SELECT k.id, m.callback_data
FROM unnest($1::uuid[]) AS k (id)
CROSS JOIN LATERAL (SELECT callback_data FROM messages WHERE id = k.id AND callback_data IS NOT NULL LIMIT 1) m";

impl Store {
    /// A message sent through us, with all that was told of it; `None` when there is none of that id.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn message(&self, id: Uuid) -> Result<Option<History>, StoreError> {
        let client = self.client().await?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&id];
        let answers = try_join4(
            client.query_opt(MESSAGE, &parameters),
            client.query(ATTEMPTS, &parameters),
            client.query(STEPS, &parameters),
            client.query(STATUSES, &parameters),
        );
        let result = self.within(answers).await;
        let (message, attempts, steps, statuses) = self.settle(client, result)?;
        Ok(message.map(|message| History {
            message: sent_message(&message),
            attempts: attempts.iter().map(attempt).collect(),
            steps: steps.iter().map(step).collect(),
            statuses: statuses.iter().map(heard_status).collect(),
        }))
    }

    /// What the senders of these messages gave as `biz_opaque_callback_data`, of those that gave something.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn callbacks(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let client = self.client().await?;
        let ask = async {
            let statement = client.prepare_cached(CALLBACKS).await?;
            Ok::<_, StoreError>(client.query(&statement, &[&ids]).await?)
        };
        let result = self.within(ask).await;
        let rows = self.settle(client, result)?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

fn sent_message(row: &Row) -> SentMessage {
    SentMessage {
        id: row.get(0),
        waba_id: row.get(1),
        phone_number_id: row.get(2),
        wamid: row.get(3),
        kind: row.get(4),
        contact_id: row.get(5),
        person_phone: row.get(6),
        person_bsuid: row.get(7),
        group_id: row.get(8),
        state: row.get(9),
        state_at: row.get(10),
        state_class: row.get(11),
        status: row.get(12),
        error_code: row.get(13),
        attempts: number(row, 14),
        callback_data: row.get(15),
        priority: row.get(16),
        on_unknown: row.get(17),
        send_at: row.get(18),
        expires_at: row.get(19),
        key_name: row.get(20),
        request_id: row.get(21),
        accepted_at: row.get(22),
        sent_at: row.get(23),
        delivered_at: row.get(24),
        read_at: row.get(25),
        played_at: row.get(26),
        failed_at: row.get(27),
        payload: row.get(28),
    }
}

fn attempt(row: &Row) -> Attempt {
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

fn step(row: &Row) -> Step {
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

fn heard_status(row: &Row) -> HeardStatus {
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
