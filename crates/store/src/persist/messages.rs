//! Messages and the files they refer to.

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::rows::{Placed, known_rows};
use crate::bulk::{Amount, Rows, Table, table};
use crate::sql::At;
use crate::{MediaRow, MessageRow, StoreError};

/// A message that was dropped before has no row of its own, so it is looked for.
pub(super) const KNOWN: &str = "
SELECT k.n
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (wamid, phone_number_id, n)
CROSS JOIN LATERAL (
    (SELECT 1 FROM messages WHERE wamid = k.wamid AND phone_number_id = k.phone_number_id)
    UNION ALL
    (SELECT 1 FROM dropped_duplicates WHERE wamid = k.wamid AND phone_number_id = k.phone_number_id)
    LIMIT 1) known";

pub(super) const TABLE: Table = table!(
    "messages",
    "id, direction, origin, waba_id, phone_number_id, wamid, type, status, contact_id, person_phone, person_bsuid, \
     group_id, context_wamid, sent_at, received_at, request_id, payload, trace_id",
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18"
);

pub(super) const MEDIA: &str = "
INSERT INTO media (message_id, kind, media_id, mime_type, sha256, url, filename)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
ON CONFLICT DO NOTHING";

type Messages<'b, 'a> = [Placed<'b, MessageRow<'a>>];

/// Places in `rows` of the messages that are known already.
pub(super) async fn known(
    tx: &Transaction<'_>,
    rows: &Messages<'_, '_>,
) -> Result<Vec<usize>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let statement = tx.prepare_cached(KNOWN).await?;
    let wamids: Vec<&str> = rows.iter().map(|m| m.row.wamid).collect();
    let numbers: Vec<&str> = rows.iter().map(|m| m.row.phone_number_id).collect();
    Ok(known_rows(
        &tx.query(&statement, &[&wamids, &numbers]).await?,
    ))
}

/// Writes messages that are new.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    messages: &Messages<'_, '_>,
    amount: Amount,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(18, messages.len(), amount);
    for placed in messages {
        let m = placed.row;
        rows.row().uuid(placed.id);
        rows.text(m.direction.as_str()).text(m.origin.as_str());
        rows.text(m.waba_id)
            .text(m.phone_number_id)
            .text(m.wamid)
            .text(m.kind);
        rows.opt_text(m.status.as_ref().map(|status| status.as_str()));
        rows.opt_uuid(placed.contact);
        rows.opt_text(m.person.phone).opt_text(m.person.bsuid);
        rows.opt_text(m.group_id).opt_text(m.context_wamid);
        rows.opt_at(m.sent_at.map(At)).at(At(m.received_at));
        rows.uuid(m.request_id).json(m.payload);
        rows.opt_text(m.trace_id);
    }
    rows.write(tx, &TABLE).await
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
