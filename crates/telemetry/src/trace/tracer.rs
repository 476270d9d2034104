//! What makes spans, decides which are kept, and hands those over without ever waiting.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use uuid::Uuid;

use super::context::{Context, span_of};
use super::record::{Record, Status};
use super::sampler::Sampler;
use super::span::Span;
use crate::metrics::common;
use crate::metrics::label::Signal;

/// The tracer of the process; without one every span is off.
static CURRENT: OnceLock<&'static Tracer> = OnceLock::new();

pub(super) fn current() -> Option<&'static Tracer> {
    CURRENT.get().copied()
}

/// Makes it the tracer of the process. The first one stays.
#[cfg(feature = "otlp")]
pub(crate) fn install(tracer: &'static Tracer) {
    let _ = CURRENT.set(tracer);
}

/// What makes spans. The functions of [`crate::trace`] use that of the process; tests have their own.
#[derive(Debug)]
pub struct Tracer {
    sampler: Sampler,
    slow: Duration,
    ended: SyncSender<Box<Record>>,
}

impl Tracer {
    /// One whose spans are received by whoever has the receiver; what it does not take in time, beyond `queue`, is
    /// dropped and counted. It lives as long as the process, since spans may.
    pub(crate) fn leak(
        ratio: f64,
        slow: Duration,
        queue: usize,
    ) -> (&'static Self, Receiver<Box<Record>>) {
        let (ended, records) = sync_channel(queue);
        let tracer = Self {
            sampler: Sampler::new(ratio),
            slow,
            ended,
        };
        (Box::leak(Box::new(tracer)), records)
    }

    /// See [`crate::trace::first`].
    pub fn first(&'static self, name: Cow<'static, str>, id: Uuid, sender: Context) -> Span {
        let (trace, sampled) = match sender.is_some() {
            true => (sender.trace(), sender.is_sampled()),
            false => (id.as_u128(), self.sampler.takes(id.as_u128())),
        };
        let context = Context::new(trace, span_of(id), sampled);
        Span::on(self, Record::new(name, context, sender.span()))
    }

    /// See [`crate::trace::child`].
    pub fn child(&'static self, name: Cow<'static, str>, parent: Context) -> Span {
        let context = match parent.is_some() {
            true => Context::new(parent.trace(), random(), parent.is_sampled()),
            false => {
                let trace = rand::random::<u128>();
                Context::new(trace, random(), self.sampler.takes(trace))
            }
        };
        Span::on(self, Record::new(name, context, parent.span()))
    }

    /// See [`crate::trace::batch`].
    pub fn batch(
        &'static self,
        name: Cow<'static, str>,
        contexts: impl IntoIterator<Item = Context>,
    ) -> Span {
        let context = Context::new(rand::random(), random(), false);
        let mut record = Record::new(name, context, 0);
        for linked in contexts {
            if linked.is_some() && linked.is_sampled() {
                record.context = record.context.sample();
                record.link(linked);
            }
        }
        Span::on(self, record)
    }

    /// The context of the first span of `id`, sampled as that is unless its sender said otherwise.
    pub(super) fn context_of(&self, id: Uuid) -> Context {
        let trace = id.as_u128();
        Context::new(trace, span_of(id), self.sampler.takes(trace))
    }

    /// Keeps a span that is sampled, went wrong or took long.
    pub(super) fn end(&self, mut record: Box<Record>) {
        let took = record.end();
        let exceptional = took >= self.slow || record.status != Status::Unset;
        if !record.context.is_sampled() && !exceptional {
            return;
        }
        if self.ended.try_send(record).is_err() {
            common::TELEMETRY_DROPPED.of(Signal::Traces).inc();
        }
    }
}

/// An id of a span; zero is none.
fn random() -> u64 {
    rand::random::<u64>().max(1)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::record::Kind;
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn names(records: &Receiver<Box<Record>>) -> Vec<String> {
        records
            .try_iter()
            .map(|record| record.name.to_string())
            .collect()
    }

    #[test]
    fn what_is_not_sampled_is_kept_only_when_it_went_wrong_or_took_long() {
        let (tracer, records) = Tracer::leak(0.0, Duration::from_secs(2), 16);
        let id = Uuid::now_v7();
        let first = tracer.first("first".into(), id, Context::NONE);
        assert!(!first.context().is_sampled());
        drop(tracer.child("quick".into(), first.context()));
        let mut failed = tracer.child("failed".into(), first.context());
        failed.error("away");
        drop(failed);
        tracer.child("unknown".into(), first.context()).unknown();
        let then = SystemTime::now() - Duration::from_secs(3);
        drop(tracer.child("waited".into(), first.context()).since(then));
        drop(first);
        assert_eq!(names(&records), ["failed", "unknown", "waited"]);
    }

    #[test]
    fn what_comes_after_an_error_is_kept_too() {
        let (tracer, records) = Tracer::leak(0.0, LONG, 16);
        let mut span = tracer.first("first".into(), Uuid::now_v7(), Context::NONE);
        span.error("away");
        assert!(span.context().traceparent().ends_with("-01"));
        drop(tracer.child("next".into(), span.context()));
        drop(span);
        assert_eq!(names(&records), ["next", "first"]);
    }

    #[test]
    fn every_hop_decides_alike() {
        let (tracer, _records) = Tracer::leak(0.5, LONG, 16);
        let (other, _others) = Tracer::leak(0.5, LONG, 16);
        for _ in 0..200 {
            let id = Uuid::now_v7();
            let first = tracer.first("first".into(), id, Context::NONE).context();
            assert_eq!(first, other.context_of(id));
            assert_eq!(first.span(), Context::of(id, None).span());
        }
    }

    #[test]
    fn a_senders_trace_and_decision_are_kept() {
        let (tracer, records) = Tracer::leak(0.0, LONG, 16);
        let theirs = Context::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let id = Uuid::now_v7();
        let span = tracer.first("first".into(), id, theirs);
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(span.context(), Context::of(id, Some(trace)));
        drop(span);
        let record = records.recv().unwrap();
        assert_eq!(record.parent, theirs.span());
    }

    #[test]
    fn a_batch_is_sampled_when_an_entry_is_and_links_to_those_alone() {
        let (tracer, records) = Tracer::leak(0.0, LONG, 16);
        let sampled = Context::of(Uuid::now_v7(), None);
        let not = tracer.context_of(Uuid::now_v7());
        drop(tracer.batch("nothing".into(), [not, Context::NONE]));
        drop(
            tracer
                .batch("some".into(), [not, sampled])
                .kind(Kind::Consumer),
        );
        let record = records.recv().unwrap();
        assert_eq!(record.name, "some");
        assert_eq!(record.links, [sampled]);
        assert_eq!(record.parent, 0);
        assert!(records.try_recv().is_err());
    }

    #[test]
    fn a_full_queue_drops_and_counts_and_does_not_wait() {
        let (tracer, records) = Tracer::leak(1.0, LONG, 4);
        let dropped = common::TELEMETRY_DROPPED.of(Signal::Traces);
        let before = dropped.get();
        for _ in 0..10 {
            drop(tracer.child("x".into(), Context::NONE));
        }
        assert!(dropped.get() - before >= 6);
        assert_eq!(records.try_iter().count(), 4);
        drop(records);
        drop(tracer.child("nobody is left".into(), Context::NONE));
        assert!(dropped.get() - before >= 7);
    }
}
