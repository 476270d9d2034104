//! Carries records of the audit from Redis to Postgres.

use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;
use waypost_queue::{AdminCorner, QueueError};
use waypost_store::{AuditRow, Store, StoreError};

use super::Audit;

/// How often to look without being told: records of replicas that have died, and Postgres after an outage.
const LOOK: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
enum FlushError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Goes on for ever. Several replicas may do it at once: a record is written once however often it is carried.
pub(crate) async fn flush(audit: Audit, store: Store) {
    let mut complained = false;
    loop {
        match carry(&audit.corner, &store).await {
            Ok(()) => complained = false,
            Err(error) => {
                if !std::mem::replace(&mut complained, true) {
                    tracing::warn!("the audit waits in Redis: {error}");
                }
            }
        }
        // Told or not, it is looked at again.
        let _ = timeout(LOOK, audit.news.notified()).await;
    }
}

async fn carry(corner: &AdminCorner, store: &Store) -> Result<(), FlushError> {
    // Page by page until there is nothing left but what was noted meanwhile, which another look will find.
    loop {
        let notes = corner.notes().await?;
        if notes.is_empty() {
            return Ok(());
        }
        let rows: Vec<AuditRow> = notes.iter().filter_map(read).collect();
        store.write_audit(&rows).await?;
        corner.forget(&notes).await?;
        if notes.len() < AdminCorner::PAGE {
            return Ok(());
        }
    }
}

/// What cannot be read is nothing that we wrote; it goes, with a word.
fn read((id, record): &(Uuid, Vec<u8>)) -> Option<AuditRow> {
    match serde_json::from_slice(record) {
        Ok(row) => Some(row),
        Err(error) => {
            tracing::error!(%id, "a record of the audit cannot be read and is dropped: {error}");
            None
        }
    }
}

impl Audit {
    /// Carries what waits now, for whoever is about to read the audit. While Redis is away, what Postgres has is all that can be
    /// read.
    ///
    /// # Errors
    /// When Postgres cannot be asked.
    pub(crate) async fn carry(&self, store: &Store) -> Result<(), tonic::Status> {
        match carry(&self.corner, store).await {
            Ok(()) => Ok(()),
            Err(FlushError::Queue(error)) => {
                tracing::warn!("the audit is read without what waits in Redis: {error}");
                Ok(())
            }
            Err(FlushError::Store(error)) => Err(crate::fault::postgres(&error)),
        }
    }
}
