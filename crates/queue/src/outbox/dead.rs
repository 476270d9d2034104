//! Messages that were given up.

use std::time::SystemTime;

use bytes::Bytes;
use prost::Message;
use uuid::Uuid;
use waypost_model::{DeadClass, SendState};

use crate::envelope::{Envelope, EnvelopeError, millis};
use crate::error::QueueError;
use crate::outbox::accept::head;
use crate::outbox::control::Outbox;
use crate::outbox::fact::Fact;
use crate::outbox::outgoing::{Outgoing, time};
use crate::outbox::progress::Progress;
use crate::{script, wire};

/// Letters read in one go.
const PAGE: usize = 128;

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
    /// Most to answer; 0 for no limit.
    pub limit: usize,
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
}

impl DeadOutgoingFilter {
    fn takes(&self, letter: &DeadOutgoing) -> bool {
        self.class.is_none_or(|class| class == letter.class)
            && self
                .phone_number_id
                .as_ref()
                .is_none_or(|number| *number == letter.outgoing.phone_number_id)
    }
}

impl Outbox {
    /// Lists dead letters, oldest first within a partition.
    ///
    /// # Errors
    /// When Redis cannot be asked or a letter cannot be read.
    pub async fn dead_letters(
        &self,
        filter: &DeadOutgoingFilter,
    ) -> Result<Vec<DeadOutgoing>, QueueError> {
        let mut letters = Vec::new();
        let mut connection = self.redis.connection();
        for keys in self.all() {
            let ids: Vec<Vec<u8>> = redis::cmd("ZRANGE")
                .arg(keys.key("dead:order"))
                .arg(filter.since.map_or(0, millis))
                .arg("+inf")
                .arg("BYSCORE")
                .query_async(&mut connection)
                .await?;
            for page in ids.chunks(PAGE) {
                let found: Vec<Option<Vec<u8>>> = redis::cmd("HMGET")
                    .arg(keys.key("dead"))
                    .arg(page)
                    .query_async(&mut connection)
                    .await?;
                for bytes in found.into_iter().flatten() {
                    let letter = match DeadOutgoing::decode(&bytes) {
                        Ok(letter) => letter,
                        // One that cannot be read must not hide the others.
                        Err(error) => {
                            tracing::warn!("a dead letter cannot be read: {error}");
                            continue;
                        }
                    };
                    if filter.takes(&letter) {
                        letters.push(letter);
                    }
                    if filter.limit > 0 && letters.len() == filter.limit {
                        return Ok(letters);
                    }
                }
            }
        }
        Ok(letters)
    }

    /// One dead letter as it lies there, and the partition that it is in.
    async fn find(&self, id: Uuid) -> Result<Option<(String, Vec<u8>)>, QueueError> {
        for keys in self.all() {
            let bytes: Option<Vec<u8>> = redis::cmd("HGET")
                .arg(keys.key("dead"))
                .arg(&id.as_bytes()[..])
                .query_async(&mut self.redis.connection())
                .await?;
            if let Some(bytes) = bytes {
                return Ok(Some((keys.tag().to_owned(), bytes)));
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
            .map(|(_, bytes)| DeadOutgoing::decode(&bytes))
            .transpose()
    }

    /// Puts one back at the end of its lane with fresh attempts; false when it was not there (any more). Whoever
    /// replays one whose time is over wants it sent all the same, so it has no time any more.
    ///
    /// # Errors
    /// When Redis cannot be asked or the letter cannot be read.
    pub async fn replay(&self, id: Uuid) -> Result<bool, QueueError> {
        let Some((tag, bytes)) = self.find(id).await? else {
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
        let Some((tag, _)) = self.find(id).await? else {
            return Ok(false);
        };
        self.raise(&tag, id, "", Vec::new(), b"", Vec::new()).await
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
