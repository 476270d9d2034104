//! How long to wait before the next attempt.

use std::time::Duration;

use rand::Rng;

use crate::config::DispatcherSettings;

/// Full jitter: anything from nothing to the bound, which doubles with each attempt, so that what failed together does not
/// come back together. Never sooner than Meta wants it.
pub(crate) fn backoff(
    settings: &DispatcherSettings,
    attempts: u32,
    after: Option<Duration>,
) -> Duration {
    let doubled = 1_u32.checked_shl(attempts.saturating_sub(1));
    let bound = settings.backoff.saturating_mul(doubled.unwrap_or(u32::MAX));
    let wait = rand::rng().random_range(Duration::ZERO..=bound.min(settings.backoff_cap));
    wait.max(after.unwrap_or_default())
}

/// How long a pair waits that Meta calls too fast, the n-th time in a row from 0: 4^n seconds, as Meta advises.
pub(crate) fn pair_wait(
    settings: &DispatcherSettings,
    slowed: u32,
    after: Option<Duration>,
) -> Duration {
    let wait = Duration::from_secs(4_u64.saturating_pow(slowed.min(16)));
    wait.min(settings.pair_cap).max(after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    fn settings() -> DispatcherSettings {
        let lookup = MapLookup::default();
        crate::Config::from_lookup(&lookup).unwrap().dispatcher
    }

    #[test]
    fn it_doubles_and_is_bounded() {
        let settings = settings();
        for _ in 0..1_000 {
            assert!(backoff(&settings, 1, None) <= Duration::from_secs(1));
            assert!(backoff(&settings, 3, None) <= Duration::from_secs(4));
            assert!(backoff(&settings, 99, None) <= Duration::from_secs(60));
        }
        assert!((0..1_000).any(|_| backoff(&settings, 3, None) > Duration::from_secs(2)));
    }

    #[test]
    fn meta_may_ask_for_more() {
        let after = Some(Duration::from_secs(120));
        assert_eq!(backoff(&settings(), 1, after), Duration::from_secs(120));
        assert_eq!(pair_wait(&settings(), 0, after), Duration::from_secs(120));
    }

    #[test]
    fn a_pair_waits_by_powers_of_four() {
        let waits = [0, 1, 2, 3, 9].map(|n| pair_wait(&settings(), n, None).as_secs());
        assert_eq!(waits, [1, 4, 16, 64, 256]);
    }
}
