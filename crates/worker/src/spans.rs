//! The traces that a batch takes part in: one of its own, and those of its entries. `docs/TRACES.md` has the table.

use std::time::SystemTime;

use uuid::Uuid;
use waypost_model::DeliveryStatus;
use waypost_queue::{Batch, Envelope, Kind as EntryKind};
use waypost_telemetry::trace::{self, Context, Kind, Span, names};

use crate::take::Source;

/// How long an entry lay in its queue, in milliseconds.
const WAITED: &str = "waypost.waited_ms";
/// Whether something in an entry was known already.
const DUPLICATE: &str = "waypost.duplicate";
/// Stream that events go to.
const EVENTS: &str = "events";
/// How rows are written: many with one statement.
const INSERT: &str = "BATCH INSERT";

/// The spans of a batch that is in work.
pub(crate) struct Spans {
    source: Source,
    batch: Span,
    /// A place for each entry; none while nothing is exported.
    entries: Vec<Option<Span>>,
}

impl Spans {
    /// Those of a batch that was asked for at `since`, and is here.
    pub(crate) fn of(source: Source, batch: &Batch, since: SystemTime) -> Self {
        let entries = match trace::is_on() {
            true => batch.entries.iter().map(|_| None).collect(),
            false => Vec::new(),
        };
        let envelopes = batch.entries.iter().map(|entry| entry.envelope.as_ref());
        let span = trace::batch(source.words().batch, envelopes.flatten().map(carried))
            .kind(Kind::Consumer)
            .since(since)
            .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
            .attr(names::DESTINATION, source.words().queue)
            .attr(names::PARTITION, source.partition())
            .attr(names::OPERATION_TYPE, "process")
            .attr(names::BATCH_COUNT, batch.entries.len());
        let spans = Self {
            source,
            batch: span,
            entries,
        };
        // What it took stands in its beginning; it has just ended.
        spans
            .of_queue(source.words().reserve, "receive")
            .since(since)
            .end();
        spans
    }

    /// Begins that of one entry, which is, or speaks of, the message or webhook `id`. All about it belongs to the context.
    pub(crate) fn begin(&mut self, place: usize, envelope: &Envelope, id: Uuid) -> Context {
        let carried = trace::resume(&envelope.traceparent, id);
        let Some(entry) = self.entries.get_mut(place) else {
            return carried;
        };
        let waited = envelope.received_at.elapsed().unwrap_or_default();
        let words = self.source.words();
        let span = trace::child(words.process, carried)
            .kind(Kind::Consumer)
            .link(self.batch.context())
            .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
            .attr(names::DESTINATION, words.queue)
            .attr(names::PARTITION, self.source.partition())
            .attr(names::OPERATION_TYPE, "process")
            .attr(names::MESSAGE_ID, id)
            .attr(
                WAITED,
                u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
            );
        entry.insert(span).context()
    }

    /// The business number that an entry is about.
    pub(crate) fn number(&mut self, place: usize, number: &str) {
        if let Some(span) = self.entry(place)
            && span.context().is_sampled()
        {
            span.set(names::NUMBER, number.to_owned());
        }
    }

    /// Something in an entry was known already.
    pub(crate) fn known(&mut self, place: usize) {
        if let Some(span) = self.entry(place) {
            span.set(DUPLICATE, true);
        }
    }

    /// Something in an entry failed. Answers where that belongs in its trace, for what is tried again.
    pub(crate) fn fail(&mut self, place: usize, class: &'static str, why: &str) -> Context {
        let Some(span) = self.entry(place) else {
            return Context::NONE;
        };
        span.set(names::ERROR_TYPE, class);
        span.error(why.to_owned());
        span.context()
    }

    /// The batch was not settled here: another worker gets it.
    pub(crate) fn hand_back(&mut self) {
        for span in self.entries.iter_mut().flatten().chain([&mut self.batch]) {
            span.set(names::ERROR_TYPE, "handed_back");
            span.error("handed back");
        }
    }

