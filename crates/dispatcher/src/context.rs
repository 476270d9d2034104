//! What every message needs.

use std::time::Duration;

use reqwest::Client;
use tokio_util::sync::CancellationToken;
use waypost_queue::{Inbox, Outbox};
use waypost_runtime::health::Check;
use waypost_settings::Watched;

use crate::config::{DispatcherSettings, GraphSettings};
use crate::notice::Notices;
use crate::sample::Served;

/// Shared by all messages of a process.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) graph: GraphSettings,
    pub(crate) numbers: Watched,
    pub(crate) settings: DispatcherSettings,
    pub(crate) outbox: Outbox,
    /// Echoes come in by it.
    pub(crate) inbox: Inbox,
    /// How long a worker that has died may seem alive.
    pub(crate) inbox_lease: Duration,
    pub(crate) notices: Notices,
    /// Numbers that had a turn here.
    pub(crate) served: Served,
    /// Cancelled when the process is to stop at once: requests without an answer are unknown then, and a settlement
    /// that waits for Redis gives up.
    pub(crate) stopping: CancellationToken,
    pub(crate) redis: Check,
}
