//! Figures of the asynchronous runtime.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeMetrics};

use super::catalog::common;

/// Two who look at the same time share a window: over a shorter one the ratio says nothing.
const WINDOW: Duration = Duration::from_secs(1);

static WATCHED: Mutex<Option<Watched>> = Mutex::new(None);

struct Watched {
    metrics: RuntimeMetrics,
    since: Instant,
    busy: Duration,
}

/// Watches the runtime that this is called in; outside of one it does nothing.
pub fn watch_runtime() {
    let Ok(handle) = Handle::try_current() else {
        return;
    };
    let metrics = handle.metrics();
    *watched() = Some(Watched {
        busy: busy(&metrics),
        since: Instant::now(),
        metrics,
    });
}

pub(super) fn look() {
    let mut watched = watched();
    let Some(watched) = watched.as_mut() else {
        return;
    };
    common::TOKIO_TASKS.set(watched.metrics.num_alive_tasks() as f64);
    let time = watched.since.elapsed();
    if time < WINDOW {
        return;
    }
    let busy = busy(&watched.metrics);
    let all = time.as_secs_f64() * watched.metrics.num_workers() as f64;
    let ratio = busy.saturating_sub(watched.busy).as_secs_f64() / all;
    common::TOKIO_BUSY.set(ratio.min(1.0));
    (watched.busy, watched.since) = (busy, Instant::now());
}

#[cfg(target_has_atomic = "64")]
fn busy(metrics: &RuntimeMetrics) -> Duration {
    let workers = 0..metrics.num_workers();
    workers
        .map(|worker| metrics.worker_total_busy_duration(worker))
        .sum()
}

#[cfg(not(target_has_atomic = "64"))]
fn busy(_metrics: &RuntimeMetrics) -> Duration {
    Duration::ZERO
}

fn watched() -> std::sync::MutexGuard<'static, Option<Watched>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_runtime_is_seen() {
        watch_runtime();
        let task = tokio::spawn(std::future::pending::<()>());
        look();
        assert!(common::TOKIO_TASKS.of(()).get().unwrap() >= 1.0);
        task.abort();
    }
}
