//! Reserves lane heads as slots get free, keeps the lease alive, adopts what dead dispatchers held.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use waypost_queue::{
    LaneConsumer, LaneReserved, LaneSettings, LaneWaiter, OutboxSettings, QueueError, Redis, Turn,
};

use crate::context::Context;
use crate::outcome::Outcome;
use crate::settle::settle;
use crate::work::work;

/// Most heads in one reservation.
const MOST: usize = 64;
/// Most lanes adopted at once.
const ADOPTED: usize = 128;
/// Outcomes that may wait to be settled; beyond, their slots wait with them.
const UNSETTLED: usize = 1_024;
/// How often a paused outbox is asked whether it goes on.
const PAUSE_PROBE: Duration = Duration::from_millis(250);
/// Pause between tries while Redis is away.
const PAUSE: Duration = Duration::from_millis(250);

/// Takes from one partition until told to stop.
pub(crate) struct Taker {
    pub(crate) context: Arc<Context>,
    pub(crate) redis: Redis,
    pub(crate) outbox: OutboxSettings,
    pub(crate) lanes: LaneSettings,
    pub(crate) partition: u16,
    /// Slots, shared by all partitions of the process.
    pub(crate) slots: Arc<Semaphore>,
    /// Messages in work, and settlers.
    pub(crate) tracker: TaskTracker,
    /// Take nothing more.
    pub(crate) closing: CancellationToken,
}

impl Taker {
    /// Takes until `closing`.
    pub(crate) async fn run(self) {
        while !self.closing.is_cancelled() {
            let joined =
                LaneConsumer::join(&self.redis, &self.outbox, &self.lanes, self.partition).await;
            match joined {
                Ok(consumer) => self.consume(Arc::new(consumer)).await,
                Err(error) => self.redis_is_away(&error).await,
            }
        }
    }

    /// Takes under one id, until it lapses or the process closes. What is in work then still ends under it.
    async fn consume(&self, consumer: Arc<LaneConsumer>) {
        tracing::info!(
            consumer = consumer.id(),
            partition = self.partition,
            "joined"
        );
        let (settler, outcomes) = mpsc::channel(UNSETTLED);
        let beat = tokio::spawn(keep_alive(
            Arc::downgrade(&consumer),
            Arc::clone(&self.context),
            settler.downgrade(),
            self.lanes.heartbeat,
        ));
        let context = Arc::clone(&self.context);
        self.tracker
            .spawn(settle(context, Arc::clone(&consumer), outcomes, beat));
        let mut waiter = consumer.waiter();
        while !self.closing.is_cancelled() {
            let slots = tokio::select! {
                slots = self.free_slots() => slots,
                () = self.closing.cancelled() => break,
            };
            match consumer.reserve(slots.len()).await {
                Ok(LaneReserved::Turns(turns)) => self.start(turns, slots, &settler),
                Ok(LaneReserved::Empty(due)) => {
                    drop(slots);
                    self.wait(&mut waiter, due).await;
                }
                Ok(LaneReserved::Paused) => {
                    drop(slots);
                    self.rest(PAUSE_PROBE).await;
                }
                Err(QueueError::Lapsed { consumer }) => {
                    tracing::warn!(consumer, "the lease has lapsed; joining again");
                    return;
                }
                Err(error) => {
                    drop(slots);
                    self.redis_is_away(&error).await;
                }
            }
        }
    }

    /// Waits for a slot, then takes what else is free.
    async fn free_slots(&self) -> Vec<OwnedSemaphorePermit> {
        let mut slots = Vec::with_capacity(MOST);
        // The semaphore is never closed.
        if let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await {
            slots.push(slot);
        }
        while slots.len() < MOST
            && let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned()
        {
            slots.push(slot);
        }
        slots
    }

    fn start(
        &self,
        turns: Vec<Turn>,
        slots: Vec<OwnedSemaphorePermit>,
        settler: &mpsc::Sender<Outcome>,
    ) {
        // An answer that was lost may have had more than there are slots now; those go without.
        let slots = slots
            .into_iter()
            .map(Some)
            .chain(std::iter::repeat_with(|| None));
        for (turn, slot) in turns.into_iter().zip(slots) {
            self.context.served.note(turn.phone_number_id());
            let context = Arc::clone(&self.context);
            self.tracker
                .spawn(work(context, turn, slot, settler.clone()));
        }
    }

    async fn wait(&self, waiter: &mut LaneWaiter, longest: Duration) {
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

/// Beats while anybody still uses the consumer, and adopts what lapsed dispatchers held.
async fn keep_alive(
    consumer: Weak<LaneConsumer>,
    context: Arc<Context>,
    settler: mpsc::WeakSender<Outcome>,
    every: Duration,
) {
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
            Err(error) => {
                tracing::warn!("heartbeat: {error}");
                continue;
            }
        }
        // While the process closes there is nobody to settle what it would adopt; others do.
        let Some(settler) = settler.upgrade() else {
            continue;
        };
        match consumer.adopt(ADOPTED).await {
            Ok(turns) if turns.is_empty() => {}
            Ok(turns) => {
                tracing::warn!(messages = turns.len(), "adopted from a lapsed dispatcher");
                for turn in turns {
                    work(Arc::clone(&context), turn, None, settler.clone()).await;
                }
            }
            Err(error) => tracing::debug!("adoption: {error}"),
        }
    }
}
