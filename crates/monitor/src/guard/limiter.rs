//! So many at once for each key, and then one each period.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// Keys that are known at a time. With all of them known everybody is beyond the limit: better than memory without end.
const MOST: usize = 1 << 16;

/// How often to forget keys that have their whole burst again. Looking for them costs as much as there are.
const PRUNE_EACH: u32 = 1 << 12;

/// A limit for each key.
pub(super) struct Limiter<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    limiter: RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    period: Duration,
    calls: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    pub(super) fn new(burst: NonZeroU32, period: Duration) -> Self {
        Self::with_clock(burst, period, DefaultClock::default())
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    fn with_clock(burst: NonZeroU32, period: Duration, clock: C) -> Self {
        let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        Self {
            limiter: RateLimiter::dashmap_with_clock(quota.allow_burst(burst), clock.clone()),
            clock,
            period,
            calls: AtomicU32::new(0),
        }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// When it is one too many: the time until there may be another.
    pub(super) fn count(&self, key: &K) -> Result<(), Duration> {
        // Relaxed: which of several threads prunes is all the same.
        if self.calls.fetch_add(1, Ordering::Relaxed) % PRUNE_EACH == PRUNE_EACH - 1 {
            self.limiter.retain_recent();
        }
        if self.limiter.len() >= MOST {
            return Err(self.period);
        }
        self.limiter
            .check_key(key)
            .map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const PERIOD: Duration = Duration::from_secs(6);

    fn limiter(clock: &FakeRelativeClock) -> Limiter<usize, FakeRelativeClock> {
        Limiter::with_clock(NonZeroU32::new(10).unwrap(), PERIOD, clock.clone())
    }

    #[test]
    fn a_burst_and_then_one_each_period() {
        let clock = FakeRelativeClock::default();
        let limiter = limiter(&clock);
        for _ in 0..10 {
            assert_eq!(limiter.count(&1), Ok(()));
        }
        assert_eq!(limiter.count(&1), Err(PERIOD));
        assert_eq!(limiter.count(&2), Ok(()));
        clock.advance(Duration::from_secs(4));
        assert_eq!(limiter.count(&1), Err(Duration::from_secs(2)));
        clock.advance(Duration::from_secs(2));
        assert_eq!(limiter.count(&1), Ok(()));
        assert_eq!(limiter.count(&1), Err(PERIOD));
        clock.advance(PERIOD * 60);
        for _ in 0..10 {
            assert_eq!(limiter.count(&1), Ok(()));
        }
        assert!(limiter.count(&1).is_err());
    }

    #[test]
    fn it_does_not_grow_without_end_and_forgets() {
        let clock = FakeRelativeClock::default();
        let limiter = limiter(&clock);
        let passed = (0..2 * MOST)
            .filter(|key| limiter.count(key).is_ok())
            .count();
        assert_eq!((passed, limiter.limiter.len()), (MOST, MOST));
        clock.advance(PERIOD * 11);
        for _ in 0..PRUNE_EACH {
            let _ = limiter.count(&0);
        }
        assert!(limiter.limiter.len() <= 1);
        assert_eq!(limiter.count(&1), Ok(()));
    }
}
