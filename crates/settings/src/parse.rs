//! The little grammars of values. Each returns the reason as text; the reader adds key and origin.

use std::time::Duration;

/// `250ms`, `10s`, `5m`, `2h`, `7d`, or `0`. A unit is required, because a bare number is read as seconds by one
/// person and as milliseconds by the next.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const WANTED: &str = "want a whole number with a unit, like 250ms, 10s, 5m, 2h or 7d";
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (number, unit) = split_unit(text).ok_or(WANTED)?;
    let seconds = match unit {
        "ms" => return Ok(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(WANTED.to_owned()),
    };
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(|| "the duration is too long to be meant".to_owned())
}

/// `512`, `8KiB`, `3MiB`, `1GiB`. Powers of two only: `3MB` could be either.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    const WANTED: &str = "want a whole number of bytes, alone or with KiB, MiB or GiB, like 8KiB";
    let (number, unit) = match text.parse() {
        Ok(number) => (number, ""),
        Err(_) => split_unit(text).ok_or(WANTED)?,
    };
    let shift = match unit {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(WANTED.to_owned()),
    };
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "the size is too large to be meant".to_owned())
}

/// `true`, `false` and the words that operators of other programs are used to.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("want true or false".to_owned()),
    }
}

/// The items of a comma list, trimmed; empty ones don't count.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("5 m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        for bad in [
            "10",
            "",
            "s",
            "1.5s",
            "-1s",
            "10 parsecs",
            "99999999999999999999s",
            "400000000000000000d",
        ] {
            assert!(duration(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn sizes_are_powers_of_two() {
        assert_eq!(bytes("512"), Ok(512));
        assert_eq!(bytes("8KiB"), Ok(8192));
        assert_eq!(bytes("3 MiB"), Ok(3 * 1024 * 1024));
        for bad in ["3MB", "3M", "", "MiB", "-1", "99999999999GiB"] {
            assert!(bytes(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn booleans_and_lists() {
        assert_eq!(boolean("On"), Ok(true));
        assert_eq!(boolean("no"), Ok(false));
        assert!(boolean("maybe").is_err());
        assert_eq!(list(" a, ,b,").collect::<Vec<_>>(), ["a", "b"]);
    }
}
