//! Upper bounds of buckets.

const MS: u64 = 1_000;
const SECOND: u64 = 1_000 * MS;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Work inside one process: a fifth of a millisecond to ten seconds.
pub(super) const STEP: &[u64] = &[
    MS / 5,
    MS / 2,
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
];

/// Calls over the internet: ten milliseconds to a minute.
pub(super) const CALL: &[u64] = &[
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    300 * MS,
    500 * MS,
    750 * MS,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
];

/// The way through a queue: two milliseconds, and after an outage hours.
pub(super) const WAY: &[u64] = &[
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    6 * HOUR,
];

/// Until a phone has got it: Meta's clock has whole seconds, and a phone may be off for days.
pub(super) const DELIVERY: &[u64] = &[
    SECOND,
    2 * SECOND,
    3 * SECOND,
    5 * SECOND,
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    6 * HOUR,
    24 * HOUR,
    72 * HOUR,
];

/// Things taken together.
pub(super) const GROUP: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

#[cfg(test)]
mod tests {
    #[test]
    fn bounds_ascend() {
        for bounds in [
            super::STEP,
            super::CALL,
            super::WAY,
            super::DELIVERY,
            super::GROUP,
        ] {
            assert!(
                bounds.windows(2).all(|pair| pair[0] < pair[1]),
                "{bounds:?}"
            );
        }
    }
}
