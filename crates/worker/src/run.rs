//! Starts everything, and stops in reverse order.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use waypost_queue::{EffectMemory, EventLog, Outbox, QueueError, Redis};
use waypost_runtime::admin::serve_admin;
use waypost_runtime::{Health, Phase};
use waypost_store::{Store, StoreError};
use waypost_telemetry::metrics;

use crate::config::Config;
use crate::context::Context;
use crate::maintain::maintain;
use crate::numbers::Numbers;
use crate::take::{Source, Taker};

/// Why the worker could not start.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Redis cannot be used as a queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Postgres' settings cannot work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works until `shutdown` completes, then finishes the batches it has.
///
/// Redis or Postgres being away is no reason not to start: it waits for them.
///
/// # Errors
/// When Redis answers and would lose messages, or the settings cannot work.
pub async fn run(
    config: Config,
    admin: Option<TcpListener>,
    health: Health,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), WorkerError> {
    metrics::enable(metrics::Part::Worker);
    let redis = Redis::connect(&config.redis).await?;
    let store = Store::connect(&config.store).await?;
    let admin = admin.map(|listener| tokio::spawn(serve_admin(listener, health.clone())));
    let mut shutdown = std::pin::pin!(shutdown);
    let check = health.check("redis");
    tokio::select! {
        checked = redis.until_durable(|why| check.fail(why.to_string())) => checked?,
        () = &mut shutdown => return Ok(()),
    }
    check.pass();
    let stopping = CancellationToken::new();
    let context = Arc::new(Context {
        store,
        memory: EffectMemory::new(&redis, &config.memory),
        events: EventLog::new(&redis, &config.events),
        outbox: Outbox::new(&redis, &config.outbox),
        numbers: Numbers::default(),
        settings: config.worker.clone(),
        compress_above: config.inbox.compress_above,
        stopping: stopping.clone(),
        postgres: health.check("postgres"),
        redis: check,
    });
    let (closing, tracker) = (CancellationToken::new(), TaskTracker::new());
    let slots = Arc::new(Semaphore::new(config.worker.concurrency));
    tokio::spawn(maintain(Arc::clone(&context)));
    let inbox = (0..config.inbox.partitions).map(Source::Inbox);
    let facts = (0..config.outbox.partitions).map(Source::Facts);
    for source in inbox.chain(facts) {
        let taker = Taker {
            context: Arc::clone(&context),
            redis: redis.clone(),
            inbox: config.inbox.clone(),
            source,
            slots: Arc::clone(&slots),
            tracker: tracker.clone(),
            closing: closing.clone(),
        };
        tracker.spawn(taker.run());
    }
    health.enter(Phase::Running);
    tracing::info!(
        concurrency = config.worker.concurrency,
        partitions = config.inbox.partitions,
        "worker is running"
    );

    shutdown.await;
    health.enter(Phase::Draining);
    tracing::info!("worker is draining");
    closing.cancel();
    tracker.close();
    if timeout(config.worker.drain_deadline, tracker.wait())
        .await
        .is_err()
    {
        // Batches that wait for Postgres or Redis give up; they are with another worker when the lease ends.
        tracing::warn!("batches are still open at the drain deadline");
        stopping.cancel();
        let _ = timeout(config.redis.timeout, tracker.wait()).await;
    }
    stopping.cancel();
    health.enter(Phase::Stopped);
    if let Some(admin) = admin {
        let _ = admin.await;
    }
    tracing::info!("worker has stopped");
    Ok(())
}
