//! Meta's times: seconds since 1970, as a string in messages and statuses, as a number elsewhere.

use std::time::{Duration, SystemTime};

use crate::json::{Json, Wire};

/// From this on a number must be milliseconds: as seconds it would be the year 33658. Other systems have seen Meta
/// send them.
const MILLISECONDS_FROM: u64 = 1_000_000_000_000;

/// 2000-01-01 and 2200-01-01. What lies outside is no time of a WhatsApp message, and Postgres need not see it.
const YEARS: std::ops::Range<u64> = 946_684_800_000..7_258_118_400_000;

/// A time of Meta's; reading it gives `None` for nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(SystemTime);

impl Timestamp {
    /// The time as the standard library has it.
    pub fn system_time(self) -> SystemTime {
        self.0
    }

    /// The number that reads back as `time`: seconds, or milliseconds where there is a fraction.
    pub(crate) fn to_wire(time: SystemTime) -> Option<u128> {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let whole = since.subsec_millis() == 0;
        Some(if whole {
            u128::from(since.as_secs())
        } else {
            since.as_millis()
        })
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

impl<'a> Wire<'a> for Timestamp {
    fn read(json: Json<'a>) -> Option<Self> {
        let text = json.get();
        let digits = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(text);
        // `parse` would take a leading plus, which no timestamp has.
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u64 = digits.parse().ok()?;
        let millis = if number >= MILLISECONDS_FROM {
            number
        } else {
            number * 1000
        };
        YEARS
            .contains(&millis)
            .then(|| Self(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)))
    }
}

/// Reads a time straight into the standard library's type.
pub(crate) fn read_time(json: Json<'_>) -> Option<SystemTime> {
    Timestamp::read(json).map(Timestamp::system_time)
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, read_time};
    use crate::json::Json;
    use std::time::{Duration, SystemTime};

    fn millis(text: &str) -> Option<u128> {
        let time = read_time(Json::check(text).unwrap())?;
        Some(
            time.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_millis(),
        )
    }

    #[test]
    fn strings_ints_and_milliseconds() {
        assert_eq!(millis("\"1749416383\""), Some(1_749_416_383_000));
        assert_eq!(millis("1749416383"), Some(1_749_416_383_000));
        assert_eq!(millis("\"1749416383123\""), Some(1_749_416_383_123));
        assert_eq!(millis("946684800"), Some(946_684_800_000));
        assert_eq!(millis("7258118399"), Some(7_258_118_399_000));
    }

    #[test]
    fn nonsense_is_none() {
        let wrong = [
            "0",
            "-1",
            "\"\"",
            "\"soon\"",
            "null",
            "{}",
            "1.5",
            "1e9",
            "\"+1749416383\"",
            "946684799",
        ];
        for text in wrong.into_iter().chain([
            "7258118400",
            "1749416383000000",
            "99999999999999999999999",
            "true",
        ]) {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn the_wire_form_reads_back() {
        for milli in [1_749_416_383_000, 1_749_416_383_123] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_millis(milli);
            let wire = Timestamp::to_wire(time).unwrap().to_string();
            assert_eq!(millis(&wire), Some(u128::from(milli)));
        }
    }
}
