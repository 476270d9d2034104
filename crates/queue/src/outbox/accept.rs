//! Taking messages in: those that wait at one moment go into their lanes with one script.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionManager;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use uuid::Uuid;
use waypost_model::OnUnknown;

use crate::connect::Redis;
use crate::enqueue::REPLICA_WAIT_MS;
use crate::envelope::{Encoded, millis};
use crate::keys::{Keys, LaneKeys};
use crate::outbox::outgoing::Outgoing;
use crate::outbox::settings::OutboxSettings;
use crate::script;
use crate::settings::AckMode;

/// Messages in one script. It stops Redis for everyone else, so it must be short.
const GROUP_MESSAGES: usize = 256;
/// Bytes in one script.
const GROUP_BYTES: usize = 2 << 20;
/// How often the task steps aside for requests that are about to come, before it sends a group.
const GATHER_TURNS: usize = 8;
/// Requests that may wait for one partition.
const WAITING: usize = 8192;

/// What makes a repeated request recognisable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's key, made unique to the caller.
    pub key: String,
    /// SHA-256 of the request.
    pub digest: [u8; 32],
}

/// A message that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is new.
    New {
        /// Its id.
        id: Uuid,
        /// Whether it waits for its time.
        scheduled: bool,
    },
    /// The same request under the same key was accepted before.
    Known {
        /// The id given then.
        id: Uuid,
    },
}

/// Why a message was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AcceptError {
    /// The key was used for another request.
    #[error("the idempotency key stands for another request")]
    Conflict,
    /// Too much of this number waits.
    #[error("{limit} messages of this number wait already")]
    Backlog {
        /// The limit.
        limit: u64,
    },
    /// This process already holds as much as it may.
    #[error("too much is waiting for Redis already")]
    Busy,
    /// Redis is out of memory or cannot write to its disk.
    #[error("Redis refuses writes: {0}")]
    Refused(Arc<str>),
    /// Redis could not be reached; nothing was written.
    #[error("Redis is not reachable: {0}")]
    Unavailable(Arc<str>),
    /// The script was sent and no answer came: the message may or may not be there.
    #[error("no answer from Redis: {0}")]
    Unknown(Arc<str>),
    /// No replica acknowledged in time; the message is on the primary alone, and will be sent.
    #[error("no replica acknowledged in time")]
    NoReplica,
}

/// What became of one message.
type Answer = Result<Accepted, AcceptError>;

/// One message, ready to be written.
struct Prepared {
    id: Uuid,
    number: String,
    lane: String,
    head: [u8; 10],
    entry: Encoded,
    send_at_ms: u64,
    key: String,
    digest: [u8; 32],
}

struct Job {
    messages: Vec<Prepared>,
    answer: oneshot::Sender<Vec<Answer>>,
}

/// Puts messages into the outbox. Cheap to clone.
#[derive(Clone)]
pub struct Acceptor {
    partitions: Arc<[mpsc::Sender<Job>]>,
    compress_above: usize,
}

/// The tasks behind an [`Acceptor`]; they end when its last clone is dropped and all that waited is answered.
pub struct AcceptorTask {
    tasks: JoinSet<()>,
}

impl AcceptorTask {
    /// Waits for the end.
    pub async fn finished(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Acceptor {
    /// Starts one task for each partition.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a handle; taking it reads as handing it over"
    )]
    pub fn start(redis: Redis, settings: &OutboxSettings) -> (Self, AcceptorTask) {
        let mut tasks = JoinSet::new();
        let partitions = (0..settings.partitions)
            .map(|partition| {
                let (sender, receiver) = mpsc::channel(WAITING);
                let writer = Writer {
                    keys: redis.keys().lanes(partition),
                    connection: redis.connection(),
                    ack: settings.ack,
                    max_backlog: settings.max_backlog,
                    ttl: settings.idempotency_ttl,
                };
                tasks.spawn(writer.run(receiver));
                sender
            })
            .collect();
        let acceptor = Self {
            partitions,
            compress_above: settings.compress_above,
        };
        (acceptor, AcceptorTask { tasks })
    }

    /// Returns when Redis holds the message.
    ///
    /// # Errors
    /// See [`AcceptError`]. After [`AcceptError::Unknown`] the message may be there all the same.
    pub async fn accept(&self, outgoing: Outgoing, idempotency: Option<Idempotency>) -> Answer {
        let partition = self.partition_of(&outgoing.phone_number_id);
        let messages = vec![self.prepare(outgoing, idempotency)];
        let mut answers = self.hand_over(partition, messages).await;
        answers.pop().unwrap_or_else(|| Err(stopping()))
    }

