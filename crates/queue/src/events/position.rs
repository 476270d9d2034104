//! A place in the stream.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The id of a stream entry: Redis' time in milliseconds, and a number within the millisecond. Orders as the stream does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    millis: u64,
    number: u64,
}

/// A text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position is two whole numbers with a hyphen between them, like 1764000000000-3")]
pub struct NotAPosition;

impl Position {
    /// Before every event.
    pub const START: Self = Self {
        millis: 0,
        number: 0,
    };

    /// The last one after which Redis can be asked for more.
    pub(crate) const LAST: Self = Self {
        millis: u64::MAX,
        number: u64::MAX - 1,
    };

    /// The last position before this one.
    #[must_use]
    pub const fn before(self) -> Self {
        match (self.millis, self.number) {
            (0, 0) => self,
            (millis, 0) => Self {
                millis: millis - 1,
                number: u64::MAX,
            },
            (millis, number) => Self {
                millis,
                number: number - 1,
            },
        }
    }

    /// When the event was published, by Redis' clock.
    pub fn time(self) -> SystemTime {
        let since = Duration::from_millis(self.millis);
        UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        // Longer than two whole numbers can be, and `u64` takes a plus sign, which Redis does not.
        if text.len() > 41 || text.contains('+') {
            return Err(NotAPosition);
        }
        let (millis, number) = text.split_once('-').unwrap_or((text, "0"));
        match (millis.parse(), number.parse()) {
            (Ok(millis), Ok(number)) => Ok(Self { millis, number }),
            _ => Err(NotAPosition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_position_is_refused() {
        for text in [
            "",
            "-",
            "a",
            "1-",
            "-1",
            "+1-0",
            "1-+0",
            "1-2-3",
            "1 -2",
            "99999999999999999999-0",
            "$",
            "0x1-1",
        ] {
            assert_eq!(text.parse::<Position>(), Err(NotAPosition), "{text}");
        }
        let last = format!("{}-{}", u64::MAX, u64::MAX);
        assert_eq!(last.parse::<Position>().unwrap().to_string(), last);
        // Nothing overflows there either.
        let _ = last.parse::<Position>().unwrap().time();
    }

    #[test]
    fn positions_order_as_the_stream_does() {
        let at = |text: &str| text.parse::<Position>().unwrap();
        assert!(at("9-1") < at("9-2") && at("9-2") < at("10-0") && at("9") == at("9-0"));
        assert_eq!(at("9-2").before(), at("9-1"));
        assert!(at("9-0").before() > at("8-5") && at("9-0").before() < at("9-0"));
        assert_eq!(Position::START.before(), Position::START);
    }
}
