//! Raw webhooks.

use deadpool_postgres::Transaction;
use uuid::Uuid;

use crate::sql::At;
use crate::{RawWebhook, StoreError};

pub(super) const INSERT: &str = "
INSERT INTO webhooks (id, received_at, body)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bytea[])
ON CONFLICT DO NOTHING";

/// Keeps raw webhooks; those that are there already are left alone.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    webhooks: &[RawWebhook<'_>],
) -> Result<(), StoreError> {
    if webhooks.is_empty() {
        return Ok(());
    }
    let statement = tx.prepare_cached(INSERT).await?;
    let ids: Vec<Uuid> = webhooks.iter().map(|w| w.id).collect();
    let times: Vec<At> = webhooks.iter().map(|w| At(w.received_at)).collect();
    let bodies: Vec<&[u8]> = webhooks.iter().map(|w| w.body).collect();
    tx.execute(&statement, &[&ids, &times, &bodies]).await?;
    Ok(())
}
