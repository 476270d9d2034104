//! What the figures of both ways have in common: rates, members, partitions, and who has paused what.
//!
//! Rates come from samples: each partition keeps a short list of what its counters were, one for every
//! five seconds of six minutes, see `lua/sample.lua`. Heartbeats and whoever reads the figures add to it, in Redis, so that it does not matter
//! who looks, how many processes there are and when they were started.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::envelope::millis;

/// Over less than this, a rate says nothing.
const SHORTEST: u64 = 1_000;
const MINUTE: u64 = 60_000;
const FIVE_MINUTES: u64 = 300_000;

/// How fast something went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rate {
    /// Entries that came in, a second.
    pub accepted: f64,
    /// Entries done, a second.
    pub completed: f64,
    /// Entries given up, a second.
    pub failed: f64,
    /// The time that this was measured over; zero when nobody has looked for long enough yet. It differs from the
    /// time that was asked for where nobody looked in time.
    pub window: Duration,
}

/// How fast things went lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// In the last minute.
    pub minute: Rate,
    /// In the last five minutes.
    pub five_minutes: Rate,
}

/// A process that takes from one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its id, unique to the start of the process.
    pub id: String,
    /// The partition it takes from.
    pub partition: u16,
    /// When its lease ends unless it is heard of.
    pub lease_ends_at: SystemTime,
    /// When it was last heard of.
    pub last_heartbeat_at: SystemTime,
    /// Entries that it has under way.
    pub active: u64,
    /// Whether its lease is over; others are about to take what it has.
    pub lapsed: bool,
}

/// Figures of one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartitionFigures {
    /// Which.
    pub partition: u16,
    /// Entries that wait for a consumer.
    pub waiting: u64,
    /// Entries that a consumer has under way.
    pub active: u64,
    /// Entries that wait for a time; of messages, conversations that do, and scheduled messages.
    pub delayed: u64,
    /// Messages whose outcome is unknown.
    pub parked: u64,
    /// Messages that are to be sent later; they are among `delayed`.
    pub scheduled: u64,
    /// Dead letters.
    pub dead: u64,
    /// Age of the oldest entry that waits, in milliseconds; absent when none was found.
    pub oldest_ms: Option<u64>,
    /// Whether it is paused.
    pub paused: bool,
}

/// Who keeps something from going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// Who.
    pub by: String,
    /// Since when; the beginning of 1970 when that was not noted.
    pub since: SystemTime,
    /// Why, as far as it was told.
    pub reason: String,
}

/// A pause as it lies in Redis.
#[derive(Deserialize, Serialize)]
struct Note {
    by: String,
    at_ms: u64,
    #[serde(default)]
    reason: String,
}

impl Pause {
    /// The note of a pause that begins now.
    pub(crate) fn note(by: &str, reason: &str) -> String {
        let note = Note {
            by: by.to_owned(),
            at_ms: millis(SystemTime::now()),
            reason: reason.to_owned(),
        };
        // Two strings and a number are always JSON.
        serde_json::to_string(&note).unwrap_or_default()
    }

    /// Reads a note; `None` for text that is none.
    pub(crate) fn read(note: &str) -> Option<Self> {
        let note: Note = serde_json::from_str(note).ok()?;
        Some(Self {
            by: note.by,
            since: at(note.at_ms),
            reason: note.reason,
        })
    }

    /// The pause of a queue, of those of its partitions. Whatever stands there pauses, also what nobody can read.
    pub(crate) fn of_queue(notes: &[String]) -> Option<Self> {
        let notes = notes.iter().filter(|note| !note.is_empty());
        notes
            .map(|note| {
                Self::read(note).unwrap_or_else(|| Self {
                    by: String::new(),
                    since: UNIX_EPOCH,
                    reason: note.clone(),
                })
            })
            .min_by_key(|pause| pause.since)
    }
}

/// The counters of a partition at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) at: u64,
    pub(crate) accepted: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
}

impl Sample {
    /// Reads what the scripts write: four numbers.
    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self {
            at: next()?,
            accepted: next()?,
            completed: next()?,
            failed: next()?,
        })
    }

    pub(crate) fn read_all(texts: &[String]) -> Vec<Self> {
        texts.iter().filter_map(|text| Self::read(text)).collect()
    }

    /// What happened since `before`. Never negative: counters that somebody has set back count from there.
    fn since(&self, before: &Self) -> Rate {
        let window = self.at.saturating_sub(before.at);
        let seconds = window as f64 / 1000.0;
        let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / seconds;
        Rate {
            accepted: rate(self.accepted, before.accepted),
            completed: rate(self.completed, before.completed),
            failed: rate(self.failed, before.failed),
            window: Duration::from_millis(window),
        }
    }
}

impl Rates {
    /// The rates of one partition, from its counters now and its samples.
    pub(crate) fn of(now: &Sample, samples: &[Sample]) -> Self {
        let over = |window: u64| {
            samples
                .iter()
                .filter(|sample| sample.at + SHORTEST <= now.at)
                .min_by_key(|sample| (now.at - sample.at).abs_diff(window))
                .map_or_else(Rate::default, |sample| now.since(sample))
        };
        Self {
            minute: over(MINUTE),
            five_minutes: over(FIVE_MINUTES),
        }
    }

    /// Adds another partition's.
    pub(crate) fn add(&mut self, other: &Self) {
        self.minute.add(&other.minute);
        self.five_minutes.add(&other.five_minutes);
    }
}

impl Rate {
    fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.completed += other.completed;
        self.failed += other.failed;
        self.window = self.window.max(other.window);
    }
}

pub(crate) fn at(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: u64, completed: u64) -> Sample {
        Sample {
            at: second * 1000,
            accepted: 2 * completed,
            completed,
            failed: 0,
        }
    }

    #[test]
    fn a_rate_is_measured_from_the_sample_nearest_to_its_window() {
        let now = sample(1_000, 5_000);
        let samples: Vec<_> = (1..72)
            .map(|i| sample(998 - 5 * i, 4_990 - 25 * i))
            .collect();
        let rates = Rates::of(&now, &samples);
        assert_eq!(rates.minute.window, Duration::from_secs(62));
        assert_eq!(rates.five_minutes.window, Duration::from_secs(302));
        assert!((rates.minute.completed - 5.0).abs() < 0.2, "{rates:?}");
        assert!((rates.minute.accepted - 10.0).abs() < 0.4, "{rates:?}");
    }

    #[test]
    fn nothing_is_said_over_no_time_and_nothing_is_negative() {
        let now = sample(10, 5);
        assert_eq!(Rates::of(&now, &[]), Rates::default());
        assert_eq!(Rates::of(&now, &[now]), Rates::default());
        let reset = Rates::of(&now, &[sample(2, 1_000)]);
        assert!(reset.minute.completed >= 0.0);
        assert_eq!(reset.minute.window, Duration::from_secs(8));
    }

    #[test]
    fn notes_survive_the_round_trip_and_old_ones_can_be_read() {
        let note = Pause::note("ann", "maintenance \"now\"");
        let pause = Pause::read(&note).unwrap();
        assert_eq!((&*pause.by, &*pause.reason), ("ann", "maintenance \"now\""));
        let old = Pause::read(r#"{"by":"ann","at_ms":5}"#).unwrap();
        assert_eq!((old.since, &*old.reason), (at(5), ""));
        assert_eq!(Pause::of_queue(&[String::new()]), None);
        assert!(Pause::of_queue(&["broken".to_owned()]).is_some());
    }
}