    /// The same for many; the answers are in their order, and so are messages of one conversation.
    pub async fn accept_all(&self, messages: Vec<(Outgoing, Option<Idempotency>)>) -> Vec<Answer> {
        let mut shares: Vec<(Vec<usize>, Vec<Prepared>)> = Vec::new();
        shares.resize_with(self.partitions.len(), Default::default);
        let count = messages.len();
        for (place, (outgoing, idempotency)) in messages.into_iter().enumerate() {
            let partition = self.partition_of(&outgoing.phone_number_id);
            shares[partition].0.push(place);
            shares[partition]
                .1
                .push(self.prepare(outgoing, idempotency));
        }
        let mut answers: Vec<Answer> = (0..count).map(|_| Err(stopping())).collect();
        let handed = shares
            .into_iter()
            .enumerate()
            .filter(|(_, (places, _))| !places.is_empty())
            .map(|(partition, (places, prepared))| async move {
                (places, self.hand_over(partition, prepared).await)
            });
        for (places, share) in futures_util::future::join_all(handed).await {
            for (place, answer) in places.into_iter().zip(share) {
                answers[place] = answer;
            }
        }
        answers
    }

    fn partition_of(&self, number: &str) -> usize {
        let partitions = u16::try_from(self.partitions.len()).unwrap_or(u16::MAX);
        usize::from(Keys::partition_of(number, partitions))
    }

    fn prepare(&self, outgoing: Outgoing, idempotency: Option<Idempotency>) -> Prepared {
        let (key, digest) = idempotency.map_or((String::new(), [0; 32]), |i| (i.key, i.digest));
        Prepared {
            id: outgoing.id,
            number: outgoing.phone_number_id.clone(),
            lane: outgoing.lane(),
            head: head(&outgoing),
            send_at_ms: outgoing.send_at.map_or(0, millis),
            entry: outgoing.into_envelope().encode(self.compress_above),
            key,
            digest,
        }
    }

    async fn hand_over(&self, partition: usize, messages: Vec<Prepared>) -> Vec<Answer> {
        let count = messages.len();
        let all = |error: &AcceptError| (0..count).map(|_| Err(error.clone())).collect();
        let (answer, answered) = oneshot::channel();
        if self.partitions[partition]
            .try_send(Job { messages, answer })
            .is_err()
        {
            return all(&AcceptError::Busy);
        }
        answered.await.unwrap_or_else(|_| all(&stopping()))
    }
}

fn stopping() -> AcceptError {
    AcceptError::Unknown("the service is stopping".into())
}

/// What the scripts need to know of a message without decoding it: see `lua/lanes/common.lua`.
pub(crate) fn head(outgoing: &Outgoing) -> [u8; 10] {
    let mut head = [0; 10];
    // Exact: milliseconds stay below 2^53 for some hundred thousand years.
    let expires = outgoing.expires_at.map_or(0, millis) as f64;
    head[..8].copy_from_slice(&expires.to_le_bytes());
    head[8] = match outgoing.on_unknown {
        OnUnknown::Resend => b'r',
        OnUnknown::Fail => b'f',
        OnUnknown::Hold => b'h',
    };
    head[9] = if outgoing.recipient.is_pair() {
        b'p'
    } else {
        b'-'
    };
    head
}

