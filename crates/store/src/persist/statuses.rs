//! Statuses, each kept with its own time whether or not its message is known.

use deadpool_postgres::Transaction;

use super::rows::{Placed, known_rows};
use crate::bulk::{Amount, Rows, Table, table};
use crate::sql::At;
use crate::{StatusRow, StoreError};

pub(super) const KNOWN: &str = "
SELECT k.n
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k (wamid, status, participant, n)
CROSS JOIN LATERAL (SELECT 1 FROM message_statuses
                    WHERE wamid = k.wamid AND status = k.status AND participant = k.participant LIMIT 1) known";

pub(super) const TABLE: Table = table!(
    "message_statuses",
    "id, wamid, status, participant, waba_id, phone_number_id, recipient_id, recipient_bsuid, at, error_code, \
     callback_data, request_id, payload, received_at, message_id",
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15"
);

/// Places in `rows` of the statuses that are known already.
pub(super) async fn known(
    tx: &Transaction<'_>,
    rows: &[Placed<'_, StatusRow<'_>>],
) -> Result<Vec<usize>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let statement = tx.prepare_cached(KNOWN).await?;
    let wamids: Vec<&str> = rows.iter().map(|s| s.row.wamid).collect();
    let words: Vec<&str> = rows.iter().map(|s| s.row.status).collect();
    let members: Vec<&str> = rows.iter().map(|s| member(s.row)).collect();
    let known = tx.query(&statement, &[&wamids, &words, &members]).await?;
    Ok(known_rows(&known))
}

/// Writes statuses that are new.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    statuses: &[Placed<'_, StatusRow<'_>>],
    amount: Amount,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(15, statuses.len(), amount);
    for placed in statuses {
        let s = placed.row;
        rows.row().uuid(placed.id);
        rows.text(s.wamid).text(s.status).text(member(s));
        rows.text(s.waba_id).text(s.phone_number_id);
        rows.opt_text(s.recipient_id).opt_text(s.person.bsuid);
        rows.opt_at(s.at.map(At))
            .opt_i64(s.error_code)
            .opt_text(s.callback);
        rows.uuid(s.request_id)
            .json(s.payload)
            .at(At(s.received_at))
            .opt_uuid(s.message_id);
    }
    rows.write(tx, &TABLE).await
}

/// Outside of groups there is nobody to name, and a key has no room for NULL.
pub(super) fn member<'a>(row: &StatusRow<'a>) -> &'a str {
    row.participant.unwrap_or("")
}
