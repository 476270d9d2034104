//! Group commit: the requests that wait at one moment become one `LPUSH`.
//!
//! Each partition has one task. It takes what waits in its channel, up to a number of entries and bytes, sends one
//! command, and tells every waiter the same answer. While that command is under way the next group gathers, so the
//! busier the service, the larger the groups and the cheaper each entry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis::aio::ConnectionManager;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use waypost_telemetry::metrics::ingress;

use crate::connect::Redis;
use crate::envelope::{Encoded, Envelope};
use crate::error;
use crate::settings::{AckMode, InboxSettings};

/// Entries in one command. Larger groups gain nothing and make Redis' other clients wait.
const GROUP_ENTRIES: usize = 512;
/// Bytes in one command, reached only by large webhooks.
const GROUP_BYTES: usize = 4 << 20;
/// How often the committer steps aside for requests that are about to enqueue, before it sends a group.
const GATHER_TURNS: usize = 8;
/// Requests that may wait for one partition.
const WAITING_ENTRIES: usize = 8192;
/// Bytes that may wait in one process; beyond, the caller is told to come back rather than memory filled.
const WAITING_BYTES: usize = 128 << 20;
/// How often the length of a queue over its limit is asked again.
const BACKLOG_PROBE: Duration = Duration::from_millis(250);
/// How long a replica may take to acknowledge.
pub(crate) const REPLICA_WAIT_MS: u64 = 1_000;
/// Above this, compressing takes long enough to be worth moving off the threads that serve connections.
const COMPRESS_ASIDE: usize = 128 << 10;

/// Why an entry was not taken. All of them mean: answer 503, try again later.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EnqueueError {
    /// More entries wait than `inbox.max_backlog` allows.
    #[error("the backlog is over its limit of {limit} entries")]
    Backlog {
        /// The limit.
        limit: u64,
    },
    /// Redis is out of memory or cannot write to its disk.
    #[error("Redis refuses writes: {0}")]
    Refused(Arc<str>),
    /// Redis could not be reached; nothing was written.
    #[error("Redis is not reachable: {0}")]
    Unavailable(Arc<str>),
    /// The command was sent and no answer came: the entry may or may not be there.
    #[error("no answer from Redis: {0}")]
    Unknown(Arc<str>),
    /// No replica acknowledged in time; the entry is on the primary alone.
    #[error("no replica acknowledged in time")]
    NoReplica,
    /// This process already holds as much as it may.
    #[error("too much is waiting for Redis already")]
    Busy,
}

type Answer = Result<(), EnqueueError>;

struct Waiting {
    entry: Encoded,
    answer: oneshot::Sender<Answer>,
}

/// Puts entries into the inbox. Cheap to clone.
#[derive(Clone)]
pub struct Enqueuer {
    partitions: Arc<[mpsc::Sender<Waiting>]>,
    turn: Arc<AtomicUsize>,
    waiting_bytes: Arc<AtomicUsize>,
    compress_above: usize,
}

/// The tasks behind an [`Enqueuer`]; they end when its last clone is dropped and all that waited is answered.
pub struct EnqueuerTask {
    tasks: JoinSet<()>,
}

impl EnqueuerTask {
    /// Waits for the end.
    pub async fn finished(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Enqueuer {
    /// Starts one task for each partition.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a handle; taking it reads as handing it over"
    )]
    pub fn start(redis: Redis, settings: &InboxSettings) -> (Self, EnqueuerTask) {
        let mut tasks = JoinSet::new();
        let partitions = (0..settings.partitions)
            .map(|partition| {
                let (sender, receiver) = mpsc::channel(WAITING_ENTRIES);
                let committer = Committer {
                    ready: redis.keys().partition(partition).ready,
                    connection: redis.connection(),
                    ack: settings.ack,
                    max_backlog: settings.max_backlog,
                    backlog: 0,
                };
                tasks.spawn(committer.run(receiver));
                sender
            })
            .collect();
        let enqueuer = Self {
            partitions,
            turn: Arc::new(AtomicUsize::new(0)),
            waiting_bytes: Arc::new(AtomicUsize::new(0)),
            compress_above: settings.compress_above,
        };
        (enqueuer, EnqueuerTask { tasks })
    }

    /// Returns when Redis holds the entry.
    ///
    /// # Errors
    /// See [`EnqueueError`]. After [`EnqueueError::Unknown`] the entry may be there all the same.
    pub async fn enqueue(&self, envelope: Envelope) -> Answer {
        let size = envelope.body.len();
        let _held = Held::take(&self.waiting_bytes, size)?;
        let entry = self.encode(envelope).await?;
        let partition = match self.partitions.len() {
            1 => 0,
            partitions => self.turn.fetch_add(1, Ordering::Relaxed) % partitions,
        };
        let (answer, answered) = oneshot::channel();
        self.partitions[partition]
            .try_send(Waiting { entry, answer })
            .map_err(|_| EnqueueError::Busy)?;
        answered
            .await
            .unwrap_or_else(|_| Err(EnqueueError::Unknown("the service is stopping".into())))
    }