/// The task of one partition.
struct Writer {
    keys: LaneKeys,
    connection: ConnectionManager,
    ack: AckMode,
    max_backlog: u64,
    ttl: Duration,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(GROUP_MESSAGES);
        while gather(&mut receiver, &mut jobs).await {
            let mut answers = self.write(&jobs).await.into_iter();
            for job in jobs.drain(..) {
                let share = answers.by_ref().take(job.messages.len()).collect();
                // Nobody listening means that the caller gave up; the message is there all the same.
                let _ = job.answer.send(share);
            }
        }
    }

    /// Writes all messages of the jobs, in order, in as many scripts as their number asks for.
    async fn write(&mut self, jobs: &[Job]) -> Vec<Answer> {
        let messages: Vec<&Prepared> = jobs.iter().flat_map(|job| &job.messages).collect();
        let mut answers = Vec::with_capacity(messages.len());
        for group in groups(&messages) {
            match self.write_group(group).await {
                Ok(written) => answers.extend(written),
                Err(error) => {
                    tracing::warn!(messages = group.len(), "not accepted: {error}");
                    answers.extend(group.iter().map(|_| Err(error.clone())));
                }
            }
        }
        answers
    }

    async fn write_group(&mut self, group: &[&Prepared]) -> Result<Vec<Answer>, AcceptError> {
        let mut call = script::LANES_ACCEPT.prepare_invoke();
        call.key(self.keys.tag())
            .arg(self.max_backlog)
            .arg(u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX))
            .arg(group.len());
        for message in group {
            call.arg(&message.number)
                .arg(&message.lane)
                .arg(&message.head[..])
                .arg(&message.entry)
                .arg(&message.id.as_bytes()[..])
                .arg(message.send_at_ms)
                .arg(&message.key)
                .arg(&message.digest[..]);
        }
        let codes: Vec<Vec<u8>> = call
            .invoke_async(&mut self.connection)
            .await
            .map_err(|error| refusal(&error))?;
        if self.ack == AckMode::Replica {
            let replicas: u64 = redis::cmd("WAIT")
                .arg(1)
                .arg(REPLICA_WAIT_MS)
                .query_async(&mut self.connection)
                .await
                .map_err(|error| refusal(&error))?;
            if replicas == 0 {
                return Err(AcceptError::NoReplica);
            }
        }
        if codes.len() != group.len() {
            return Err(AcceptError::Unknown("not one code for each message".into()));
        }
        let limit = self.max_backlog;
        let read = |(message, code): (&&Prepared, Vec<u8>)| read_code(message.id, &code, limit);
        Ok(group.iter().zip(codes).map(read).collect())
    }
}

fn read_code(id: Uuid, code: &[u8], limit: u64) -> Answer {
    match code {
        b"1" => Ok(Accepted::New {
            id,
            scheduled: false,
        }),
        b"2" => Ok(Accepted::New {
            id,
            scheduled: true,
        }),
        b"3" => Err(AcceptError::Conflict),
        b"4" => Err(AcceptError::Backlog { limit }),
        [b'=', known @ ..] => Uuid::from_slice(known)
            .map(|id| Accepted::Known { id })
            .map_err(|_| AcceptError::Unknown("the key stands for no id".into())),
        _ => Err(AcceptError::Unknown("an unknown code".into())),
    }
}

/// Cuts messages into groups that a script can take.
fn groups<'a, 'b>(messages: &'a [&'b Prepared]) -> impl Iterator<Item = &'a [&'b Prepared]> {
    let mut rest = messages;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |message: &&&Prepared| {
            bytes += message.entry.len();
            bytes <= GROUP_BYTES
        };
        let count = rest.iter().take(GROUP_MESSAGES).take_while(fits).count();
        let (group, left) = rest.split_at_checked(count.max(1))?;
        rest = left;
        Some(group)
    })
}

/// Waits for one job, then takes what else waits. False at the end.
async fn gather(receiver: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) -> bool {
    let Some(first) = receiver.recv().await else {
        return false;
    };
    let mut messages = first.messages.len();
    jobs.push(first);
    let mut waiting = receiver.len();
    for _ in 0..GATHER_TURNS {
        tokio::task::yield_now().await;
        let now = receiver.len();
        if now == waiting {
            break;
        }
        waiting = now;
    }
    while messages < GROUP_MESSAGES {
        let Ok(next) = receiver.try_recv() else { break };
        messages += next.messages.len();
        jobs.push(next);
    }
    true
}

/// Sorts an error of Redis by what the caller may conclude from it.
fn refusal(error: &redis::RedisError) -> AcceptError {
    // OOM, MISCONF, READONLY, NOREPLICAS, LOADING: an answer before the script wrote anything.
    if let Some(code) = error.code() {
        return AcceptError::Refused(code.into());
    }
    let category: Arc<str> = error.category().into();
    if error.is_connection_refusal() {
        AcceptError::Unavailable(category)
    } else {
        AcceptError::Unknown(category)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_when_and_what() {
        let outgoing = crate::outbox::tests::outgoing("1", "4917");
        let head = head(&outgoing);
        assert_eq!(&head, b"\0\0\0\0\0\0\0\0fp");
    }
}
