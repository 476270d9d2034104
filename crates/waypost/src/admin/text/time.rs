//! Times and spans, for people: UTC, as the log has it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970.
pub(crate) fn millis(time: &Timestamp) -> i64 {
    time.seconds
        .saturating_mul(1_000)
        .saturating_add(i64::from(time.nanos) / 1_000_000)
}

/// `2026-11-24 21:03:07Z`.
pub(crate) fn stamp(time: &Timestamp) -> String {
    let text = parts(time);
    format!("{} {}Z", text.0, text.1)
}

/// `2026-11-24`.
pub(crate) fn date(time: &Timestamp) -> String {
    parts(time).0
}

/// `21:03:07.412`.
pub(crate) fn clock(time: &Timestamp) -> String {
    format!("{}.{:03}", parts(time).1, millis(time).rem_euclid(1_000))
}

fn parts(time: &Timestamp) -> (String, String) {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(time.seconds) else {
        return ("?".to_owned(), "?".to_owned());
    };
    (
        format!(
            "{:04}-{:02}-{:02}",
            at.year(),
            u8::from(at.month()),
            at.day()
        ),
        format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()),
    )
}

/// How long ago, or in how long: `3 min 20 s ago`, `in 12 s`, `now`.
pub(crate) fn relative(time: &Timestamp, now: i64) -> String {
    let away = millis(time).saturating_sub(now);
    let long = seconds(away.unsigned_abs());
    match away {
        -999..=999 => "now".to_owned(),
        ..-999 => format!("{} ago", span(long)),
        _ => format!("in {}", span(long)),
    }
}

/// How old something is, in one unit: for lists, where columns are dear.
pub(crate) fn age(time: &Timestamp, now: i64) -> String {
    let long = span(between(millis(time), now));
    let mut words = long.split(' ');
    match (words.next(), words.next()) {
        (Some(number), Some(unit)) => format!("{number} {unit}"),
        _ => long,
    }
}

/// From one time to a later one; clocks of two machines may make it negative, and then it is none.
pub(crate) fn between(from: i64, to: i64) -> f64 {
    seconds(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
}

fn seconds(millis: u64) -> f64 {
    Duration::from_millis(millis).as_secs_f64()
}

/// `412 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most, and never more digits than mean something.
pub(crate) fn span(seconds: f64) -> String {
    let span = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    let whole = span.as_secs();
    let two = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {part}"),
    };
    if span < Duration::from_secs(1) {
        return format!("{} ms", span.as_millis());
    }
    match whole {
        0..10 => format!("{}.{} s", whole, span.subsec_millis() / 100),
        10..MINUTE => format!("{whole} s"),
        MINUTE..HOUR => two(whole / MINUTE, "min", whole % MINUTE, "s"),
        HOUR..DAY => two(whole / HOUR, "h", whole % HOUR / MINUTE, "min"),
        _ => two(whole / DAY, "d", whole % DAY / HOUR, "h"),
    }
}

/// `250ms`, `10s`, `5m`, `2h`, `7d`: as in the configuration.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const WANTED: &str = "want a whole number with a unit, like 500ms, 10s, 5m, 2h or 7d";
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .ok_or(WANTED)?;
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().map_err(|_| WANTED)?;
    let factor = match unit {
        "ms" => return Ok(Duration::from_millis(number)),
        "s" => 1,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return Err(WANTED.to_owned()),
    };
    let seconds = number
        .checked_mul(factor)
        .ok_or("this is too long to be meant")?;
    Ok(Duration::from_secs(seconds))
}

/// A time as RFC 3339 has it, or how long ago it was.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(Timestamp {
            seconds: time.unix_timestamp(),
            nanos: i32::try_from(time.nanosecond()).unwrap_or(0),
        });
    }
    let ago = duration(text).map_err(|_| {
        "want a time like 2026-11-24T21:00:00Z, or how long ago: 90s, 30m, 2h or 7d".to_owned()
    })?;
    let time = SystemTime::now()
        .checked_sub(ago)
        .ok_or("this is too long ago to be meant")?;
    Ok(Timestamp::from(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        parse(text).unwrap()
    }

    #[test]
    fn spans_have_two_units_at_most() {
        for (seconds, text) in [
            (0.0, "0 ms"),
            (0.4123, "412 ms"),
            (4.26, "4.2 s"),
            (12.9, "12 s"),
            (200.0, "3 min 20 s"),
            (180.0, "3 min"),
            (7_500.0, "2 h 5 min"),
            (273_600.0, "3 d 4 h"),
            (-1.0, "0 ms"),
            (f64::NAN, "0 ms"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn times_are_told_in_utc_and_from_now() {
        let time = at("2026-11-24T22:03:07.412+01:00");
        assert_eq!(stamp(&time), "2026-11-24 21:03:07Z");
        assert_eq!(clock(&time), "21:03:07.412");
        assert_eq!(relative(&time, millis(&time) + 200_000), "3 min 20 s ago");
        assert_eq!(relative(&time, millis(&time) - 12_000), "in 12 s");
        assert_eq!(relative(&time, millis(&time) + 400), "now");
        assert_eq!(age(&time, millis(&time) + 200_000), "3 min");
    }

    #[test]
    fn a_time_can_be_told_as_how_long_ago() {
        let ago = between(millis(&at("2h")), now());
        assert!((7_200.0..7_260.0).contains(&ago), "{ago}");
        for bad in ["yesterday", "2", "2 h", "-2h", "99999999999999999d"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
