//! The state of a message sent through us is a projection of what was told of it: its steps, its attempts, and the
//! statuses that Meta sent for it.
//!
//! The rule: whatever proves that Meta has it, a fact or any status, makes it `sent`, for good. Else the fact with the
//! highest life, attempt and state counts. So a row has a height, (sent, life, attempt, rank of the state), which only
//! grows as more is heard, and a projection writes only what stands higher than the row as it is when the lock is had.
//! What belongs to a height is told by one step, so that two projections of one height agree; where several facts prove the
//! same (the time of sending, the wamid), the least counts.

use std::time::SystemTime;

use deadpool_postgres::ClientWrapper;
use uuid::Uuid;

use super::run;
use crate::StoreError;
use crate::sql::At;

/// A step may be told of a message whose status came without our id: Meta's id leads to it.
const FOLLOW: &str = "
SELECT DISTINCT step.message_id
FROM unnest($1::text[]) AS k (wamid)
CROSS JOIN LATERAL (SELECT message_id FROM message_steps WHERE wamid = k.wamid OFFSET 0) step";

/// Whether what was found stands higher than the row.
macro_rules! higher {
    () => {
        "(p.is_sent, p.life, p.attempt, p.height) > (m.state = 'sent', m.state_life, m.state_attempt, send_state_rank(m.state))"
    };
}

/// What the row becomes, column by column; each is the same again when nothing was news.
macro_rules! becomes {
    () => {
        concat!(
            "CASE WHEN ", higher!(), " THEN CASE WHEN p.is_sent THEN 'sent' ELSE p.state END ELSE m.state END,
            CASE WHEN ", higher!(), " THEN p.life ELSE m.state_life END,
            CASE WHEN ", higher!(), " THEN p.attempt ELSE m.state_attempt END,
            CASE WHEN m.state = 'sent' THEN least(m.state_at, p.proven_at)
                 WHEN ", higher!(), " THEN CASE WHEN p.is_sent THEN p.proven_at ELSE p.at END ELSE m.state_at END,
            CASE WHEN ", higher!(), " THEN CASE WHEN p.is_sent THEN NULL ELSE p.class END ELSE m.state_class END,
            CASE WHEN m.state = 'sent' THEN least(m.error_code, p.failed_code)
                 WHEN ", higher!(), " THEN CASE WHEN p.is_sent THEN p.failed_code WHEN p.state = 'dead' THEN p.error_code END
                 ELSE m.error_code END,
            greatest(m.attempts, p.attempts),
            least(m.wamid, p.wamid),
            CASE WHEN p.rank > status_rank(m.status) THEN (ARRAY['sent', 'delivered', 'read', 'played', 'failed'])[p.rank] ELSE m.status END,
            least(m.sent_at, p.sent_at),
            least(m.delivered_at, p.delivered_at),
            least(m.read_at, p.read_at),
            least(m.played_at, p.played_at),
            least(m.failed_at, p.failed_at)"
        )
    };
}

macro_rules! columns {
    ($of:literal) => {
        concat!(
            $of,
            "state, ",
            $of,
            "state_life, ",
            $of,
            "state_attempt, ",
            $of,
            "state_at, ",
            $of,
            "state_class, ",
            $of,
            "error_code, ",
            $of,
            "attempts, ",
            $of,
            "wamid, ",
            $of,
            "status, ",
            $of,
            "sent_at, ",
            $of,
            "delivered_at, ",
            $of,
            "read_at, ",
            $of,
            "played_at, ",
            $of,
            "failed_at"
        )
    };
}

