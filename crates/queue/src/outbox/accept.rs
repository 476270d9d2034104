//! Taking messages in: those that wait at one moment go into their lanes with one script, see `write`.

mod write;

use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use uuid::Uuid;
use waypost_model::OnUnknown;

use self::write::Writer;
use crate::connect::Redis;
use crate::envelope::{Encoded, millis};
use crate::keys::Keys;
use crate::outbox::outgoing::Outgoing;
use crate::outbox::settings::OutboxSettings;

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
