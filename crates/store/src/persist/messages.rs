//! Messages and the files they refer to.

use std::collections::HashSet;

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::attempt::Placed;
use super::webhooks::made;
use crate::sql::{At, RawJson};
use crate::{MediaRow, MessageRow, StoreError};

/// A message that was dropped before has no row of its own, so it is looked for.
pub(super) const INSERT: &str = "
INSERT INTO messages (id, direction, origin, waba_id, phone_number_id, wamid, type, status, contact_id, person_phone, person_bsuid,
                      group_id, context_wamid, sent_at, received_at, request_id, payload)
SELECT m.*
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::text[],
            $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::uuid[], $17::jsonb[])
     AS m (id, direction, origin, waba_id, phone_number_id, wamid, type, status, contact_id, person_phone, person_bsuid,
           group_id, context_wamid, sent_at, received_at, request_id, payload)
LEFT JOIN LATERAL (SELECT true AS dropped FROM dropped_duplicates d
                   WHERE d.phone_number_id = m.phone_number_id AND d.wamid = m.wamid LIMIT 1) d ON true
WHERE d.dropped IS NULL
ON CONFLICT (wamid, phone_number_id) DO NOTHING
RETURNING id";

pub(super) const MEDIA: &str = "
INSERT INTO media (message_id, kind, media_id, mime_type, sha256, url, filename)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
ON CONFLICT DO NOTHING";

type Messages<'b, 'a> = [Placed<'b, MessageRow<'a>>];

/// Inserts messages and tells the ids of those that are new.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    rows: &Messages<'_, '_>,
) -> Result<HashSet<Uuid>, StoreError> {
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = tx.prepare_cached(INSERT).await?;
    let ids: Vec<Uuid> = rows.iter().map(|m| m.id).collect();
    let contacts: Vec<Option<Uuid>> = rows.iter().map(|m| m.contact).collect();
    let column = |of: fn(&MessageRow<'_>) -> &'static str| -> Vec<&str> {
        rows.iter().map(|m| of(m.row)).collect()
    };
    let directions = column(|m| m.direction.as_str());
    let origins = column(|m| m.origin.as_str());
    let wabas: Vec<&str> = rows.iter().map(|m| m.row.waba_id).collect();
    let numbers: Vec<&str> = rows.iter().map(|m| m.row.phone_number_id).collect();
    let wamids: Vec<&str> = rows.iter().map(|m| m.row.wamid).collect();
    let kinds: Vec<&str> = rows.iter().map(|m| m.row.kind).collect();
    let states: Vec<Option<&str>> = rows
        .iter()
        .map(|m| m.row.status.as_ref().map(|status| status.as_str()))
        .collect();
    let phones: Vec<Option<&str>> = rows.iter().map(|m| m.row.person.phone).collect();
    let bsuids: Vec<Option<&str>> = rows.iter().map(|m| m.row.person.bsuid).collect();
    let groups: Vec<Option<&str>> = rows.iter().map(|m| m.row.group_id).collect();
    let contexts: Vec<Option<&str>> = rows.iter().map(|m| m.row.context_wamid).collect();
    let sent: Vec<Option<At>> = rows.iter().map(|m| m.row.sent_at.map(At)).collect();
    let received: Vec<At> = rows.iter().map(|m| At(m.row.received_at)).collect();
    let requests: Vec<Uuid> = rows.iter().map(|m| m.row.request_id).collect();
    let payloads: Vec<RawJson<'_>> = rows.iter().map(|m| RawJson(m.row.payload)).collect();
    let new = tx
        .query(
            &statement,
            &[
                &ids, &directions, &origins, &wabas, &numbers, &wamids, &kinds, &states, &contacts,
                &phones, &bsuids, &groups, &contexts, &sent, &received, &requests, &payloads,
            ],
        )
        .await?;
    Ok(made(&new))
}

/// Notes the files of messages that are new.
pub(super) async fn insert_media(
    tx: &Transaction<'_>,
    rows: &Messages<'_, '_>,
) -> Result<(), StoreError> {
    let with = |m: &Placed<'_, MessageRow<'_>>| m.row.media.is_some();
    if !rows.iter().any(with) {
        return Ok(());
    }
    let statement = tx.prepare_cached(MEDIA).await?;
    let ids: Vec<Uuid> = rows.iter().filter(|m| with(m)).map(|m| m.id).collect();
    let media: Vec<MediaRow<'_>> = rows.iter().filter_map(|m| m.row.media).collect();
    let kinds: Vec<&str> = media.iter().map(|m| m.kind).collect();
    let media_ids: Vec<&str> = media.iter().map(|m| m.media_id).collect();
    let types: Vec<Option<&str>> = media.iter().map(|m| m.mime_type).collect();
    let hashes: Vec<Option<&str>> = media.iter().map(|m| m.sha256).collect();
    let urls: Vec<Option<&str>> = media.iter().map(|m| m.url).collect();
    let names: Vec<Option<&str>> = media.iter().map(|m| m.filename).collect();
    tx.execute(
        &statement,
        &[&ids, &kinds, &media_ids, &types, &hashes, &urls, &names],
    )
    .await?;
    Ok(())
}
