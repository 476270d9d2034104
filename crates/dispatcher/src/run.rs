//! Starts everything, and stops in reverse order.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use waypost_queue::{Inbox, Outbox, QueueError, Redis};
use waypost_runtime::admin::serve_admin;
use waypost_runtime::{Health, Phase};
use waypost_settings::{SettingsError, Watched};
use waypost_telemetry::metrics;

use crate::call::client;
use crate::config::Config;
use crate::configure::configure;
use crate::context::Context;
use crate::notice::Notices;
use crate::sample::{Served, sample};
use crate::take::Taker;

/// Why the dispatcher could not start.
#[derive(Debug, thiserror::Error)]
pub enum DispatcherError {
    /// Redis cannot be used as a queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The file of numbers cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There can be no HTTP client on this machine.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// Sends until `shutdown` completes, then lets what is under way end.
///
/// Redis being away is no reason not to start: it waits.
///
/// # Errors
/// When Redis answers and would lose messages, or the settings cannot work.
pub async fn run(
    config: Config,
    admin: Option<TcpListener>,
    health: Health,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), DispatcherError> {
    metrics::enable(metrics::Part::Dispatcher);
    let redis = Redis::connect(&config.redis).await?;
    let (numbers, keeper) = Watched::open(config.numbers.file.as_deref())?;
    let client = client(&config.dispatcher)?;
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
        client,
        graph: config.graph.clone(),
        numbers: numbers.clone(),
        settings: config.dispatcher.clone(),
        outbox: Outbox::new(&redis, &config.outbox),
        inbox: Inbox::new(&redis, config.inbox.partitions),
        inbox_lease: config.inbox.lease,
        notices: Notices::default(),
        served: Served::default(),
        stopping: stopping.clone(),
        redis: check,
    });
    let keeper = tokio::spawn(keeper.run());
    tokio::spawn(configure(Arc::clone(&context), numbers));
    tokio::spawn(sample(Arc::clone(&context), config.lanes.clone()));
    let (closing, tracker) = (CancellationToken::new(), TaskTracker::new());
    let slots = Arc::new(Semaphore::new(config.dispatcher.concurrency));
    for partition in 0..config.outbox.partitions {
        let taker = Taker {
            context: Arc::clone(&context),
            redis: redis.clone(),
            outbox: config.outbox.clone(),
            lanes: config.lanes.clone(),
            partition,
            slots: Arc::clone(&slots),
            tracker: tracker.clone(),
            closing: closing.clone(),
        };
        tracker.spawn(taker.run());
    }
    health.enter(Phase::Running);
    tracing::info!(
        concurrency = config.dispatcher.concurrency,
        partitions = config.outbox.partitions,
        graph = config.graph.url,
        "dispatcher is running"
    );

    shutdown.await;
    health.enter(Phase::Draining);
    tracing::info!("dispatcher is draining");
    closing.cancel();
    tracker.close();
    if timeout(config.dispatcher.drain_deadline, tracker.wait())
        .await
        .is_err()
    {
        tracing::warn!("requests are still open at the drain deadline; their outcome is unknown");
        stopping.cancel();
        let _ = timeout(config.redis.timeout, tracker.wait()).await;
    }
    stopping.cancel();
    keeper.abort();
    health.enter(Phase::Stopped);
    if let Some(admin) = admin {
        let _ = admin.await;
    }
    tracing::info!("dispatcher has stopped");
    Ok(())
}
