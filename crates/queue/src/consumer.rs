//! Taking entries out: reserve a batch, or wait until there is something to reserve.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use uuid::Uuid;

use crate::connect::Redis;
use crate::envelope::{Envelope, EnvelopeError};
use crate::error::QueueError;
use crate::keys::PartitionKeys;
use crate::script;
use crate::settings::InboxSettings;

/// Longest single wait. Short, so that a pause or a stop is noticed soon; an idle consumer asks once a second.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often a paused queue is asked whether it goes on.
const PAUSE_PROBE: Duration = Duration::from_millis(250);

/// One consumer of one partition, under an id that no other process start ever has.
pub struct Consumer {
    pub(crate) redis: Redis,
    pub(crate) keys: Arc<PartitionKeys>,
    pub(crate) id: Arc<str>,
    pub(crate) lease: Duration,
    /// Number of the next batch; it moves on only when a batch has arrived.
    batches: AtomicU64,
}

/// What a reservation brought.
pub enum Reserved {
    /// Entries to work on.
    Batch(Batch),
    /// Nothing waits; ask again after [`Waiter::wait`], at the latest after this time.
    Empty(Duration),
    /// The queue is paused.
    Paused,
}

/// Entries that belong to this consumer until it settles them or its lease lapses.
pub struct Batch {
    pub(crate) name: String,
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
}

/// One entry of a batch.
pub struct Entry {
    /// What was enqueued, or why it cannot be read.
    pub envelope: Result<Envelope, EnvelopeError>,
    /// The bytes as they lie in Redis.
    pub raw: Bytes,
    /// How many consumers lapsed while they held it. Above zero, its effects may exist already.
    pub handbacks: u32,
}

impl Batch {
    /// Whether any entry was with a consumer that lapsed.
    pub fn handed_back(&self) -> bool {
        self.entries.iter().any(|entry| entry.handbacks > 0)
    }
}

impl Consumer {
    /// Joins a partition: makes an id and starts its lease.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn join(
        redis: &Redis,
        settings: &InboxSettings,
        partition: u16,
    ) -> Result<Self, QueueError> {
        Self::join_queue(redis, settings, redis.keys().partition(partition)).await
    }

    /// Joins the facts that a partition of the outbox tells: a queue like the inbox, in the outbox's hash slot.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn join_facts(
        redis: &Redis,
        settings: &InboxSettings,
        partition: u16,
    ) -> Result<Self, QueueError> {
        Self::join_queue(redis, settings, redis.keys().facts(partition)).await
    }

    async fn join_queue(
        redis: &Redis,
        settings: &InboxSettings,
        keys: PartitionKeys,
    ) -> Result<Self, QueueError> {
        let keys = Arc::new(keys);
        let id: Arc<str> = Uuid::now_v7().to_string().into();
        let _: u32 = script::JOIN
            .key(&keys.leases)
            .key(&keys.beats)
            .arg(&*id)
            .arg(as_millis(settings.lease))
            .invoke_async(&mut redis.connection())
            .await?;
        Ok(Self {
            redis: redis.clone(),
            keys,
            id,
            lease: settings.lease,
            batches: AtomicU64::new(0),
        })
    }

    /// The consumer's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Reserves up to `entries` entries, fewer when they come to more than `bytes` bytes. One call at a time.
    ///
    /// When an answer was lost, the next call asks for the same batch again, and gets what it moved then.
    ///
    /// # Errors
    /// [`QueueError::Lapsed`] when this consumer has lost its lease, else Redis' own.
    pub async fn reserve(&self, entries: usize, bytes: usize) -> Result<Reserved, QueueError> {
        let number = self.batches.load(Ordering::Relaxed);
        let name = format!("{}/{number}", self.id);
        let (state, due, raw, handbacks): (String, i64, Vec<Vec<u8>>, Vec<u32>) = script::RESERVE
            .key(&self.keys.ready)
            .key(&self.keys.delayed)
            .key(&self.keys.leases)
            .key(&self.keys.held)
            .key(&self.keys.paused)
            .key(&self.keys.handbacks)
            .key(self.keys.batch(&name))
            .arg(&*self.id)
            .arg(&name)
            .arg(entries)
            .arg(bytes)
            .invoke_async(&mut self.redis.connection())
            .await?;
        match state.as_str() {
            "ok" if raw.is_empty() => Ok(Reserved::Empty(wait_for(due))),
            "ok" => {
                self.batches.store(number + 1, Ordering::Relaxed);
                Ok(Reserved::Batch(Batch {
                    name,
                    entries: open(raw, &handbacks),
                }))
            }
            "paused" => Ok(Reserved::Paused),
            "lapsed" => Err(self.lapsed()),
            _ => Err(QueueError::Answer {
                script: "reserve",
                what: "an unknown state",
            }),
        }
    }

    pub(crate) fn lapsed(&self) -> QueueError {
        QueueError::Lapsed {
            consumer: self.id.to_string(),
        }
    }
}

/// Waits for entries without asking over and over: one blocking command on a connection of its own.
///
/// The command moves the oldest entry from the right end of the list to the right end of the same list, which
/// changes nothing. So a wait that is given up, times out or loses its connection can never lose an entry.
pub struct Waiter {
    redis: Redis,
    ready: String,
    connection: Option<MultiplexedConnection>,
}

impl Consumer {
    /// Makes the waiter of this consumer's partition.
    pub fn waiter(&self) -> Waiter {
        Waiter {
            redis: self.redis.clone(),
            ready: self.keys.ready.clone(),
            connection: None,
        }
    }
}

impl Waiter {
    /// Returns when the list has an entry, at the latest after `longest`.
    ///
    /// # Errors
    /// When Redis cannot be asked; the next call connects anew.
    pub async fn wait(&mut self, longest: Duration) -> Result<(), QueueError> {
        let longest = longest.clamp(Duration::from_millis(1), LONGEST_WAIT);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.redis.waiting_connection().await?,
        };
        let started = Instant::now();
        let mut command = redis::cmd("BLMOVE");
        command
            .arg(&self.ready)
            .arg(&self.ready)
            .arg("RIGHT")
            .arg("RIGHT")
            .arg(longest.as_secs_f64());
        let waited = command.query_async::<redis::Value>(&mut connection);
        // The server answers at the end of its own timeout; much later means that it is gone.
        let answer = tokio::time::timeout(longest + LONGEST_WAIT, waited).await;
        match answer {
            Ok(Ok(_)) => {
                self.connection = Some(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                tracing::debug!(waited = ?started.elapsed(), "no answer from Redis to a wait");
                Ok(())
            }
        }
    }

    /// How long to rest while the queue is paused.
    pub const fn pause_probe() -> Duration {
        PAUSE_PROBE
    }
}

fn wait_for(due: i64) -> Duration {
    u64::try_from(due).map_or(LONGEST_WAIT, |due| {
        Duration::from_millis(due).min(LONGEST_WAIT)
    })
}

fn open(raw: Vec<Vec<u8>>, handbacks: &[u32]) -> Vec<Entry> {
    raw.into_iter()
        .enumerate()
        .map(|(i, raw)| {
            let raw = Bytes::from(raw);
            Entry {
                envelope: Envelope::decode(raw.clone()),
                raw,
                handbacks: handbacks.get(i).copied().unwrap_or(0),
            }
        })
        .collect()
}

pub(crate) fn as_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
