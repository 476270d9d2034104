//! stub
use crate::{Batch, Persisted, Store};
impl Store {
    /// stub
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn persist(&self, _batch: &Batch<'_>) -> Persisted { Persisted { outcomes: vec![], commit_unknown: false } }
}