    /// The transaction for the whole batch.
    pub(crate) fn persist(&self, rows: usize, attempt: u32) -> Span {
        trace::child("persist batch", self.batch.context())
            .kind(Kind::Client)
            .attr(names::DB_SYSTEM, "postgresql")
            .attr(names::DB_OPERATION, INSERT)
            .attr(names::DB_BATCH_SIZE, rows)
            .attr(names::ATTEMPT, attempt)
    }

    /// What an entry has of that transaction, which began at `since` and has just ended.
    ///
    /// Not kept where nobody sampled it: it takes as long as all else in the batch, and whatever is slow or fails shows in
    /// the entry's own span, which is.
    pub(crate) fn stored(&self, place: usize, rows: usize, since: SystemTime, batch: Context) {
        if let Some(Some(span)) = self.entries.get(place)
            && span.context().is_sampled()
        {
            trace::child("persist", span.context())
                .kind(Kind::Client)
                .since(since)
                .link(batch)
                .attr(names::DB_SYSTEM, "postgresql")
                .attr(names::DB_OPERATION, INSERT)
                .attr(names::DB_BATCH_SIZE, rows)
                .end();
        }
    }

    /// Appending the events of the whole batch to the stream.
    pub(crate) fn publish(&self) -> Span {
        trace::child("events publish", self.batch.context())
            .kind(Kind::Producer)
            .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
            .attr(names::DESTINATION, EVENTS)
            .attr(names::OPERATION_TYPE, "send")
    }

    /// The events of one entry, which go out with those of the batch: below `entry`, and linked to `batch`.
    pub(crate) fn announce(entry: Context, batch: &Span) -> Span {
        trace::child("event publish", entry)
            .kind(Kind::Producer)
            .link(batch.context())
            .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
            .attr(names::DESTINATION, EVENTS)
            .attr(names::OPERATION_TYPE, "send")
    }

    /// An entry tells of a status of a message that was sent through us: it is linked to the trace of the send, and a
    /// span there links back.
    ///
    /// Where the sender brought a trace of its own, nobody remembers whether that was sampled; so the message's id
    /// decides, as it does for all others.
    pub(crate) fn heard(&mut self, place: usize, id: Uuid, trace: Option<&str>, status: &str) {
        let Some(span) = self.entry(place) else {
            return;
        };
        if !trace::resume("", id).is_sampled() {
            return;
        }
        let sent = Context::of(id, trace);
        span.add_link(sent);
        trace::child(status_name(status), sent)
            .link(span.context())
            .attr(names::MESSAGE_ID, id)
            .end();
    }

    /// Ending the batch in its queue.
    pub(crate) fn settle(&self) -> Span {
        self.of_queue(self.source.words().settle, "settle")
    }

    /// Understanding the batch.
    pub(crate) fn parse(&self) -> Span {
        trace::child("parse", self.batch.context())
    }

    fn of_queue(&self, name: &'static str, operation: &'static str) -> Span {
        trace::child(name, self.batch.context())
            .kind(Kind::Client)
            .attr(names::DB_SYSTEM, "redis")
            .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
            .attr(names::DESTINATION, self.source.words().queue)
            .attr(names::OPERATION_TYPE, operation)
    }

    fn entry(&mut self, place: usize) -> Option<&mut Span> {
        self.entries.get_mut(place)?.as_mut()
    }
}

/// The context that an entry came with, else that of its id. The id of a fact is nobody's: its message is read later.
fn carried(envelope: &Envelope) -> Context {
    match envelope.kind {
        EntryKind::Fact => Context::parse(&envelope.traceparent),
        _ => trace::resume(&envelope.traceparent, envelope.id),
    }
}

/// Of a word that we do not know the span tells no more than that there was one: names are few.
fn status_name(word: &str) -> &'static str {
    match DeliveryStatus::parse(word) {
        DeliveryStatus::Sent => "status sent",
        DeliveryStatus::Delivered => "status delivered",
        DeliveryStatus::Read => "status read",
        DeliveryStatus::Played => "status played",
        DeliveryStatus::Failed => "status failed",
        _ => "status other",
    }
}
