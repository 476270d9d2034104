//! stub
use crate::{Store, StoreError};
/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Another process was at it, so nothing was done.
    pub skipped: bool,
    /// Partitions made.
    pub created: Vec<String>,
    /// Partitions dropped.
    pub dropped: Vec<String>,
    /// Raw webhooks removed from the default partition.
    pub expired_webhooks: u64,
    /// Content windows forgotten.
    pub trimmed_windows: u64,
    /// Sent messages whose state had fallen behind their statuses.
    pub projected: u64,
}
impl Store {
    /// stub
    pub async fn maintain(&self) -> Result<Maintained, StoreError> { Ok(Maintained::default()) }
}
