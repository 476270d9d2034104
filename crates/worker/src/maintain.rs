//! Keeps the tables in shape: partitions for the days to come, retention, trims.

use std::sync::Arc;
use std::time::Duration;

use crate::context::Context;

/// Between two rounds. Partitions are made days ahead, so a round missed harms nothing.
const EVERY: Duration = Duration::from_secs(60);
/// After a round that failed.
const AGAIN: Duration = Duration::from_secs(10);

/// Runs rounds until the process stops.
pub(crate) async fn maintain(context: Arc<Context>) {
    loop {
        let rest = match context.store.maintain().await {
            Ok(done) => {
                tracing::debug!(?done, "maintained");
                EVERY
            }
            Err(error) => {
                tracing::warn!("maintenance of the tables failed and will be tried again: {error}");
                AGAIN
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = context.stopping.cancelled() => return,
        }
    }
}
