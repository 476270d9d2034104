//! Statuses, each kept with its own time whether or not its message is known.

use std::collections::HashSet;

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::attempt::Placed;
use super::webhooks::made;
use crate::sql::{At, RawJson};
use crate::{StatusRow, StoreError};

pub(super) const INSERT: &str = "
INSERT INTO message_statuses (id, wamid, status, participant, waba_id, phone_number_id, recipient_id, recipient_bsuid, at, error_code,
                              callback_data, request_id, payload, received_at)
SELECT *
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[],
            $10::bigint[], $11::text[], $12::uuid[], $13::jsonb[], $14::timestamptz[])
ON CONFLICT DO NOTHING
RETURNING id";

/// Inserts statuses and tells the ids of those that are new.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    rows: &[Placed<'_, StatusRow<'_>>],
) -> Result<HashSet<Uuid>, StoreError> {
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = tx.prepare_cached(INSERT).await?;
    let ids: Vec<Uuid> = rows.iter().map(|s| s.id).collect();
    let wamids: Vec<&str> = rows.iter().map(|s| s.row.wamid).collect();
    let words: Vec<&str> = rows.iter().map(|s| s.row.status).collect();
    let members: Vec<&str> = rows
        .iter()
        .map(|s| s.row.participant.unwrap_or(""))
        .collect();
    let wabas: Vec<&str> = rows.iter().map(|s| s.row.waba_id).collect();
    let numbers: Vec<&str> = rows.iter().map(|s| s.row.phone_number_id).collect();
    let recipients: Vec<Option<&str>> = rows.iter().map(|s| s.row.recipient_id).collect();
    let bsuids: Vec<Option<&str>> = rows.iter().map(|s| s.row.person.bsuid).collect();
    let at: Vec<Option<At>> = rows.iter().map(|s| s.row.at.map(At)).collect();
    let errors: Vec<Option<i64>> = rows.iter().map(|s| s.row.error_code).collect();
    let callbacks: Vec<Option<&str>> = rows.iter().map(|s| s.row.callback).collect();
    let requests: Vec<Uuid> = rows.iter().map(|s| s.row.request_id).collect();
    let payloads: Vec<RawJson<'_>> = rows.iter().map(|s| RawJson(s.row.payload)).collect();
    let received: Vec<At> = rows.iter().map(|s| At(s.row.received_at)).collect();
    let new = tx
        .query(
            &statement,
            &[
                &ids, &wamids, &words, &members, &wabas, &numbers, &recipients, &bsuids, &at,
                &errors, &callbacks, &requests, &payloads, &received,
            ],
        )
        .await?;
    Ok(made(&new))
}
