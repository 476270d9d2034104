//! What every batch needs.

use tokio_util::sync::CancellationToken;
use waypost_queue::{EffectMemory, EventLog};
use waypost_runtime::health::Check;
use waypost_store::Store;

use crate::config::WorkerSettings;

/// Shared by all batches of a process.
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) memory: EffectMemory,
    pub(crate) events: EventLog,
    pub(crate) settings: WorkerSettings,
    /// Bodies above this size are compressed when they are put off.
    pub(crate) compress_above: usize,
    /// Cancelled when the process is to stop: a batch that waits for Postgres then gives up waiting.
    pub(crate) stopping: CancellationToken,
    pub(crate) postgres: Check,
    pub(crate) redis: Check,
}
