//! Times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;

/// A time as the protos have it.
pub(crate) fn stamp(at: SystemTime) -> Timestamp {
    Timestamp::from(at)
}

/// The same of one that may be absent.
pub(crate) fn stamp_of(at: Option<SystemTime>) -> Option<Timestamp> {
    at.map(stamp)
}

/// Back; the rules have found it to be within the years that everything can hold.
pub(crate) fn time(stamp: &Timestamp) -> SystemTime {
    let seconds = u64::try_from(stamp.seconds).unwrap_or(0);
    let nanos = u32::try_from(stamp.nanos).unwrap_or(0);
    UNIX_EPOCH + Duration::new(seconds, nanos.min(999_999_999))
}

/// The same of one that may be absent.
pub(crate) fn time_of(stamp: Option<&Timestamp>) -> Option<SystemTime> {
    stamp.map(time)
}
