//! Figures of the pools, for whoever reads the metrics.

use std::sync::{Mutex, OnceLock, PoisonError};

use deadpool_postgres::{Pool, Status, WeakPool};
use waypost_telemetry::metrics::label::PoolState;
use waypost_telemetry::metrics::{self, Observer, Part, postgres};

/// Every pool of the process. One gauge tells of all, since it belongs to the process.
static POOLS: Mutex<Vec<WeakPool>> = Mutex::new(Vec::new());
/// For as long as the process lives.
static OBSERVER: OnceLock<Observer> = OnceLock::new();

/// Counts a pool in until it is dropped.
pub(crate) fn watch(pool: &Pool) {
    metrics::enable(Part::Postgres);
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    pools.push(pool.weak());
    OBSERVER.get_or_init(|| metrics::observe(look));
}

fn look() {
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut in_use, mut idle, mut waiting) = (0, 0, 0);
    pools.retain(|pool| {
        let Some(pool) = pool.upgrade() else {
            return false;
        };
        let Status {
            size,
            available,
            waiting: wanting,
            ..
        } = pool.status();
        in_use += size.saturating_sub(available);
        idle += available;
        waiting += wanting;
        true
    });
    for (state, connections) in [
        (PoolState::InUse, in_use),
        (PoolState::Idle, idle),
        (PoolState::Waiting, waiting),
    ] {
        postgres::POOL.of(state).set(connections as f64);
    }
}
