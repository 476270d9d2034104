//! Points in time as callers write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const WANTED: &str = "must be a time with its offset, like \"2026-11-24T12:00:00Z\" or \"2026-11-24T13:00:00+01:00\" (RFC 3339), or whole seconds since 1970";
/// The end of the year 9999: RFC 3339 knows no more, and milliseconds taken for seconds lie beyond it.
const LAST: u64 = 253_402_300_799;

/// Reads a time: RFC 3339, or whole seconds since 1970.
pub(crate) fn instant(value: &Value) -> Result<SystemTime, &'static str> {
    match value {
        Value::String(text) => OffsetDateTime::parse(text, &Rfc3339)
            .map(SystemTime::from)
            .ok()
            .filter(|time| *time > UNIX_EPOCH)
            .ok_or(WANTED),
        Value::Number(number) => match number.as_u64() {
            Some(seconds @ 1..=LAST) => Ok(UNIX_EPOCH + Duration::from_secs(seconds)),
            Some(1..) => Err("must be seconds since 1970, not milliseconds"),
            _ => Err(WANTED),
        },
        _ => Err(WANTED),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_ways_of_writing_are_the_same_time() {
        let at = |seconds| Ok(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(instant(&json!(1_795_521_600)), at(1_795_521_600));
        for text in [
            "2026-11-24T12:00:00Z",
            "2026-11-24t12:00:00z",
            "2026-11-24T13:00:00+01:00",
            "2026-11-24T06:30:00.000-05:30",
        ] {
            assert_eq!(instant(&json!(text)), at(1_795_521_600), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for value in [
            json!("2026-11-24T12:00:00"),
            json!("2026-11-24"),
            json!("2026-11-24T25:00:00Z"),
            json!("1969-11-24T12:00:00Z"),
            json!("1795521600"),
            json!("tomorrow"),
            json!(1_795_521_600_000_u64),
            json!(-1),
            json!(0),
            json!(1.5),
            json!(true),
            json!([]),
        ] {
            assert!(instant(&value).is_err(), "{value}");
        }
    }
}
