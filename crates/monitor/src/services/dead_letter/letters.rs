//! The dead letters of all queues, as one list.

use std::time::{Duration, SystemTime};

use tonic::Status;
use uuid::Uuid;
use waypost_queue::{
    DeadCursor, DeadFilter, DeadLetter as DeadEntry, DeadOutgoing, DeadOutgoingFilter, Inbox,
    QueueError,
};
use waypost_rpc::v1::{AttemptFailure, DeadLetter, DeadLetterFilter, Queue};

use crate::convert::dead;
use crate::convert::time::time_of;
use crate::fault;
use crate::plane::Plane;

/// All queues that have dead letters.
pub(super) const QUEUES: [Queue; 3] = [Queue::Webhook, Queue::Message, Queue::Fact];

/// Letters looked at in one go.
pub(super) const PAGE: usize = 500;

/// Where a page has ended.
pub(super) type At = (u64, Uuid);

/// A letter, and its place in the list.
pub(super) struct Found {
    pub(super) at: At,
    pub(super) id: Uuid,
    pub(super) queue: Queue,
    pub(super) letter: DeadLetter,
}

/// A letter with everything.
pub(super) enum Whole {
    Message(Box<DeadOutgoing>),
    Entry(Queue, Box<DeadEntry>),
}

/// Which letters, understood.
pub(super) struct Wanted {
    queues: Vec<Queue>,
    outgoing: DeadOutgoingFilter,
    entries: DeadFilter,
}

impl Wanted {
    /// Understands a filter.
    ///
    /// # Errors
    /// When it asks for what there is not.
    pub(super) fn read(filter: &DeadLetterFilter) -> Result<Self, Status> {
        let class = Some(filter.class.as_str()).filter(|class| !class.is_empty());
        let number = Some(filter.phone_number_id.clone()).filter(|number| !number.is_empty());
        let code = Some(filter.error_code).filter(|code| *code != 0);
        let (since, until) = (
            time_of(filter.since.as_ref()),
            time_of(filter.until.as_ref()),
        );
        let outgoing_class = class.and_then(waypost_model::DeadClass::parse);
        let mut queues = match filter.queue() {
            Queue::Unspecified => QUEUES.to_vec(),
            one => vec![one],
        };
        // A number and a code only messages have; a class of one kind of letter the other never has.
        if number.is_some() || code.is_some() {
            queues.retain(|queue| *queue == Queue::Message);
        }
        if class.is_some() && outgoing_class.is_none() {
            queues.retain(|queue| *queue != Queue::Message);
        }
        Ok(Self {
            queues,
            outgoing: DeadOutgoingFilter {
                class: outgoing_class,
                phone_number_id: number,
                since,
                until,
                error_code: code,
                ..DeadOutgoingFilter::default()
            },
            entries: DeadFilter {
                class: class.map(str::to_owned),
                since,
                until,
                ..DeadFilter::default()
            },
        })
    }

    /// Leaves out what dies from now on: what is replayed and dies again is not met a second time.
    pub(super) fn until_now(mut self, now: SystemTime) -> Self {
        let end = |until: Option<SystemTime>| Some(until.map_or(now, |until| until.min(now)));
        self.outgoing.until = end(self.outgoing.until);
        self.entries.until = end(self.entries.until);
        self
    }

