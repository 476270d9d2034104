//! A message as its row tells it.

use std::time::SystemTime;

use tokio_postgres::Row;
use uuid::Uuid;
use waypost_model::Direction;

/// A message, received or sent.
#[derive(Clone)]
#[expect(
    missing_docs,
    reason = "docs/SCHEMA.md describes the columns of the same names"
)]
pub struct KnownMessage {
    pub id: Uuid,
    pub direction: Direction,
    pub origin: String,
    /// Empty when not known.
    pub waba_id: String,
    pub phone_number_id: String,
    pub wamid: Option<String>,
    /// Meta's word for the type.
    pub kind: String,
    pub contact_id: Option<Uuid>,
    /// What that person is called in WhatsApp now.
    pub contact_name: Option<String>,
    pub person_phone: Option<String>,
    pub person_bsuid: Option<String>,
    pub group_id: Option<String>,
    pub context_wamid: Option<String>,
    /// Only of one sent through us.
    pub state: Option<String>,
    pub state_at: Option<SystemTime>,
    pub state_class: Option<String>,
    pub status: Option<String>,
    pub error_code: Option<i64>,
    /// 0 of one that was not sent through us.
    pub attempts: u32,
    pub callback_data: Option<String>,
    pub priority: Option<String>,
    pub on_unknown: Option<String>,
    pub send_at: Option<SystemTime>,
    pub expires_at: Option<SystemTime>,
    pub key_name: Option<String>,
    pub request_id: Uuid,
    pub trace_id: Option<String>,
    /// `wamid` of the one it repeats.
    pub duplicate_of: Option<String>,
    /// `received_at`: accepted from its sender, or received in a webhook.
    pub accepted_at: SystemTime,
    /// When it was stored.
    pub created_at: SystemTime,
    pub sent_at: Option<SystemTime>,
    pub delivered_at: Option<SystemTime>,
    pub read_at: Option<SystemTime>,
    pub played_at: Option<SystemTime>,
    pub failed_at: Option<SystemTime>,
    /// JSON text, if asked for.
    pub payload: Option<String>,
}

/// The messages whose ids `picked` yields, newest first. A body that nobody wants is not even read.
pub(super) fn select(picked: &str, payload: bool) -> String {
    let payload = if payload { "m.payload" } else { "NULL" };
    format!(
        "
SELECT m.id, m.direction, m.origin, m.waba_id, m.phone_number_id, m.wamid, m.type, m.contact_id, c.name AS contact_name,
       m.person_phone, m.person_bsuid, m.group_id, m.context_wamid, m.state, m.state_at, m.state_class, m.status, m.error_code,
       coalesce(m.attempts, 0) AS attempts, m.callback_data, m.priority, m.on_unknown, m.send_at, m.expires_at, m.key_name,
       m.request_id, m.trace_id, m.duplicate_of, m.received_at, m.created_at, m.sent_at, m.delivered_at, m.read_at, m.played_at,
       m.failed_at, {payload}::text AS payload
FROM ({picked}) k
CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = k.id LIMIT 1) m
LEFT JOIN contacts c ON c.id = m.contact_id
ORDER BY m.id DESC"
    )
}

/// A row of [`select`].
pub(super) fn read(row: &Row) -> KnownMessage {
    KnownMessage {
        id: row.get("id"),
        // The table takes no other word.
        direction: Direction::parse(row.get("direction")).unwrap_or(Direction::In),
        origin: row.get("origin"),
        waba_id: row.get("waba_id"),
        phone_number_id: row.get("phone_number_id"),
        wamid: row.get("wamid"),
        kind: row.get("type"),
        contact_id: row.get("contact_id"),
        contact_name: row.get("contact_name"),
        person_phone: row.get("person_phone"),
        person_bsuid: row.get("person_bsuid"),
        group_id: row.get("group_id"),
        context_wamid: row.get("context_wamid"),
        state: row.get("state"),
        state_at: row.get("state_at"),
        state_class: row.get("state_class"),
        status: row.get("status"),
        error_code: row.get("error_code"),
        attempts: u32::try_from(row.get::<_, i32>("attempts")).unwrap_or(0),
        callback_data: row.get("callback_data"),
        priority: row.get("priority"),
        on_unknown: row.get("on_unknown"),
        send_at: row.get("send_at"),
        expires_at: row.get("expires_at"),
        key_name: row.get("key_name"),
        request_id: row.get("request_id"),
        trace_id: row.get("trace_id"),
        duplicate_of: row.get("duplicate_of"),
        accepted_at: row.get("received_at"),
        created_at: row.get("created_at"),
        sent_at: row.get("sent_at"),
        delivered_at: row.get("delivered_at"),
        read_at: row.get("read_at"),
        played_at: row.get("played_at"),
        failed_at: row.get("failed_at"),
        payload: row.get("payload"),
    }
}
