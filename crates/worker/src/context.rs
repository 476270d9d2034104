//! What every batch needs.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use waypost_queue::{EffectMemory, EventLog, Outbox};
use waypost_runtime::health::Check;
use waypost_store::Store;

use crate::config::WorkerSettings;
use crate::numbers::Numbers;

/// Shared by all batches of a process.
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) memory: EffectMemory,
    pub(crate) events: EventLog,
    pub(crate) outbox: Outbox,
    /// Business numbers that the table knows already.
    pub(crate) numbers: Numbers,
    pub(crate) settings: WorkerSettings,
    /// Bodies above this size are compressed when they are put off.
    pub(crate) compress_above: usize,
    /// Cancelled when the process is to stop: a batch that waits for Postgres then gives up waiting.
    pub(crate) stopping: CancellationToken,
    pub(crate) postgres: Check,
    pub(crate) redis: Check,
}

/// Pause between tries while Redis or Postgres is away.
const PAUSE: Duration = Duration::from_millis(250);

impl Context {
    /// Waits before the next try; false when the process stops meanwhile.
    pub(crate) async fn rest(&self) -> bool {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => true,
            () = self.stopping.cancelled() => false,
        }
    }
}