    /// A page, oldest first, and where the next one begins; `None` when there is none.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub(super) async fn page(
        &self,
        plane: &Plane,
        after: Option<At>,
        size: usize,
    ) -> Result<(Vec<Found>, Option<At>), Status> {
        let mut found = Vec::new();
        // How far each queue was looked through, where there is more.
        let mut bound: Option<At> = None;
        for queue in &self.queues {
            let (letters, next) = self
                .of_queue(plane, *queue, after, size)
                .await
                .map_err(|error| fault::redis(&error))?;
            found.extend(letters);
            if let Some(next) = next {
                bound = Some(bound.map_or(next, |bound| bound.min(next)));
            }
        }
        found.sort_by_key(|letter| letter.at);
        // Beyond what was looked through of one queue, letters of another would be told too early.
        if let Some(bound) = bound {
            found.retain(|letter| letter.at <= bound);
        }
        let more = found.len() > size;
        found.truncate(size);
        let next = match found.last() {
            Some(last) if more => Some(last.at),
            _ => bound,
        };
        Ok((found, next))
    }

    async fn of_queue(
        &self,
        plane: &Plane,
        queue: Queue,
        after: Option<At>,
        size: usize,
    ) -> Result<(Vec<Found>, Option<At>), QueueError> {
        let after = after.map(|(ms, id)| DeadCursor(ms, id));
        if queue == Queue::Message {
            let (letters, next) = plane.outbox.dead_page(&self.outgoing, after, size).await?;
            let found = letters.iter().map(|letter| Found {
                at: (millis(letter.buried_at), letter.outgoing.id),
                id: letter.outgoing.id,
                queue,
                letter: dead::message(letter),
            });
            return Ok((found.collect(), next.map(|DeadCursor(ms, id)| (ms, id))));
        }
        let (letters, next) = entries(plane, queue)
            .dead_page(&self.entries, after, size)
            .await?;
        let found = letters.iter().map(|letter| Found {
            at: (millis(letter.buried_at), letter.envelope.id),
            id: letter.envelope.id,
            queue,
            letter: dead::entry(queue, letter),
        });
        Ok((found.collect(), next.map(|DeadCursor(ms, id)| (ms, id))))
    }

    /// How many it takes. Where only times restrict it, nothing is read for that.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub(super) async fn count(&self, plane: &Plane) -> Result<u64, Status> {
        let (since, until) = (self.entries.since, self.entries.until);
        let (mut count, mut after) = (0, None);
        if !self.is_picky() {
            for queue in &self.queues {
                let of_queue = match queue {
                    Queue::Message => plane.outbox.dead_count_between(since, until).await,
                    other => {
                        entries(plane, *other)
                            .dead_count_between(since, until)
                            .await
                    }
                };
                count += of_queue.map_err(|error| fault::redis(&error))?;
            }
            return Ok(count);
        }
        loop {
            let (found, next) = self.page(plane, after, PAGE).await?;
            count += found.len() as u64;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    fn is_picky(&self) -> bool {
        let (outgoing, entries) = (&self.outgoing, &self.entries);
        let picky = outgoing.class.is_some() || entries.class.is_some();
        picky || outgoing.phone_number_id.is_some() || outgoing.error_code.is_some()
    }

    /// Letters that lie in the queues it names, whatever else it says.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub(super) async fn total(&self, plane: &Plane) -> Result<u64, Status> {
        let mut total = 0;
        for queue in &self.queues {
            let count = match queue {
                Queue::Message => plane.outbox.dead_count().await,
                other => entries(plane, *other).dead_count().await,
            };
            total += count.map_err(|error| fault::redis(&error))?;
        }
        Ok(total)
    }
}

impl Whole {
    /// Looks for it in all queues.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub(super) async fn find(plane: &Plane, id: Uuid) -> Result<Option<Self>, QueueError> {
        if let Some(letter) = plane.outbox.dead_letter(id).await? {
            return Ok(Some(Self::Message(Box::new(letter))));
        }
        for queue in [Queue::Webhook, Queue::Fact] {
            if let Some(letter) = entries(plane, queue).dead_letter(id).await? {
                return Ok(Some(Self::Entry(queue, Box::new(letter))));
            }
        }
        Ok(None)
    }

    pub(super) fn told(&self) -> DeadLetter {
        match self {
            Self::Message(letter) => dead::message(letter),
            Self::Entry(queue, letter) => dead::entry(*queue, letter),
        }
    }

    pub(super) fn errors(&self) -> Vec<AttemptFailure> {
        match self {
            Self::Message(letter) => dead::errors(letter),
            Self::Entry(_, letter) => dead::entry_errors(letter),
        }
    }

    pub(super) fn payload(&self) -> String {
        match self {
            Self::Message(letter) => dead::payload(&letter.outgoing.body),
            Self::Entry(_, letter) => dead::payload(&letter.envelope.body),
        }
    }
}

/// Puts one back; false when it is none, or none any more.
pub(super) async fn replay(plane: &Plane, queue: Queue, id: Uuid) -> Result<bool, QueueError> {
    match queue {
        Queue::Message => plane.outbox.replay(id).await,
        Queue::Webhook | Queue::Fact => entries(plane, queue).replay(id).await,
        Queue::Unspecified => Ok(plane.outbox.replay(id).await?
            || plane.inbox.replay(id).await?
            || plane.facts.replay(id).await?),
    }
}

/// Throws some away; answers how many were there.
pub(super) async fn purge(plane: &Plane, queue: Queue, ids: &[Uuid]) -> Result<u64, QueueError> {
    match queue {
        Queue::Message => plane.outbox.purge_many(ids).await,
        Queue::Webhook | Queue::Fact => entries(plane, queue).purge_many(ids).await,
        Queue::Unspecified => Ok(plane.outbox.purge_many(ids).await?
            + plane.inbox.purge_many(ids).await?
            + plane.facts.purge_many(ids).await?),
    }
}

/// Those of the ids that are no dead letters, or not any more.
pub(super) async fn missing(plane: &Plane, ids: &[Uuid]) -> Result<Vec<String>, Status> {
    let mut missing = Vec::new();
    for id in ids {
        let found = Whole::find(plane, *id).await;
        if found.map_err(|error| fault::redis(&error))?.is_none() {
            missing.push(id.to_string());
        }
    }
    Ok(missing)
}

fn entries(plane: &Plane, queue: Queue) -> &Inbox {
    match queue {
        Queue::Fact => &plane.facts,
        _ => &plane.inbox,
    }
}

fn millis(at: SystemTime) -> u64 {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
