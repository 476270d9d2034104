//! Messages that were given up.

use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::try_join_all;
use prost::Message;
use uuid::Uuid;
use waypost_model::{DeadClass, SendState};

use crate::dead::{AT_ONCE, DeadCursor, Shelf, Wanted, count, count_between, find, page};
use crate::envelope::{Envelope, EnvelopeError};
use crate::error::QueueError;
use crate::outbox::accept::head;
use crate::outbox::control::Outbox;
use crate::outbox::fact::Fact;
use crate::outbox::outgoing::{Outgoing, time};
use crate::outbox::progress::Progress;
use crate::{script, wire};

/// A message that was given up.
#[derive(Clone, Debug)]
pub struct DeadOutgoing {
    /// The message, as it was accepted.
    pub outgoing: Outgoing,
    /// Its attempts and their errors.
    pub progress: Progress,
    /// Why, in a word.
    pub class: DeadClass,
    /// When.
    pub buried_at: SystemTime,
    /// Why, in words. May hold what Meta said: not for a log.
    pub reason: String,
}

/// Which to list.
#[derive(Clone, Debug, Default)]
pub struct DeadOutgoingFilter {
    /// Only of this class.
    pub class: Option<DeadClass>,
    /// Only of this number.
    pub phone_number_id: Option<String>,
    /// Only those buried at or after this time.
    pub since: Option<SystemTime>,
    /// Only those buried before this time.
    pub until: Option<SystemTime>,
    /// Only those whose latest error has this code of Meta's.
    pub error_code: Option<i64>,
    /// Most to answer; 0 for no limit. A page has a limit of its own.
    pub limit: usize,
}

/// A letter as it lies there.
struct Found {
    /// The partition.
    tag: String,
    at: Option<DeadCursor>,
    bytes: Vec<u8>,
}

impl DeadOutgoing {
    fn decode(bytes: &[u8]) -> Result<Self, QueueError> {
        let letter = wire::DeadOutgoing::decode(bytes).map_err(EnvelopeError::from)?;
        Ok(Self {
            outgoing: Outgoing::from_envelope(&Envelope::decode(letter.entry)?)?,
            progress: Progress::from_wire(letter.progress.unwrap_or_default()),
            class: DeadClass::parse(&letter.class)
                .ok_or(EnvelopeError::Body("its class is unknown"))?,
            buried_at: time(letter.buried_at_ms).unwrap_or(SystemTime::UNIX_EPOCH),
            reason: letter.reason,
        })
    }

    /// Reads one out of the list, where the time of burial is that of Redis.
    fn read(at: DeadCursor, bytes: &[u8]) -> Result<Self, QueueError> {
        Ok(Self {
            buried_at: crate::figures::at(at.0),
            ..Self::decode(bytes)?
        })
    }
}

impl DeadOutgoingFilter {
    fn takes(&self, letter: &DeadOutgoing) -> bool {
        self.class.is_none_or(|class| class == letter.class)
            && self
                .phone_number_id
                .as_ref()
                .is_none_or(|number| *number == letter.outgoing.phone_number_id)
            && self.error_code.is_none_or(|code| {
                let latest = letter.progress.errors.last();
                latest.is_some_and(|error| error.code == Some(code))
            })
    }

    const fn is_picky(&self) -> bool {
        self.class.is_some() || self.phone_number_id.is_some() || self.error_code.is_some()
    }
}

