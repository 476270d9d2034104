//! How much time a round of the reader leaves to the clients.
//!
//! To wake a client and write to its socket costs microseconds, for one event as for ten. With a thousand clients that see
//! everything, a round for every single event would do nothing else; a short rest between rounds lets events gather, and each client
//! gets several with one write. With few clients there is no rest at all.

use std::time::Duration;

/// About what a client's turn costs.
const TURN: Duration = Duration::from_micros(8);
/// Fewer than this many are not worth a rest.
const FEW: usize = 32;
/// Nobody minds so much; more would be seen.
const LONGEST: Duration = Duration::from_millis(20);

/// How long to rest after a round that woke so many clients and took so long.
pub(super) fn rest(woken: usize, took: Duration) -> Option<Duration> {
    if woken < FEW {
        return None;
    }
    let turns = TURN.saturating_mul(u32::try_from(woken).unwrap_or(u32::MAX));
    let rest = turns.min(LONGEST).saturating_sub(took);
    (rest >= Duration::from_millis(1)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_clients_are_told_at_once_and_many_within_bounds() {
        assert_eq!(rest(1, Duration::ZERO), None);
        let thousand = rest(1_000, Duration::from_millis(1)).unwrap();
        assert!(thousand > Duration::from_millis(5) && thousand < LONGEST);
        assert_eq!(rest(1_000_000, Duration::ZERO), Some(LONGEST));
        assert_eq!(rest(1_000, LONGEST), None);
    }
}
