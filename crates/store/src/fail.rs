//! What could not be understood is kept as bytes.

use crate::sql::{At, RawJson, without_nul};
use crate::{FailedWebhook, Store, StoreError};

const INSERT: &str = "
INSERT INTO failed_webhooks (id, request_id, payload, message_id, error_message, error_stack, raw, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO NOTHING";

impl Store {
    /// Keeps what could not be understood. It takes anything: a payload that `jsonb` refuses after all is left out, the raw
    /// bytes are there in any case. Rows that are there already, by id, are left alone.
    ///
    /// # Errors
    /// When Postgres can't take it now; some rows may be written, and the whole call may be repeated.
    pub async fn fail(&self, rows: &[FailedWebhook<'_>]) -> Result<(), StoreError> {
        let client = self.client().await?;
        let result = self.within(insert_all(&client, rows)).await;
        self.settle(client, result)
    }
}

async fn insert_all(
    client: &deadpool_postgres::Client,
    rows: &[FailedWebhook<'_>],
) -> Result<(), StoreError> {
    for row in rows {
        match insert(client, row, row.payload).await {
            Err(error) if !error.is_transient() => insert(client, row, None).await?,
            result => result?,
        }
    }
    Ok(())
}

async fn insert(
    client: &deadpool_postgres::Client,
    row: &FailedWebhook<'_>,
    payload: Option<&str>,
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(INSERT).await?;
    let message_id = row.message_id.map(without_nul);
    let message = without_nul(row.error_message);
    let stack = row.error_stack.map(without_nul);
    client
        .execute(
            &statement,
            &[
                &row.id,
                &row.request_id,
                &payload.map(RawJson),
                // An index entry has an upper size, and no id of Meta's comes near it.
                &message_id.filter(|id| id.len() <= 1_000),
                &message,
                &stack,
                &row.raw,
                &At(row.received_at),
            ],
        )
        .await?;
    Ok(())
}
