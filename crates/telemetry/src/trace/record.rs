//! What is remembered of a span until it is exported.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime};

use super::context::Context;
use super::value::Value;

/// Further attributes are counted and dropped.
const MOST_ATTRIBUTES: usize = 32;
/// Further links are counted and dropped. OpenTelemetry's default; each of them costs about 40 bytes on the wire.
const MOST_LINKS: usize = 128;
/// Room made at once; most spans have fewer.
const USUAL_ATTRIBUTES: usize = 6;

/// On which side of a call, or of a queue, a span is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Inside a process.
    #[default]
    Internal,
    /// Answers a request.
    Server,
    /// Makes a request and waits for the answer.
    Client,
    /// Puts something into a queue.
    Producer,
    /// Takes something out of a queue.
    Consumer,
}

/// How a span went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Unset,
    Error(Cow<'static, str>),
}

/// When a span began.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// In this process.
    Here(Instant),
    /// As another one noted it.
    Noted(SystemTime),
}

/// A span. The clock of the system is read only when it is exported, so a span costs two looks at the steady one.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: Kind,
    pub(crate) context: Context,
    /// Zero: none.
    pub(crate) parent: u64,
    start: Start,
    end: Option<Instant>,
    pub(crate) status: Status,
    pub(crate) attributes: Vec<(&'static str, Value)>,
    pub(crate) dropped_attributes: u32,
    pub(crate) links: Vec<Context>,
    pub(crate) dropped_links: u32,
}

impl Record {
    pub(super) fn new(name: Cow<'static, str>, context: Context, parent: u64) -> Self {
        Self {
            name,
            kind: Kind::default(),
            context,
            parent,
            start: Start::Here(Instant::now()),
            end: None,
            status: Status::default(),
            attributes: Vec::with_capacity(USUAL_ATTRIBUTES),
            dropped_attributes: 0,
            links: Vec::new(),
            dropped_links: 0,
        }
    }

    pub(super) fn set(&mut self, name: &'static str, value: Value) {
        let attributes = &mut self.attributes;
        if let Some((_, old)) = attributes.iter_mut().find(|(known, _)| *known == name) {
            *old = value;
        } else if attributes.len() < MOST_ATTRIBUTES {
            attributes.push((name, value));
        } else {
            self.dropped_attributes += 1;
        }
    }

    pub(super) fn link(&mut self, context: Context) {
        if self.links.len() < MOST_LINKS {
            self.links.push(context);
        } else {
            self.dropped_links += 1;
        }
    }

    pub(super) fn since(&mut self, then: SystemTime) {
        self.start = Start::Noted(then);
    }

    /// Ends it and tells how long it took.
    pub(super) fn end(&mut self) -> Duration {
        let now = Instant::now();
        self.end = Some(now);
        match self.start {
            Start::Here(start) => now.duration_since(start),
            Start::Noted(start) => start.elapsed().unwrap_or_default(),
        }
    }

    /// Start and end by the system's clock, which reads `wall` at `steady`.
    pub(crate) fn times(&self, steady: Instant, wall: SystemTime) -> (SystemTime, SystemTime) {
        let at = |instant: Instant| {
            let ago = steady.saturating_duration_since(instant);
            wall.checked_sub(ago).unwrap_or(wall)
        };
        let end = self.end.map_or(wall, at);
        let start = match self.start {
            Start::Here(start) => at(start),
            // A clock that is ahead of ours must not make a span end before it began.
            Start::Noted(start) => start.min(end),
        };
        (start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_and_links_are_bounded_and_the_rest_is_counted() {
        const NAMES: [&str; 40] = [
            "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15",
            "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
            "30", "31", "32", "33", "34", "35", "36", "37", "38", "39",
        ];
        let mut record = Record::new("x".into(), Context::NONE, 0);
        NAMES
            .iter()
            .for_each(|name| record.set(name, Value::Int(1)));
        record.set("3", Value::Int(2));
        (0..1000).for_each(|_| record.link(Context::NONE));
        assert_eq!(
            (record.attributes.len(), record.dropped_attributes),
            (32, 8)
        );
        assert_eq!(record.attributes[3], ("3", Value::Int(2)));
        assert_eq!((record.links.len(), record.dropped_links), (128, 872));
    }

    #[test]
    fn a_clock_ahead_makes_no_negative_span() {
        let mut record = Record::new("x".into(), Context::NONE, 0);
        record.since(SystemTime::now() + Duration::from_secs(60));
        assert_eq!(record.end(), Duration::ZERO);
        let (start, end) = record.times(Instant::now(), SystemTime::now());
        assert_eq!(start, end);
    }

    #[test]
    fn times_go_back_from_the_moment_of_export() {
        let mut record = Record::new("x".into(), Context::NONE, 0);
        let took = record.end();
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let later = Instant::now() + Duration::from_secs(2);
        let (start, end) = record.times(later, wall);
        assert_eq!(end.duration_since(start).unwrap(), took);
        assert!(wall.duration_since(end).unwrap() >= Duration::from_secs(2));
    }
}
