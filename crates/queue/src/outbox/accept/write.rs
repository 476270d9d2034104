//! The task behind an acceptor: gathers what waits, runs the script, gives everyone his answer.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionManager;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{AcceptError, Accepted, Answer, Job, Prepared};
use crate::enqueue::REPLICA_WAIT_MS;
use crate::error;
use crate::keys::LaneKeys;
use crate::script;
use crate::settings::AckMode;

/// Messages in one script. It stops Redis for everyone else, so it must be short.
const GROUP_MESSAGES: usize = 256;
/// Bytes in one script.
const GROUP_BYTES: usize = 2 << 20;
/// How often the task steps aside for requests that are about to come, before it sends a group.
const GATHER_TURNS: usize = 8;
/// The task of one partition.
pub(super) struct Writer {
    pub(super) keys: LaneKeys,
    pub(super) connection: ConnectionManager,
    pub(super) ack: AckMode,
    pub(super) max_backlog: u64,
    pub(super) ttl: Duration,
}

impl Writer {
    pub(super) async fn run(mut self, mut receiver: mpsc::Receiver<Job>) {
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
                // Whatever it says, the messages are on the primary.
                .map_err(|error| {
                    error::failed();
                    AcceptError::Unknown(error.category().into())
                })?;
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
    error::failed();
    // OOM, MISCONF, READONLY, NOREPLICAS, LOADING: an answer before the script wrote anything.
    // A script that failed half way has the code ERR.
    if let Some(code) = error.code().filter(|code| *code != "ERR") {
        return AcceptError::Refused(code.into());
    }
    let category: Arc<str> = error.category().into();
    if error.is_connection_refusal() {
        AcceptError::Unavailable(category)
    } else {
        AcceptError::Unknown(category)
    }
}
