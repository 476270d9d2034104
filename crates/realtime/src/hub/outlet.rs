//! What waits for one client.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::frame::Frame;

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The client reads slower than events come.
    Slow,
    /// Its token's time is up.
    Expired,
    /// The server stops.
    Draining,
    /// The server itself missed events: it comes back to what the stream has.
    Behind,
}

/// What a client is told before its connection ends. It may come back and resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bye {
    pub(crate) reason: Reason,
    /// When to come back; spread at random where all clients are told at once.
    pub(crate) retry: Duration,
}

impl Reason {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Expired => "expired",
            Self::Draining => "draining",
            Self::Behind => "behind",
        }
    }
}

impl Bye {
    /// The object that the client gets.
    pub(crate) fn json(self) -> String {
        let (reason, retry) = (self.reason.as_str(), self.retry.as_millis());
        format!(r#"{{"reason":"{reason}","retry_ms":{retry}}}"#)
    }
}

/// The queue of one client: filled by the hub, emptied by the client's own task.
pub(super) struct Outlet {
    pub(super) id: u64,
    bound: usize,
    queue: Mutex<VecDeque<Arc<Frame>>>,
    /// Zero, or the reason to end.
    cut: AtomicU8,
    /// Something to take, or a reason to end.
    more: Notify,
    /// A reason to end; for whoever does not take anything at the moment.
    ended: Notify,
}

const REASONS: [Reason; 4] = [
    Reason::Slow,
    Reason::Expired,
    Reason::Draining,
    Reason::Behind,
];

impl Outlet {
    pub(super) fn new(id: u64, bound: usize) -> Self {
        Self {
            id,
            bound,
            queue: Mutex::default(),
            cut: AtomicU8::new(0),
            more: Notify::new(),
            ended: Notify::new(),
        }
    }

    /// Adds a frame, without waking anybody: that is done once for all frames of a batch. False when the client is too far
    /// behind; it is cut then, and what waited for it is let go.
    pub(super) fn push(&self, frame: &Arc<Frame>) -> bool {
        let mut queue = self.lock();
        if self.reason().is_some() {
            return false;
        }
        if queue.len() >= self.bound {
            // Not just cleared: its room goes too.
            let lost = std::mem::take(&mut *queue);
            drop(queue);
            let_go(&lost);
            self.end(Reason::Slow);
            return false;
        }
        queue.push_back(Arc::clone(frame));
        true
    }

    /// Takes all that waits.
    pub(super) fn take(&self, frames: &mut Vec<Arc<Frame>>) {
        let mut queue = self.lock();
        let took = queue.drain(..).inspect(|frame| {
            if let Some(push) = &frame.push {
                push.taken();
            }
        });
        frames.extend(took);
        // A burst is not to cost an idle client its room for ever.
        if queue.capacity() > 64 {
            *queue = VecDeque::new();
        }
    }

    pub(super) fn wake(&self) {
        self.more.notify_one();
    }

    /// Ends the connection, for the first reason that comes.
    pub(super) fn end(&self, reason: Reason) {
        let code = 1 + reason as u8;
        let _ = self
            .cut
            .compare_exchange(0, code, Ordering::AcqRel, Ordering::Acquire);
        self.more.notify_one();
        self.ended.notify_one();
    }

    pub(super) fn reason(&self) -> Option<Reason> {
        let code = usize::from(self.cut.load(Ordering::Acquire));
        REASONS.get(code.checked_sub(1)?).copied()
    }

    /// Waits until there may be something to take, or a reason to end.
    pub(super) async fn more(&self) {
        self.more.notified().await;
    }

    /// Waits until there is a reason to end.
    pub(super) async fn ended(&self) -> Reason {
        loop {
            if let Some(reason) = self.reason() {
                return reason;
            }
            self.ended.notified().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Frame>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever it belonged to has left.
impl Drop for Outlet {
    fn drop(&mut self) {
        let_go(&self.lock());
    }
}

fn let_go(lost: &VecDeque<Arc<Frame>>) {
    let pushes = lost.iter().filter_map(|frame| frame.push.as_ref());
    pushes.for_each(|push| push.let_go());
}

#[cfg(test)]
mod tests {
    use super::super::frame::tests::event;
    use super::*;

    #[test]
    fn whoever_is_too_far_behind_is_cut_and_holds_nothing() {
        let outlet = Outlet::new(1, 2);
        let frame = Frame::new(&event("1-1", "1", "{}")).unwrap();
        assert!(outlet.push(&frame) && outlet.push(&frame));
        assert_eq!(outlet.reason(), None);
        assert!(!outlet.push(&frame) && !outlet.push(&frame));
        assert_eq!(outlet.reason(), Some(Reason::Slow));
        assert_eq!(Arc::strong_count(&frame), 1);
        outlet.end(Reason::Draining);
        assert_eq!(
            outlet.reason(),
            Some(Reason::Slow),
            "the first reason stays"
        );
    }

    #[test]
    fn every_reason_is_told_apart() {
        for reason in REASONS {
            let outlet = Outlet::new(1, 2);
            outlet.end(reason);
            assert_eq!(outlet.reason(), Some(reason));
        }
    }
}
