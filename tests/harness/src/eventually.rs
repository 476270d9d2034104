use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two looks at a condition.
const POLL: Duration = Duration::from_millis(10);

/// Waits until `condition` holds.
///
/// # Panics
/// With `what` when it does not within `deadline`.
#[track_caller]
pub fn eventually(
    deadline: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> bool,
) -> impl Future<Output = ()> {
    eventually_some(deadline, what, async move || {
        condition().await.then_some(())
    })
}

/// Waits until `look` finds something, and returns it.
///
/// # Panics
/// With `what` when nothing is found within `deadline`.
#[track_caller]
pub fn eventually_some<T>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + deadline;
        loop {
            // A look that hangs must not hide the deadline, but gets one fair chance however late it is.
            let patience = (end - Instant::now()).max(Duration::from_secs(1));
            if let Ok(Some(found)) = tokio::time::timeout(patience, look()).await {
                return found;
            }
            assert!(
                Instant::now() < end,
                "not within {deadline:?}: {what} ({caller})"
            );
            sleep(POLL).await;
        }
    }
}