    async fn encode(&self, envelope: Envelope) -> Result<Encoded, EnqueueError> {
        let above = self.compress_above;
        if envelope.body.len() <= above.max(COMPRESS_ASIDE) {
            return Ok(envelope.encode(above));
        }
        tokio::task::spawn_blocking(move || envelope.encode(above))
            .await
            .map_err(|_| EnqueueError::Busy)
    }
}

/// Bytes counted against [`WAITING_BYTES`] until dropped, also when the caller gives up waiting.
struct Held<'a> {
    total: &'a AtomicUsize,
    size: usize,
}

impl<'a> Held<'a> {
    fn take(total: &'a AtomicUsize, size: usize) -> Result<Self, EnqueueError> {
        let held = Self { total, size };
        if total.fetch_add(size, Ordering::Relaxed) + size > WAITING_BYTES {
            return Err(EnqueueError::Busy);
        }
        Ok(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.total.fetch_sub(self.size, Ordering::Relaxed);
    }
}

/// The task of one partition.
struct Committer {
    ready: String,
    connection: ConnectionManager,
    ack: AckMode,
    max_backlog: u64,
    /// Length of the list when last heard of.
    backlog: u64,
}

impl Committer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Waiting>) {
        let mut group = Vec::with_capacity(GROUP_ENTRIES);
        while gather(&mut receiver, &mut group).await {
            let answer = if self.over_limit().await {
                Err(EnqueueError::Backlog {
                    limit: self.max_backlog,
                })
            } else {
                self.commit(&group).await
            };
            if let Err(error) = &answer {
                tracing::warn!(entries = group.len(), "not enqueued: {error}");
            }
            for waiting in group.drain(..) {
                // Nobody listening means the caller gave up; the entry is there all the same and dedup copes.
                let _ = waiting.answer.send(answer.clone());
            }
        }
    }

    /// Whether the queue was over its limit when last heard of, and still is.
    async fn over_limit(&mut self) -> bool {
        if self.backlog < self.max_backlog {
            return false;
        }
        tokio::time::sleep(BACKLOG_PROBE).await;
        match redis::cmd("LLEN")
            .arg(&self.ready)
            .query_async(&mut self.connection)
            .await
        {
            Ok(length) => {
                self.backlog = length;
                length >= self.max_backlog
            }
            // Let the write find out what is wrong.
            Err(_) => {
                error::failed();
                false
            }
        }
    }

    async fn commit(&mut self, group: &[Waiting]) -> Answer {
        let mut push = redis::cmd("LPUSH");
        push.arg(&self.ready);
        for waiting in group {
            push.arg(&waiting.entry);
        }
        let started = Instant::now();
        match self.ack {
            AckMode::Primary => {
                self.backlog = push
                    .query_async(&mut self.connection)
                    .await
                    .map_err(|error| refusal(&error))?;
            }
            AckMode::Replica => {
                let (backlog, replicas): (u64, u64) = redis::pipe()
                    .add_command(push)
                    .cmd("WAIT")
                    .arg(1)
                    .arg(REPLICA_WAIT_MS)
                    .query_async(&mut self.connection)
                    .await
                    .map_err(|error| refusal(&error))?;
                self.backlog = backlog;
                if replicas == 0 {
                    return Err(EnqueueError::NoReplica);
                }
            }
        }
        ingress::ENQUEUE_GROUP_ENTRIES.record(group.len());
        ingress::ENQUEUE_DURATION.record(started.elapsed());
        Ok(())
    }
}

/// Waits for one entry, then takes what else waits, within the limits of a group. False at the end.
async fn gather(receiver: &mut mpsc::Receiver<Waiting>, group: &mut Vec<Waiting>) -> bool {
    let Some(first) = receiver.recv().await else {
        return false;
    };
    let mut bytes = first.entry.len();
    group.push(first);
    // Requests that are ready to run join this group rather than pay for one of their own: it costs them less than
    // the command they would have waited for.
    let mut waiting = receiver.len();
    for _ in 0..GATHER_TURNS {
        tokio::task::yield_now().await;
        let now = receiver.len();
        if now == waiting {
            break;
        }
        waiting = now;
    }
    while group.len() < GROUP_ENTRIES && bytes < GROUP_BYTES {
        let Ok(next) = receiver.try_recv() else { break };
        bytes += next.entry.len();
        group.push(next);
    }
    true
}

/// Sorts an error of Redis by what the caller may conclude from it.
fn refusal(error: &redis::RedisError) -> EnqueueError {
    error::failed();
    // OOM, MISCONF, READONLY, NOREPLICAS, LOADING: an answer, so nothing was written.
    if let Some(code) = error.code() {
        return EnqueueError::Refused(code.into());
    }
    let category: Arc<str> = error.category().into();
    if error.is_connection_refusal() {
        EnqueueError::Unavailable(category)
    } else {
        EnqueueError::Unknown(category)
    }
}
