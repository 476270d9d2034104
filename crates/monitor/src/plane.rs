//! What all services share: the queues, the store, and what was configured of them.

use std::future::Future;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Status;
use waypost_queue::{Acceptor, AdminCorner, EffectMemory, EventLog, Inbox, Outbox};
use waypost_store::Store;
use waypost_token::Tokens;

use crate::audit::Audit;
use crate::confirm::Confirm;
use crate::realtime_url::RealtimeUrl;
use crate::services::Snapshots;

/// Shared by all services; cheap to clone.
#[derive(Clone)]
pub(crate) struct Plane(Arc<Parts>);

/// The parts of a [`Plane`].
pub(crate) struct Parts {
    pub(crate) inbox: Inbox,
    pub(crate) facts: Inbox,
    pub(crate) outbox: Outbox,
    pub(crate) acceptor: Acceptor,
    pub(crate) memory: EffectMemory,
    pub(crate) events: EventLog,
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    pub(crate) confirm: Confirm,
    /// Signs tokens for browsers; none without a secret.
    pub(crate) tokens: Option<Tokens>,
    /// Where browsers reach the realtime service, as far as anybody has said.
    pub(crate) realtime_url: Option<RealtimeUrl>,
    /// Messages a second of a number without a limit of its own; 0 for none.
    pub(crate) default_limit: f64,
    /// What was read last, for all who watch.
    pub(crate) snapshots: Snapshots,
    /// Changes that are being made.
    pub(crate) changes: TaskTracker,
    /// Ends streams when the drain begins.
    pub(crate) draining: CancellationToken,
}

impl Plane {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Makes a change to its end, whether its caller waits for that or leaves: else it would be half made, and nobody would have
    /// noted how far it came.
    ///
    /// # Errors
    /// Its own.
    pub(crate) async fn to_its_end<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T, Status>> + Send + 'static,
    ) -> Result<T, Status> {
        let made = self.changes.spawn(change).await;
        // It panicked, which the hook has reported.
        made.map_err(|_| Status::internal("the change broke off"))?
    }
}

impl std::ops::Deref for Plane {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Where secrets and records of the admin plane are.
pub(crate) fn corner(redis: &waypost_queue::Redis) -> AdminCorner {
    AdminCorner::new(redis)
}
