//! Every other webhook field, recognised again by its exact content.

use std::collections::HashSet;

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::rows::Placed;
use crate::sql::{At, RawJson};
use crate::{AccountRow, StoreError};

pub(super) const INSERT: &str = "
INSERT INTO account_events (id, field, waba_id, phone_number_id, content_sha256, payload, at, request_id, received_at)
SELECT *
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::jsonb[], $7::timestamptz[], $8::uuid[], $9::timestamptz[])
ON CONFLICT (content_sha256) DO NOTHING
RETURNING id";

/// Inserts events and tells the ids of those that are new.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    rows: &[Placed<'_, AccountRow<'_>>],
) -> Result<HashSet<Uuid>, StoreError> {
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = tx.prepare_cached(INSERT).await?;
    let ids: Vec<Uuid> = rows.iter().map(|a| a.id).collect();
    let fields: Vec<&str> = rows.iter().map(|a| a.row.field).collect();
    let wabas: Vec<&str> = rows.iter().map(|a| a.row.waba_id).collect();
    let numbers: Vec<Option<&str>> = rows.iter().map(|a| a.row.phone_number_id).collect();
    let contents: Vec<&[u8]> = rows.iter().map(|a| a.row.content.as_slice()).collect();
    let payloads: Vec<RawJson<'_>> = rows.iter().map(|a| RawJson(a.row.payload)).collect();
    let at: Vec<Option<At>> = rows.iter().map(|a| a.row.at.map(At)).collect();
    let requests: Vec<Uuid> = rows.iter().map(|a| a.row.request_id).collect();
    let received: Vec<At> = rows.iter().map(|a| At(a.row.received_at)).collect();
    let new = tx
        .query(
            &statement,
            &[
                &ids, &fields, &wabas, &numbers, &contents, &payloads, &at, &requests, &received,
            ],
        )
        .await?;
    Ok(new.iter().map(|row| row.get(0)).collect())
}