impl Outbox {
    /// Lists dead letters, oldest first. One that cannot be read is passed over.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn dead_letters(
        &self,
        filter: &DeadOutgoingFilter,
    ) -> Result<Vec<DeadOutgoing>, QueueError> {
        let (mut letters, mut after) = (Vec::new(), None);
        loop {
            let left = match filter.limit {
                0 => usize::MAX,
                limit => limit - letters.len(),
            };
            let (page, next) = self.dead_page(filter, after, left).await?;
            letters.extend(page);
            let full = filter.limit > 0 && letters.len() >= filter.limit;
            match next.filter(|_| !full) {
                Some(next) => after = Some(next),
                None => return Ok(letters),
            }
        }
    }

    /// Up to `limit` dead letters, oldest first over all partitions, and where the next page begins; `None` when there
    /// is none. Only so many letters are looked at, so a page may be short and have a next one all the same. One that
    /// cannot be read is passed over.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn dead_page(
        &self,
        filter: &DeadOutgoingFilter,
        after: Option<DeadCursor>,
        limit: usize,
    ) -> Result<(Vec<DeadOutgoing>, Option<DeadCursor>), QueueError> {
        let shelves: Vec<_> = self.all().map(|keys| Shelf::of_lanes(&keys)).collect();
        let wanted = Wanted {
            since: filter.since,
            until: filter.until,
            after,
            limit,
            picky: filter.is_picky(),
        };
        let takes = |letter: &DeadOutgoing| filter.takes(letter);
        page(&self.redis, &shelves, &wanted, DeadOutgoing::read, takes).await
    }

    /// Dead letters that lie there.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn dead_count(&self) -> Result<u64, QueueError> {
        let keys: Vec<_> = self.all().map(|keys| keys.key("dead")).collect();
        count(&self.redis, keys.iter().map(String::as_str)).await
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
        let shelves: Vec<_> = self.all().map(|keys| Shelf::of_lanes(&keys)).collect();
        count_between(&self.redis, &shelves, since, until).await
    }

    /// One dead letter as it lies there, its place, and the partition that it is in.
    async fn find(&self, id: Uuid) -> Result<Option<Found>, QueueError> {
        for keys in self.all() {
            let found = find(&self.redis, &Shelf::of_lanes(&keys), id).await?;
            if let Some((at, bytes)) = found {
                let tag = keys.tag().to_owned();
                return Ok(Some(Found { tag, at, bytes }));
            }
        }
        Ok(None)
    }

    /// One dead letter.
    ///
    /// # Errors
    /// When Redis cannot be asked or the letter cannot be read.
    pub async fn dead_letter(&self, id: Uuid) -> Result<Option<DeadOutgoing>, QueueError> {
        let found = self.find(id).await?;
        found
            .map(|found| match found.at {
                Some(at) => DeadOutgoing::read(at, &found.bytes),
                None => DeadOutgoing::decode(&found.bytes),
            })
            .transpose()
    }

    /// Puts one back at the end of its lane with fresh attempts; false when it was not there (any more). Whoever
    /// replays one whose time is over wants it sent all the same, so it has no time any more.
    ///
    /// # Errors
    /// When Redis cannot be asked or the letter cannot be read.
    pub async fn replay(&self, id: Uuid) -> Result<bool, QueueError> {
        let Some(Found { tag, bytes, .. }) = self.find(id).await? else {
            return Ok(false);
        };
        let letter = DeadOutgoing::decode(&bytes)?;
        let progress = Progress {
            life: letter.progress.life + 1,
            made: letter.progress.made,
            unknown: letter.progress.unknown,
            errors: letter.progress.errors,
            ..Progress::default()
        };
        let mut outgoing = letter.outgoing;
        outgoing.expires_at = None;
        let mut fact = Fact::change(id, &outgoing.phone_number_id, SendState::Accepted);
        (fact.life, fact.attempt) = (progress.life, progress.made);
        let (lane, mut element) = (outgoing.lane(), head(&outgoing).to_vec());
        let entry = outgoing.into_envelope().into_wire().encode_to_vec();
        element.extend_from_slice(&entry);
        let fact = fact.into_envelope().into_wire().encode_to_vec();
        self.raise(&tag, id, &lane, element, &progress.encode(), fact)
            .await
    }

    /// Throws one away; false when it was not there (any more).
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn purge(&self, id: Uuid) -> Result<bool, QueueError> {
        Ok(self.purge_many(&[id]).await? == 1)
    }

    /// Throws some away, wherever they lie, with one script for many; answers how many were there.
    ///
    /// # Errors
    /// When Redis cannot be asked; then a part may be gone.
    pub async fn purge_many(&self, ids: &[Uuid]) -> Result<u64, QueueError> {
        let shelves = self.all().map(|keys| async move {
            let mut gone = 0;
            for some in ids.chunks(AT_ONCE) {
                let mut call = script::LANES_PURGE.prepare_invoke();
                call.key(keys.tag());
                for id in some {
                    call.arg(&id.as_bytes()[..]);
                }
                let mut connection = self.redis.connection();
                gone += call.invoke_async::<u64>(&mut connection).await?;
            }
            Ok::<u64, QueueError>(gone)
        });
        Ok(try_join_all(shelves).await?.iter().sum())
    }

    async fn raise(
        &self,
        tag: &str,
        id: Uuid,
        lane: &str,
        element: Vec<u8>,
        progress: &[u8],
        fact: Vec<u8>,
    ) -> Result<bool, QueueError> {
        let raised: u8 = script::LANES_RAISE
            .key(tag)
            .arg(&id.as_bytes()[..])
            .arg(lane)
            .arg(Bytes::from(element).as_ref())
            .arg(progress)
            .arg(Bytes::from(fact).as_ref())
            .invoke_async(&mut self.redis.connection())
            .await?;
        Ok(raised == 1)
    }
}
