//! The span of an event's way to the browsers of this replica.

use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::sync::{Mutex, PoisonError};

use waypost_queue::StoredEvent;
use waypost_telemetry::trace::{self, Context, Kind, Span, names};

/// How many clients' queues it went to.
const CLIENTS: &str = "waypost.clients";
/// Whether the connection of any of them has taken it.
const TAKEN: &str = "waypost.taken";
/// Its place in the stream.
const POSITION: &str = "waypost.position";
/// What it is about.
const KIND: &str = "waypost.event_kind";

/// The way of one event, from the moment at which it was read to that at which the first connection took it. Where nobody is to get
/// it, it ends when that is known; where all who were to get it leave or are cut, with the last of them.
pub(super) struct Push {
    open: Mutex<Option<Open>>,
    taken: AtomicBool,
    /// Queues that it is in, less those that have let go of it; below zero while it is being handed out.
    queues: AtomicIsize,
}

struct Open {
    span: Span,
    is_handed_out: bool,
}

impl Push {
    /// Begins where the event belongs to a trace that is kept: there may be thousands of events a second.
    pub(super) fn begin(event: &StoredEvent) -> Option<Self> {
        if !trace::is_on() {
            return None;
        }
        let context = Context::parse(&event.traceparent);
        context.is_sampled().then(|| Self::of(span(event, context)))
    }

    fn of(span: Span) -> Self {
        Self {
            open: Mutex::new(Some(Open {
                span,
                is_handed_out: false,
            })),
            taken: AtomicBool::new(false),
            queues: AtomicIsize::new(0),
        }
    }

    /// It is in the queues of so many clients now.
    pub(super) fn handed_out(&self, clients: usize) {
        let mut open = self.lock();
        if let Some(open) = &mut *open {
            open.span.set(CLIENTS, clients);
            open.is_handed_out = true;
        }
        let all = isize::try_from(clients).unwrap_or(isize::MAX);
        let left = self.queues.fetch_add(all, Ordering::AcqRel) + all;
        if left == 0 || self.taken.load(Ordering::Acquire) {
            *open = None;
        }
    }

    /// The connection of a client takes it.
    pub(super) fn taken(&self) {
        // All but the first come this far.
        if self.taken.load(Ordering::Relaxed) || self.taken.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut open = self.lock();
        if let Some(open) = &mut *open {
            open.span.set(TAKEN, true);
        }
        if open.as_ref().is_some_and(|open| open.is_handed_out) {
            *open = None;
        }
    }

    /// A client will never take it.
    pub(super) fn let_go(&self) {
        if self.queues.fetch_sub(1, Ordering::AcqRel) == 1 {
            *self.lock() = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn span(event: &StoredEvent, context: Context) -> Span {
    let mut span = trace::child("realtime push", context)
        .kind(Kind::Consumer)
        .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
        .attr(names::DESTINATION, "events")
        .attr(names::OPERATION_TYPE, "process")
        .attr(KIND, event.kind.clone())
        .attr(POSITION, event.position.clone())
        .attr(TAKEN, false);
    // Some events concern a whole account.
    if !event.phone_number_id.is_empty() {
        span.set(names::NUMBER, event.phone_number_id.clone());
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push() -> Push {
        // What it ends is seen all the same where nothing is exported.
        Push::of(trace::child("realtime push", Context::NONE))
    }

    fn has_ended(push: &Push) -> bool {
        push.lock().is_none()
    }

    #[test]
    fn it_ends_with_the_first_who_takes_it() {
        let push = push();
        push.handed_out(2);
        assert!(!has_ended(&push));
        push.taken();
        assert!(has_ended(&push));
        push.let_go();
        push.taken();
    }

    #[test]
    fn who_is_faster_than_the_round_does_not_end_it() {
        let push = push();
        push.taken();
        push.let_go();
        assert!(!has_ended(&push), "how many get it is not known yet");
        push.handed_out(3);
        assert!(has_ended(&push));
    }

    #[test]
    fn where_nobody_takes_it_it_ends_with_the_last_who_could_have() {
        let push = push();
        push.let_go();
        push.handed_out(3);
        push.let_go();
        assert!(!has_ended(&push));
        push.let_go();
        assert!(has_ended(&push));

        let nobody = Push::of(trace::child("realtime push", Context::NONE));
        nobody.handed_out(0);
        assert!(has_ended(&nobody));
    }
}
