//! What an operator does with the inbox: look, pause, resume, clear, and deal with dead letters.

mod clear;
mod stats;

use std::time::SystemTime;

use futures_util::future::try_join_all;
use uuid::Uuid;

pub use self::clear::Cleared;
pub use self::stats::InboxStats;
use crate::connect::Redis;
use crate::dead::{self, DeadCursor, DeadFilter, DeadLetter, DeadLetters};
use crate::error::QueueError;
use crate::figures::Pause;
use crate::keys::PartitionKeys;

/// The inbox as a whole, all partitions.
#[derive(Clone)]
pub struct Inbox {
    redis: Redis,
    queues: Vec<PartitionKeys>,
}

impl Inbox {
    /// The inbox with that many partitions.
    pub fn new(redis: &Redis, partitions: u16) -> Self {
        Self {
            redis: redis.clone(),
            queues: (0..partitions).map(|p| redis.keys().partition(p)).collect(),
        }
    }

    /// The facts that that many partitions of the outbox tell, which are a queue like the inbox.
    pub fn of_facts(redis: &Redis, partitions: u16) -> Self {
        Self {
            redis: redis.clone(),
            queues: (0..partitions).map(|p| redis.keys().facts(p)).collect(),
        }
    }

    /// Stops consumers from reserving, at once; what they hold they finish. Producers go on. False when it was paused
    /// already: then that pause stays as it is.
    ///
    /// # Errors
    /// When Redis cannot be asked; then some partitions may be paused and some not.
    pub async fn pause(&self, by: &str, reason: &str) -> Result<bool, QueueError> {
        pause(&self.redis, self.paused(), by, reason).await
    }

    /// Lets consumers go on. False when nothing was paused.
    ///
    /// # Errors
    /// When Redis cannot be asked; then some partitions may still be paused.
    pub async fn resume(&self) -> Result<bool, QueueError> {
        resume(&self.redis, self.paused()).await
    }

    fn paused(&self) -> impl Iterator<Item = String> {
        self.queues.iter().map(|keys| keys.paused.clone())
    }

    /// The dead letters, partition by partition.
    pub fn dead_letters(&self) -> Vec<DeadLetters> {
        self.queues
            .iter()
            .map(|keys| DeadLetters::under(&self.redis, keys.clone()))
            .collect()
    }

    /// Dead letters that lie there.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn dead_count(&self) -> Result<u64, QueueError> {
        dead::count(&self.redis, self.queues.iter().map(|keys| &*keys.dead)).await
    }

    /// Dead letters that were buried at `since` or later and before `until`, at a cost that does not grow with them.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn dead_count_between(
        &self,
        since: Option<SystemTime>,
        until: Option<SystemTime>,
    ) -> Result<u64, QueueError> {
        let shelves: Vec<_> = self.queues.iter().map(dead::Shelf::of).collect();
        dead::count_between(&self.redis, &shelves, since, until).await
    }

    /// Up to `limit` dead letters, oldest first over all partitions, and where the next page begins; `None` when there
    /// is none. Only so many letters are looked at, so a page may be short and have a next one all the same. One that
    /// cannot be read is passed over.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn dead_page(
        &self,
        filter: &DeadFilter,
        after: Option<DeadCursor>,
        limit: usize,
    ) -> Result<(Vec<DeadLetter>, Option<DeadCursor>), QueueError> {
        let shelves: Vec<_> = self.queues.iter().map(dead::Shelf::of).collect();
        let wanted = dead::Wanted {
            since: filter.since,
            until: filter.until,
            after,
            limit,
            picky: filter.class.is_some(),
        };
        let read = |at: DeadCursor, bytes: &[u8]| DeadLetter::read(at, bytes);
        dead::page(&self.redis, &shelves, &wanted, read, |letter| {
            filter.takes(letter)
        })
        .await
    }

    /// One dead letter, wherever it lies.
    ///
    /// # Errors
    /// When Redis cannot be asked or the letter cannot be read.
    pub async fn dead_letter(&self, id: Uuid) -> Result<Option<DeadLetter>, QueueError> {
        for shelf in self.dead_letters() {
            if let Some(letter) = shelf.get(id).await? {
                return Ok(Some(letter));
            }
        }
        Ok(None)
    }

    /// Puts one back into its queue with fresh attempts; false when it was not there (any more).
    ///
    /// # Errors
    /// When Redis cannot be asked or the letter cannot be read.
    pub async fn replay(&self, id: Uuid) -> Result<bool, QueueError> {
        for shelf in self.dead_letters() {
            if shelf.replay(id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Throws one away; false when it was not there (any more).
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn purge(&self, id: Uuid) -> Result<bool, QueueError> {
        for shelf in self.dead_letters() {
            if shelf.purge(id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Throws some away, wherever they lie, with one script for many; answers how many were there.
    ///
    /// # Errors
    /// When Redis cannot be asked; then a part may be gone.
    pub async fn purge_many(&self, ids: &[Uuid]) -> Result<u64, QueueError> {
        let shelves = self.dead_letters();
        let gone = try_join_all(shelves.iter().map(|shelf| shelf.purge_many(ids))).await?;
        Ok(gone.iter().sum())
    }
}

/// Puts a note under each of the keys unless there is one; whether that changed anything.
pub(crate) async fn pause(
    redis: &Redis,
    keys: impl Iterator<Item = String>,
    by: &str,
    reason: &str,
) -> Result<bool, QueueError> {
    let note = Pause::note(by, reason);
    let set = keys.map(|key| {
        let (mut connection, note) = (redis.connection(), &note);
        async move {
            let mut command = redis::cmd("SET");
            command.arg(key).arg(note).arg("NX");
            command.query_async::<Option<String>>(&mut connection).await
        }
    });
    Ok(try_join_all(set).await?.iter().any(Option::is_some))
}

/// Takes the notes away; whether there were any.
pub(crate) async fn resume(
    redis: &Redis,
    keys: impl Iterator<Item = String>,
) -> Result<bool, QueueError> {
    let gone = keys.map(|key| {
        let mut connection = redis.connection();
        async move {
            let mut command = redis::cmd("DEL");
            command.arg(key).query_async::<u64>(&mut connection).await
        }
    });
    Ok(try_join_all(gone).await?.iter().any(|gone| *gone > 0))
}
