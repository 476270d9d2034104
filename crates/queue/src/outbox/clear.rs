//! Throwing away messages that wait.
//!
//! Lanes are found by going through everything that lists them, see `clear/lanes`; then each is looked at in small
//! scripts. What is found is cut out with another one, together with the facts that tell of it; a message that has moved
//! on between the two stays, and the next pass looks at it again.

mod lanes;

use std::collections::HashSet;
use std::time::SystemTime;

use uuid::Uuid;
use waypost_model::{DeadClass, SendState};

use crate::envelope::millis;
use crate::error::QueueError;
use crate::keys::LaneKeys;
use crate::outbox::control::Outbox;
use crate::outbox::fact::Fact;
use crate::outbox::progress::Progress;
use crate::script;

/// Messages that one script looks at or cuts out.
const WINDOW: usize = 128;
/// Passes over everything that lists lanes. What moves while one is made may be overlooked by it.
const PASSES: usize = 8;

/// Looks through one partition.
struct Sweep<'a> {
    outbox: &'a Outbox,
    keys: LaneKeys,
    /// Only of this number.
    number: Option<&'a str>,
    until: u64,
    /// Who throws away; nobody, when it is just to be counted.
    by: Option<&'a str>,
    /// Digests of the lanes that this pass has seen. A lane moves from one list to another while it is made.
    seen: HashSet<u64>,
}

impl Outbox {
    /// How many messages [`Outbox::clear`] would throw away. Nothing is changed; what moves meanwhile may be counted or
    /// not.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn would_clear(
        &self,
        number: Option<&str>,
        until: SystemTime,
    ) -> Result<u64, QueueError> {
        let mut found = 0;
        for mut sweep in self.sweeps(number, until, None) {
            found += sweep.pass().await?;
        }
        Ok(found)
    }

    /// Throws away messages that wait, for their turn, for a time or for other messages, of those that were accepted at
    /// `until` or before; perhaps only of one number. What is under way or whose outcome is unknown stays, and so do
    /// dead letters. A fact tells of each that it is dead of class `cleared`. Answers how many.
    ///
    /// # Errors
    /// When Redis cannot be asked; then a part may be gone.
    pub async fn clear(
        &self,
        number: Option<&str>,
        until: SystemTime,
        by: &str,
    ) -> Result<u64, QueueError> {
        let mut gone = 0;
        for mut sweep in self.sweeps(number, until, Some(by)) {
            for _ in 0..PASSES {
                let found = sweep.pass().await?;
                gone += found;
                if found == 0 {
                    break;
                }
            }
        }
        Ok(gone)
    }

    fn sweeps<'a>(
        &'a self,
        number: Option<&'a str>,
        until: SystemTime,
        by: Option<&'a str>,
    ) -> Vec<Sweep<'a>> {
        let keys: Vec<LaneKeys> = match number {
            Some(number) => vec![self.of(number)],
            None => self.all().collect(),
        };
        let until = millis(until);
        let sweep = |keys| Sweep {
            outbox: self,
            keys,
            number,
            until,
            by,
            seen: HashSet::new(),
        };
        keys.into_iter().map(sweep).collect()
    }
}

impl Sweep<'_> {
    /// Goes through everything once. What joins its lane meanwhile is met there.
    async fn pass(&mut self) -> Result<u64, QueueError> {
        self.seen.clear();
        Ok(self.scheduled().await? + self.lanes().await?)
    }

    async fn scheduled(&self) -> Result<u64, QueueError> {
        let (mut found, mut from) = (0, 0);
        loop {
            let answer: Vec<Vec<u8>> = self
                .unschedule()
                .arg("look")
                .arg(self.until)
                .arg(from)
                .arg(WINDOW)
                .arg(self.number.unwrap_or(""))
                .invoke_async(&mut self.outbox.redis.connection())
                .await?;
            let (looked, messages) = answer
                .split_first()
                .map_or((0, &[][..]), |(looked, rest)| (read_number(looked), rest));
            let gone = match self.by {
                Some(by) => self.cut_scheduled(messages, by).await?,
                None => 0,
            };
            found += if self.by.is_some() {
                gone
            } else {
                messages.len() as u64 / 2
            };
            if looked < WINDOW as u64 {
                return Ok(found);
            }
            from += looked - gone;
        }
    }

    async fn cut_scheduled(&self, messages: &[Vec<u8>], by: &str) -> Result<u64, QueueError> {
        if messages.is_empty() {
            return Ok(0);
        }
        let mut call = self.unschedule();
        call.arg("cut");
        for message in messages.chunks_exact(2) {
            let number = String::from_utf8_lossy(&message[1]);
            let fact = cleared(&message[0], &number, &Progress::default(), by);
            call.arg(&message[0]);
            call.arg(fact.into_envelope().encode(usize::MAX));
        }
        Ok(call
            .invoke_async(&mut self.outbox.redis.connection())
            .await?)
    }

    fn unschedule(&self) -> redis::ScriptInvocation<'static> {
        let mut call = script::LANES_UNSCHEDULE.prepare_invoke();
        call.key(self.keys.tag());
        call
    }
}

/// The fact that tells of a message that is gone. It must not be taken for one that is older than what is known.
fn cleared(id: &[u8], number: &str, progress: &Progress, by: &str) -> Fact {
    let id = Uuid::from_slice(id).unwrap_or_default();
    let mut fact = Fact::change(id, number, SendState::Dead);
    (fact.life, fact.attempt) = (progress.life, progress.made);
    fact.class = Some(DeadClass::Cleared);
    fact.error_message = Some(format!("cleared by {by}"));
    fact
}

/// Redis answers numbers as numbers, and in a list of bytes as text.
fn read_number(text: &[u8]) -> u64 {
    std::str::from_utf8(text).map_or(0, |text| text.parse().unwrap_or(0))
}
