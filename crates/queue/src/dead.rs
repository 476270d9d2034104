//! Dead letters: what was given up, to be looked at, tried again or thrown away.

mod page;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost::Message;
use uuid::Uuid;

pub use self::page::DeadCursor;
pub(crate) use self::page::{AT_ONCE, Shelf, Wanted, count, count_between, find, page};
use crate::connect::Redis;
use crate::envelope::{Envelope, millis};
use crate::error::QueueError;
use crate::keys::PartitionKeys;
use crate::{script, wire};

/// An entry that was given up.
#[derive(Clone)]
pub struct DeadLetter {
    /// The entry, with its attempts and errors.
    pub envelope: Envelope,
    /// What kind of end it was: `malformed`, `rejected`, `unreadable` or `crash`.
    pub class: String,
    /// When.
    pub buried_at: SystemTime,
    /// The customer's message that it concerns, when known. Contains a phone number: never log it whole.
    pub message_id: Option<String>,
}

/// A message id holds the phone number, so it is left out.
impl std::fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetter")
            .field("envelope", &self.envelope)
            .field("class", &self.class)
            .field("buried_at", &self.buried_at)
            .finish_non_exhaustive()
    }
}

impl DeadLetter {
    pub(crate) fn into_wire(self) -> wire::DeadLetter {
        wire::DeadLetter {
            envelope: Some(self.envelope.into_wire()),
            class: self.class,
            buried_at_ms: millis(self.buried_at),
            message_id: self.message_id.unwrap_or_default(),
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, QueueError> {
        let letter = wire::DeadLetter::decode(bytes).map_err(crate::EnvelopeError::from)?;
        Ok(Self {
            envelope: Envelope::from_wire(letter.envelope.unwrap_or_default())?,
            class: letter.class,
            buried_at: UNIX_EPOCH + Duration::from_millis(letter.buried_at_ms),
            message_id: Some(letter.message_id).filter(|id| !id.is_empty()),
        })
    }

    /// Reads one out of the list, where the time of burial is that of Redis.
    pub(crate) fn read(at: DeadCursor, bytes: &[u8]) -> Result<Self, QueueError> {
        Ok(Self {
            buried_at: crate::figures::at(at.0),
            ..Self::decode(bytes)?
        })
    }
}

/// Which dead letters to list.
#[derive(Clone, Debug, Default)]
pub struct DeadFilter {
    /// Only of this class.
    pub class: Option<String>,
    /// Only those buried at or after this time.
    pub since: Option<SystemTime>,
    /// Only those buried before this time.
    pub until: Option<SystemTime>,
    /// Most to answer; 0 for no limit. A page has a limit of its own.
    pub limit: usize,
}

impl DeadFilter {
    pub(crate) fn takes(&self, letter: &DeadLetter) -> bool {
        let class = self.class.as_ref();
        class.is_none_or(|class| *class == letter.class)
    }
}

/// The dead letters of one partition.
pub struct DeadLetters {
    redis: Redis,
    keys: PartitionKeys,
}

impl DeadLetters {
    /// Those of `partition`.
    pub fn of(redis: &Redis, partition: u16) -> Self {
        Self::under(redis, redis.keys().partition(partition))
    }

    pub(crate) fn under(redis: &Redis, keys: PartitionKeys) -> Self {
        Self {
            redis: redis.clone(),
            keys,
        }
    }

    /// Lists them, oldest first. One that cannot be read is passed over.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn list(&self, filter: &DeadFilter) -> Result<Vec<DeadLetter>, QueueError> {
        let mut letters = Vec::new();
        let mut wanted = Wanted {
            since: filter.since,
            until: filter.until,
            after: None,
            limit: filter.limit,
            picky: true,
        };
        let shelf = [Shelf::of(&self.keys)];
        loop {
            wanted.limit = match filter.limit {
                0 => usize::MAX,
                limit => limit - letters.len(),
            };
            let takes = |letter: &DeadLetter| filter.takes(letter);
            let (page, next) = page(&self.redis, &shelf, &wanted, DeadLetter::read, takes).await?;
            letters.extend(page);
            let full = filter.limit > 0 && letters.len() >= filter.limit;
            match next.filter(|_| !full) {
                Some(next) => wanted.after = Some(next),
                None => return Ok(letters),
            }
        }
    }

    /// One dead letter.
    ///
    /// # Errors
    /// When Redis cannot be asked or the letter cannot be read.
    pub async fn get(&self, id: Uuid) -> Result<Option<DeadLetter>, QueueError> {
        let found = find(&self.redis, &Shelf::of(&self.keys), id).await?;
        found
            .map(|(at, bytes)| match at {
                Some(at) => DeadLetter::read(at, &bytes),
                None => DeadLetter::decode(&bytes),
            })
            .transpose()
    }

    /// Puts one back into the queue with fresh attempts; false when it was not there (any more).
    ///
    /// # Errors
    /// When Redis cannot be asked or the letter cannot be read.
    pub async fn replay(&self, id: Uuid) -> Result<bool, QueueError> {
        let Some(letter) = self.get(id).await? else {
            return Ok(false);
        };
        let mut fresh = letter.envelope;
        fresh.attempts = 0;
        let fresh = fresh.into_wire().encode_to_vec();
        Ok(self.end(&[id], &fresh).await? == 1)
    }

    /// Throws one away; false when it was not there (any more).
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn purge(&self, id: Uuid) -> Result<bool, QueueError> {
        Ok(self.purge_many(&[id]).await? == 1)
    }

    /// Throws some away, with one script for many; answers how many were there.
    ///
    /// # Errors
    /// When Redis cannot be asked; then a part may be gone.
    pub async fn purge_many(&self, ids: &[Uuid]) -> Result<u64, QueueError> {
        let mut gone = 0;
        for some in ids.chunks(AT_ONCE) {
            gone += self.end(some, b"").await?;
        }
        Ok(gone)
    }

    async fn end(&self, ids: &[Uuid], fresh: &[u8]) -> Result<u64, QueueError> {
        let mut call = script::REPLAY.prepare_invoke();
        call.key(&self.keys.dead)
            .key(&self.keys.dead_order)
            .key(&self.keys.ready)
            .key(&self.keys.counters);
        for id in ids {
            call.arg(&id.as_bytes()[..]).arg(fresh);
        }
        Ok(call.invoke_async(&mut self.redis.connection()).await?)
    }
}
