//! A timeout that costs nothing when it isn't needed.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

/// The time was up before the future was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("timed out")]
pub struct Elapsed;

/// Waits for `future` for about as long as `limit`.
///
/// `tokio::time::timeout` puts its timer into the runtime's wheel at the first poll that isn't ready, and takes it
/// out again a moment later. The body of a small request is nearly always there at the second poll, so this one
/// asks for a second poll and starts the clock only then.
pub fn patience<F: Future>(limit: Duration, future: F) -> Patience<F> {
    Patience {
        future,
        limit,
        clock: Clock::Unset,
        sleep: None,
    }
}

pin_project! {
    /// Future of [`patience`].
    pub struct Patience<F> {
        #[pin]
        future: F,
        limit: Duration,
        clock: Clock,
        #[pin]
        sleep: Option<Sleep>,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    Unset,
    Asked,
    Running,
}

impl<F: Future> Future for Patience<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        match this.clock {
            Clock::Unset => {
                *this.clock = Clock::Asked;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Clock::Asked => {
                *this.clock = Clock::Running;
                this.sleep
                    .set(Some(sleep_until(Instant::now() + *this.limit)));
            }
            Clock::Running => {}
        }
        if let Some(sleep) = this.sleep.as_pin_mut() {
            ready!(sleep.poll(cx));
        }
        Poll::Ready(Err(Elapsed))
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_a_future_that_never_does() {
        let start = Instant::now();
        let ended = patience(Duration::from_secs(3), pending::<()>()).await;
        assert_eq!(ended, Err(Elapsed));
        assert!(start.elapsed() >= Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn it_passes_on_what_is_ready_or_becomes_so() {
        assert_eq!(patience(Duration::ZERO, ready(1)).await, Ok(1));
        let late = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            2
        };
        assert_eq!(patience(Duration::from_secs(3), late).await, Ok(2));
    }
}
