//! Reserves batches as slots get free, and keeps the lease alive.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use waypost_queue::{Batch, Consumer, InboxSettings, QueueError, Redis, Reserved, Waiter};
use waypost_telemetry::metrics::label::Stage;
use waypost_telemetry::metrics::worker;

use crate::context::Context;
use crate::work::{Taken, work};

/// Pause between tries while Redis is away.
const PAUSE: Duration = Duration::from_millis(250);

/// A queue to take from. All of them have the inbox's ways.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A partition of the inbox: webhooks.
    Inbox(u16),
    /// What a partition of the outbox tells.
    Facts(u16),
}

/// What a queue and the spans of its batches are called.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) queue: &'static str,
    pub(crate) batch: &'static str,
    pub(crate) reserve: &'static str,
    pub(crate) process: &'static str,
    pub(crate) settle: &'static str,
}

impl Source {
    pub(crate) const fn partition(self) -> u16 {
        match self {
            Self::Inbox(partition) | Self::Facts(partition) => partition,
        }
    }

    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::Inbox(_) => &Words {
                queue: "inbox",
                batch: "inbox batch",
                reserve: "inbox reserve",
                process: "inbox process",
                settle: "inbox settle",
            },
            Self::Facts(_) => &Words {
                queue: "facts",
                batch: "facts batch",
                reserve: "facts reserve",
                process: "facts process",
                settle: "facts settle",
            },
        }
    }
}

/// Takes from one queue until told to stop.
pub(crate) struct Taker {
    pub(crate) context: Arc<Context>,
    pub(crate) redis: Redis,
    pub(crate) inbox: InboxSettings,
    pub(crate) source: Source,
    /// Slots, shared by all queues of the process.
    pub(crate) slots: Arc<Semaphore>,
    /// Batches in work.
    pub(crate) tracker: TaskTracker,
    /// Take nothing more.
    pub(crate) closing: CancellationToken,
}

impl Taker {
    /// Takes until `closing`, then hands back what is left, once its batches are done.
    pub(crate) async fn run(self) {
        while !self.closing.is_cancelled() {
            match self.join().await {
                Ok(consumer) => self.consume(Arc::new(consumer)).await,
                Err(error) => self.redis_is_away(&error).await,
            }
        }
    }

    async fn join(&self) -> Result<Consumer, QueueError> {
        match self.source {
            Source::Inbox(partition) => Consumer::join(&self.redis, &self.inbox, partition).await,
            Source::Facts(partition) => {
                Consumer::join_facts(&self.redis, &self.inbox, partition).await
            }
        }
    }

    /// Takes under one id, until it lapses or the process closes.
    async fn consume(&self, consumer: Arc<Consumer>) {
        tracing::info!(
            consumer = consumer.id(),
            source = ?self.source,
            "joined"
        );
        let beat = tokio::spawn(keep_alive(Arc::downgrade(&consumer), self.inbox.heartbeat));
        let mut waiter = consumer.waiter();
        loop {
            let slot = tokio::select! {
                slot = Arc::clone(&self.slots).acquire_owned() => slot,
                () = self.closing.cancelled() => break,
            };
            // The semaphore is never closed.
            let Ok(slot) = slot else { break };
            let settings = &self.context.settings;
            let (since, started) = (SystemTime::now(), Instant::now());
            match consumer
                .reserve(settings.batch_entries, settings.batch_bytes)
                .await
            {
                Ok(Reserved::Batch(batch)) => {
                    let took = started.elapsed();
                    worker::BATCH_DURATION.of(Stage::Reserve).record(took);
                    self.start(&consumer, batch, since, slot);
                }
                Ok(Reserved::Empty(due)) => {
                    drop(slot);
                    self.wait(&mut waiter, due).await;
                }
                Ok(Reserved::Paused) => {
                    drop(slot);
                    self.rest(Waiter::pause_probe()).await;
                }
                Err(QueueError::Lapsed { consumer }) => {
                    tracing::warn!(consumer, "the lease has lapsed; joining again");
                    return;
                }
                Err(error) => {
                    drop(slot);
                    self.redis_is_away(&error).await;
                }
            }
            if self.closing.is_cancelled() {
                break;
            }
        }
        // Batches in work still need the lease; it is given back when they are done.
        self.tracker.spawn(leave(Arc::clone(&consumer), beat));
    }

    fn start(
        &self,
        consumer: &Arc<Consumer>,
        batch: Batch,
        since: SystemTime,
        slot: OwnedSemaphorePermit,
    ) {
        let (context, consumer) = (Arc::clone(&self.context), Arc::clone(consumer));
        let source = self.source;
        self.tracker.spawn(async move {
            let taken = Taken {
                source,
                batch,
                since,
            };
            work(&context, &consumer, taken).await;
            drop(slot);
        });
    }

    async fn wait(&self, waiter: &mut Waiter, longest: Duration) {
        self.context.redis.pass();
        tokio::select! {
            waited = waiter.wait(longest) => {
                if let Err(error) = waited {
                    self.redis_is_away(&error).await;
                }
            }
            () = self.closing.cancelled() => {}
        }
    }

    async fn redis_is_away(&self, error: &QueueError) {
        tracing::warn!("nothing can be reserved: {error}");
        self.context.redis.fail(error.to_string());
        self.rest(PAUSE).await;
    }

    async fn rest(&self, duration: Duration) {
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = self.closing.cancelled() => {}
        }
    }
}

/// Beats while anybody still uses the consumer, and hands on what lapsed consumers held.
async fn keep_alive(consumer: Weak<Consumer>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(consumer) = consumer.upgrade() else {
            return;
        };
        match consumer.heartbeat().await {
            Ok(()) => {}
            Err(QueueError::Lapsed { .. }) => return,
            Err(error) => tracing::warn!("heartbeat: {error}"),
        }
        match consumer.reap().await {
            Ok(0) => {}
            Ok(entries) => tracing::warn!(entries, "taken over from a lapsed worker"),
            Err(error) => tracing::debug!("reaper: {error}"),
        }
    }
}

/// Waits until the last batch of this consumer is done, then ends its lease.
async fn leave(consumer: Arc<Consumer>, beat: tokio::task::JoinHandle<()>) {
    // The heartbeat holds a weak reference, batches hold strong ones, and this is the last.
    while Arc::strong_count(&consumer) > 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    beat.abort();
    match consumer.leave().await {
        Ok(0) => {}
        Ok(entries) => tracing::info!(entries, "handed back"),
        Err(error) => tracing::warn!("lease not given back, it will lapse: {error}"),
    }
}
