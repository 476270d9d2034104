//! The state of a sent message is a projection of its statuses.
//!
//! It runs after the commit, over the statuses and sent messages of the batch. Whoever commits last, the one with the
//! message or the one with the status, then sees both; that is how an early status waits for its message. Everything is
//! written against the row as it is when the lock is had, the furthest state and the earliest time, so projections that
//! overlap can only agree. [`outbound`] does the same for messages sent through us, of which more is told.

mod outbound;

use std::time::SystemTime;

use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use waypost_model::Direction;

use crate::sql::{At, first_id};
use crate::{Item, StoreError};

/// Once more after a deadlock with a merge or another projection.
const RUNS: u32 = 5;

/// `$keys` yields the columns phone_number_id and wamid.
macro_rules! projection {
    ($keys:literal) => {
        concat!(
            "
UPDATE messages m SET
    status = CASE WHEN p.rank > status_rank(m.status) THEN (ARRAY['sent', 'delivered', 'read', 'played', 'failed'])[p.rank] ELSE m.status END,
    sent_at = least(m.sent_at, p.sent_at),
    delivered_at = least(m.delivered_at, p.delivered_at),
    read_at = least(m.read_at, p.read_at),
    played_at = least(m.played_at, p.played_at),
    failed_at = least(m.failed_at, p.failed_at),
    error_code = least(m.error_code, p.error_code)
FROM (
    SELECT sent.id, heard.*
    FROM ",
            $keys,
            " AS k (phone_number_id, wamid)
    CROSS JOIN LATERAL (SELECT id FROM messages
                        WHERE phone_number_id = k.phone_number_id AND wamid = k.wamid AND direction = 'out' LIMIT 1) sent
    CROSS JOIN LATERAL (SELECT max(status_rank(status)) AS rank,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'sent') AS sent_at,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'delivered') AS delivered_at,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'read') AS read_at,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'played') AS played_at,
                               min(coalesce(at, received_at)) FILTER (WHERE status = 'failed') AS failed_at,
                               min(error_code) FILTER (WHERE status = 'failed') AS error_code
                        FROM message_statuses WHERE wamid = k.wamid) heard
    WHERE heard.rank > 0) p
WHERE m.id = p.id
  AND (p.rank > status_rank(m.status)
       OR (least(m.sent_at, p.sent_at), least(m.delivered_at, p.delivered_at), least(m.read_at, p.read_at),
           least(m.played_at, p.played_at), least(m.failed_at, p.failed_at), least(m.error_code, p.error_code))
          IS DISTINCT FROM (m.sent_at, m.delivered_at, m.read_at, m.played_at, m.failed_at, m.error_code))"
        )
    };
}

pub(super) const PROJECT: &str = projection!("unnest($1::text[], $2::text[])");

const PROJECT_RANGE: &str = projection!(
    "(SELECT phone_number_id, wamid FROM message_statuses WHERE created_at >= $1 AND created_at < $2
      UNION
      SELECT phone_number_id, wamid FROM messages WHERE id >= $3 AND id < $4 AND direction = 'out')"
);

/// What a batch speaks of.
#[derive(Default)]
struct Touched<'a> {
    /// Sent messages by number and wamid.
    keys: Vec<(&'a str, &'a str)>,
    /// Messages sent through us.
    ids: Vec<uuid::Uuid>,
    /// Of statuses without our id.
    strange: Vec<&'a str>,
}

impl<'a> Touched<'a> {
    fn by(items: &[Item<'a>]) -> Self {
        let mut touched = Self::default();
        for item in items {
            match item {
                Item::Status(row) => {
                    if let Some(id) = row.message_id {
                        touched.ids.push(id);
                        continue;
                    }
                    touched.keys.push((row.phone_number_id, row.wamid));
                    touched.strange.push(row.wamid);
                }
                Item::Message(row) if row.direction == Direction::Out => {
                    touched.keys.push((row.phone_number_id, row.wamid));
                }
                Item::Send(row) => touched.ids.push(row.id),
                Item::Fact(row) => touched.ids.push(row.message_id),
                Item::Message(_) | Item::Account(_) => {}
            }
        }
        touched.keys.sort_unstable();
        touched.keys.dedup();
        touched.strange.sort_unstable();
        touched.strange.dedup();
        touched
    }
}

/// Projects the sent messages that `items` speak of, and tells how many had to be changed.
pub(crate) async fn project(client: &ClientWrapper, items: &[Item<'_>]) -> Result<u64, StoreError> {
    let mut touched = Touched::by(items);
    let (changed, followed) = try_join(
        by_wamid(client, &touched.keys),
        outbound::follow(client, &touched.strange),
    )
    .await?;
    touched.ids.extend(followed);
    Ok(changed + outbound::project(client, &mut touched.ids).await?)
}

async fn by_wamid(client: &ClientWrapper, keys: &[(&str, &str)]) -> Result<u64, StoreError> {
    if keys.is_empty() {
        return Ok(0);
    }
    let (numbers, wamids): (Vec<&str>, Vec<&str>) = keys.iter().copied().unzip();
    run(client, PROJECT, &[&numbers, &wamids]).await
}

/// The same for whatever was written between two moments: what a crash between commit and projection has left behind.
pub(crate) async fn project_range(
    client: &ClientWrapper,
    from: SystemTime,
    to: SystemTime,
) -> Result<u64, StoreError> {
    let (first, last) = (first_id(from), first_id(to));
    let changed = run(client, PROJECT_RANGE, &[&At(from), &At(to), &first, &last]).await?;
    Ok(changed + outbound::project_range(client, from, to).await?)
}

async fn run(
    client: &ClientWrapper,
    sql: &'static str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<u64, StoreError> {
    let statement = client.prepare_cached(sql).await?;
    let mut runs = 0;
    loop {
        runs += 1;
        match client.execute(&statement, parameters).await {
            Ok(projected) => return Ok(projected),
            Err(error) => {
                let error = StoreError::from(error);
                // Another row was given the same wamid just now; the next run sees it.
                let clash = error.code() == Some(SqlState::UNIQUE_VIOLATION.code());
                if runs == RUNS || !(clash || error.is_conflict()) {
                    return Err(error);
                }
            }
        }
    }
}
