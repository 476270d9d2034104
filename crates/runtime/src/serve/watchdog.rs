//! When a connection has been waited for long enough.
//!
//! hyper's own header timeout allocates a timer for every request, does not cover the bytes that hyper-util sniffs
//! before it knows the version, and can't tell a slow head from a quiet keep-alive connection, which a load
//! balancer expects to stay open for minutes. This watchdog has one timer a connection, and a request that comes in
//! one piece never touches it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::activity::Activity;

/// How long a closing connection may go on reading what the peer still sends.
const LINGER: Duration = Duration::from_secs(2);

/// Why the watchdog ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expired {
    /// A head, or the first byte of one, did not come in time.
    Head,
    /// No request for a long time.
    Idle,
    /// The peer goes on sending after its request was refused.
    Linger,
}

/// What the timer is set for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Head,
    /// Requests are counted: the timer found this count when it was set.
    Idle(Option<u32>),
    Linger,
}

pub(super) struct Watchdog<'a> {
    activity: &'a Activity,
    header_timeout: Duration,
    idle_timeout: Duration,
    waiting: Waiting,
}

impl<'a> Watchdog<'a> {
    /// A watchdog that waits for the first head. Its timer must be set to `header_timeout` from now.
    pub(super) fn new(
        activity: &'a Activity,
        header_timeout: Duration,
        idle_timeout: Duration,
    ) -> Self {
        Self {
            activity,
            header_timeout,
            idle_timeout,
            waiting: Waiting::Head,
        }
    }

    /// To be called after the connection was polled. Ready when it has to end.
    pub(super) fn poll(
        &mut self,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<Expired> {
        let awaits_head = self.activity.awaits_head();
        if self.activity.lingering() && self.waiting != Waiting::Linger {
            self.wait(Waiting::Linger, timer.as_mut(), cx);
        } else if awaits_head && matches!(self.waiting, Waiting::Idle(_)) {
            self.wait(Waiting::Head, timer.as_mut(), cx);
        } else if !awaits_head && self.waiting == Waiting::Head {
            // The timer stays as it is: setting it costs more than one wake-up too many, seconds from now.
            self.waiting = Waiting::Idle(None);
        }
        while timer.is_elapsed() {
            match self.waiting {
                Waiting::Head => return Poll::Ready(Expired::Head),
                Waiting::Linger => return Poll::Ready(Expired::Linger),
                Waiting::Idle(then) => {
                    let now = self.activity.idle_since();
                    if now.is_some() && now == then {
                        return Poll::Ready(Expired::Idle);
                    }
                    self.wait(Waiting::Idle(now), timer.as_mut(), cx);
                }
            }
        }
        Poll::Pending
    }

    fn wait(&mut self, waiting: Waiting, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) {
        self.waiting = waiting;
        let limit = match waiting {
            Waiting::Head => self.header_timeout,
            Waiting::Idle(_) => self.idle_timeout,
            Waiting::Linger => LINGER,
        };
        timer.as_mut().reset(Instant::now() + limit);
        // Registers the waker. What it returns is looked at by `is_elapsed`.
        let _ = timer.poll(cx);
    }
}