/// `$ids` yields the ids of messages. Every look at a table is by one key: LIMIT and OFFSET keep Postgres from making a join
/// of it, which is cheaper for tables that are small when it plans, and ruinous when they have grown. A wamid that another row has, a message of the phone app, stays with that row.
macro_rules! projection {
    ($ids:literal) => {
        concat!(
            "
UPDATE messages m SET (", columns!(""), ") = ROW(", becomes!(), ")
FROM (
    SELECT ours.id, top.*, tried.attempts, heard.*,
           (told.sent_at IS NOT NULL OR heard.echoed_at IS NOT NULL) AS is_sent,
           least(told.sent_at, heard.echoed_at) AS proven_at,
           free.wamid
    FROM (SELECT DISTINCT id FROM ", $ids, " AS k (id) ORDER BY id) k
    CROSS JOIN LATERAL (SELECT id, wamid, phone_number_id FROM messages WHERE id = k.id AND state IS NOT NULL LIMIT 1) ours
    CROSS JOIN LATERAL (SELECT life, attempt, state, send_state_rank(state) AS height, class, error_code, at
                        FROM message_steps WHERE message_id = k.id
                        ORDER BY life DESC, attempt DESC, send_state_rank(state) DESC LIMIT 1) top
    CROSS JOIN LATERAL (SELECT min(at) FILTER (WHERE state = 'sent') AS sent_at,
                               array_agg(wamid) FILTER (WHERE wamid IS NOT NULL) || ours.wamid AS wamids
                        FROM message_steps WHERE message_id = k.id) told
    CROSS JOIN LATERAL (SELECT count(*)::int AS attempts FROM message_attempts WHERE message_id = k.id) tried
    CROSS JOIN LATERAL (SELECT coalesce(max(status_rank(status)), 0) AS rank,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'sent') AS sent_at,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'delivered') AS delivered_at,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'read') AS read_at,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'played') AS played_at,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'failed') AS failed_at,
                               min(error_code) FILTER (WHERE status = 'failed') AS failed_code,
                               min(coalesce(at, received_at)) AS echoed_at,
                               array_agg(wamid) AS wamids
                        FROM (SELECT status, at, received_at, error_code, wamid FROM message_statuses WHERE message_id = k.id
                              UNION ALL
                              SELECT by_wamid.* FROM unnest(told.wamids) AS w
                              CROSS JOIN LATERAL (SELECT status, at, received_at, error_code, wamid FROM message_statuses
                                                  WHERE wamid = w AND message_id IS DISTINCT FROM k.id OFFSET 0) by_wamid) s) heard
    CROSS JOIN LATERAL (SELECT min(w COLLATE \"C\") AS wamid FROM unnest(told.wamids || heard.wamids) AS w
                        WHERE coalesce((SELECT o.id FROM messages o
                                        WHERE o.wamid = w AND o.phone_number_id = ours.phone_number_id LIMIT 1), ours.id) = ours.id) free) p
WHERE m.id = p.id AND ROW(", columns!("m."), ") IS DISTINCT FROM ROW(", becomes!(), ")"
        )
    };
}

const PROJECT: &str = projection!("unnest($1::uuid[])");

const PROJECT_RANGE: &str = projection!(
    "(SELECT message_id FROM message_steps WHERE created_at >= $1 AND created_at < $2
      UNION ALL
      SELECT message_id FROM message_statuses WHERE created_at >= $1 AND created_at < $2 AND message_id IS NOT NULL
      UNION ALL
      SELECT t.message_id FROM message_statuses s JOIN message_steps t ON t.wamid = s.wamid
      WHERE s.created_at >= $1 AND s.created_at < $2 AND s.message_id IS NULL)"
);

/// Projects messages of ours by id, and tells how many had to be changed.
pub(super) async fn project(
    client: &ClientWrapper,
    ids: &mut Vec<Uuid>,
) -> Result<u64, StoreError> {
    if ids.is_empty() {
        return Ok(0);
    }
    ids.sort_unstable();
    ids.dedup();
    run(client, PROJECT, &[ids]).await
}

/// The same for all of whom anything was written between two moments.
pub(super) async fn project_range(
    client: &ClientWrapper,
    from: SystemTime,
    to: SystemTime,
) -> Result<u64, StoreError> {
    run(client, PROJECT_RANGE, &[&At(from), &At(to)]).await
}

/// Messages of ours among those that statuses without our id speak of.
pub(super) async fn follow(
    client: &ClientWrapper,
    wamids: &[&str],
) -> Result<Vec<Uuid>, StoreError> {
    if wamids.is_empty() {
        return Ok(Vec::new());
    }
    let statement = client.prepare_cached(FOLLOW).await?;
    let found = client.query(&statement, &[&wamids]).await?;
    Ok(found.iter().map(|row| row.get(0)).collect())
}
