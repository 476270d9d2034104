//! Ending what was leased: one script for many endings, each fenced on its own.

use std::time::{Duration, SystemTime};

use prost::Message;
use waypost_model::DeadClass;

use crate::consumer::as_millis;
use crate::envelope::millis;
use crate::error::QueueError;
use crate::outbox::fact::Fact;
use crate::outbox::lanes::{LaneConsumer, Turn, micros, unexpected};
use crate::outbox::progress::Progress;
use crate::{script, wire};

/// What became of a lane's head.
pub struct Ending<'a> {
    /// Which.
    pub turn: &'a Turn,
    /// Where it goes.
    pub how: How,
    /// What the worker is told, together with the move.
    pub fact: Option<Fact>,
    /// What the circuit breaker learns.
    pub signal: Signal,
    /// Whom Meta wants slower.
    pub slow: Option<Slow>,
    /// Why its number must not send any more, until somebody resumes it or its token changes.
    pub stop: Option<Stop>,
}

/// Why a number must not send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// In words. May hold what Meta said: not for a log.
    pub reason: String,
    /// Of the token that was refused. When the number has another one by now, it is not stopped.
    pub token_fingerprint: String,
}

/// Where a lane's head goes.
#[derive(Clone, Debug)]
pub enum How {
    /// Meta has it; the next one moves up.
    Done,
    /// It stays, and its lane waits.
    Later {
        /// How long; zero puts the lane first in line.
        delay: Duration,
        /// How far it has come.
        progress: Progress,
    },
    /// Nobody knows. It stays until an echo settles it.
    Park {
        /// When its policy decides; `None` waits for an echo or for somebody.
        wait: Option<Duration>,
        /// How far it has come.
        progress: Progress,
    },
    /// It is given up; the next one moves up.
    Bury {
        /// Why.
        class: DeadClass,
        /// Why, in words. May hold what Meta said: not for a log.
        reason: String,
        /// How far it has come.
        progress: Progress,
    },
    /// It was not sent and goes back as it was.
    Release,
}

/// What an outcome says about whether Meta works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// An answer, whatever it says: Meta works.
    Success,
    /// A failure of Meta's: 5xx, a timeout, no connection.
    Failure,
    /// Nothing was tried.
    None,
}

/// Whom Meta wants slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// This number to this person.
    Pair {
        /// How long nothing goes.
        wait: Duration,
    },
    /// This number.
    Number {
        /// How long nothing goes, beside the lower rate.
        after: Option<Duration>,
    },
    /// All numbers of the account in this partition.
    Account {
        /// How long nothing goes, beside the lower rate.
        after: Option<Duration>,
    },
    /// All numbers of the partition.
    App {
        /// How long nothing goes, beside the lower rate.
        after: Option<Duration>,
    },
}

/// Whether an ending took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// It did.
    Done,
    /// Somebody else has the lane by now; nothing was changed.
    Fenced,
    /// A status had echoed the message while its attempt was under way: it is done, whatever the ending says.
    Echoed,
}

impl LaneConsumer {
    /// Ends many; the answers are in their order.
    ///
    /// # Errors
    /// When Redis cannot be asked. Whether anything took effect is then unknown; asking again is safe and answers
    /// [`Settle::Fenced`] for what did.
    pub async fn settle(&self, endings: &[Ending<'_>]) -> Result<Vec<Settle>, QueueError> {
        if endings.is_empty() {
            return Ok(Vec::new());
        }
        let s = &self.settings;
        let mut call = script::LANES_SETTLE.prepare_invoke();
        call.key(self.keys.tag())
            .arg(&self.id)
            .arg(s.breaker_outcomes)
            .arg(s.breaker_window.as_secs())
            .arg(as_millis(s.breaker_open))
            .arg(as_millis(s.breaker_longest))
            .arg(s.slow_factor)
            .arg(s.slow_floor)
            .arg(s.number_limit)
            .arg(micros(s.pair_interval))
            .arg(s.pair_burst)
            .arg(endings.len());
        for ending in endings {
            self.write(&mut call, ending);
        }
        let codes: Vec<u8> = call.invoke_async(&mut self.redis.connection()).await?;
        if codes.len() != endings.len() {
            return Err(unexpected("settle", "not one code for each ending"));
        }
        Ok(codes
            .into_iter()
            .map(|code| match code {
                0 => Settle::Fenced,
                2 => Settle::Echoed,
                _ => Settle::Done,
            })
            .collect())
    }

    fn write(&self, call: &mut redis::ScriptInvocation<'_>, ending: &Ending<'_>) {
        let (what, wait, blob, doubtful) = how(ending);
        call.arg(&ending.turn.lane)
            .arg(&ending.turn.token)
            .arg(what)
            .arg(wait)
            .arg(blob)
            .arg(u8::from(doubtful));
        match &ending.fact {
            Some(fact) => call.arg(fact.clone().into_envelope().encode(self.compress_above)),
            None => call.arg(""),
        };
        let (scope, least) = match ending.slow {
            None => ("", 0),
            Some(Slow::Pair { wait }) => ("p", as_millis(wait)),
            Some(Slow::Number { after }) => ("n", after.map_or(0, as_millis)),
            Some(Slow::Account { after }) => ("a", after.map_or(0, as_millis)),
            Some(Slow::App { after }) => ("*", after.map_or(0, as_millis)),
        };
        call.arg(match ending.signal {
            Signal::Success => "+",
            Signal::Failure => "-",
            Signal::None => "0",
        })
        .arg(scope)
        .arg(least)
        .arg(ending.stop.as_ref().map_or("", |stop| &stop.reason))
        .arg(
            ending
                .stop
                .as_ref()
                .map_or("", |stop| &stop.token_fingerprint),
        )
        .arg(&ending.turn.id().as_bytes()[..]);
    }
}

/// The letter of an ending, what it waits for in ms, its progress or dead letter, and whether an echo may still come.
fn how(ending: &Ending<'_>) -> (&'static str, i64, Vec<u8>, bool) {
    let ms = |wait: Duration| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    match &ending.how {
        How::Done => ("d", 0, Vec::new(), false),
        How::Release => ("f", 0, Vec::new(), ending.turn.progress.unknown),
        How::Later { delay, progress } => ("r", ms(*delay), progress.encode(), progress.unknown),
        How::Park { wait, progress } => ("p", wait.map_or(-1, ms), progress.encode(), true),
        How::Bury {
            class,
            reason,
            progress,
        } => {
            let letter = wire::DeadOutgoing {
                entry: ending.turn.entry.clone(),
                progress: Some(progress.to_wire()),
                class: class.as_str().to_owned(),
                buried_at_ms: millis(SystemTime::now()),
                reason: reason.clone(),
            };
            ("b", 0, letter.encode_to_vec(), progress.unknown)
        }
    }
}
