//! The few types that we send our own way, because the general one copies, parses or overflows.

use std::borrow::Cow;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};
use uuid::Uuid;

/// JSON text for a `jsonb` column, as it is: Postgres parses it anyway, so we don't.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawJson<'a>(pub(crate) &'a str);

impl ToSql for RawJson<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        // The version of jsonb's binary form; the text follows.
        out.put_u8(1);
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(JSONB);
    to_sql_checked!();
}

/// A time for a `timestamptz` column. A number in a webhook may name any year; one that Postgres does not know is
/// moved to the nearest it does, rather than cost the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At(pub(crate) SystemTime);

/// Postgres counts microseconds from the year 2000.
const EPOCH_SECONDS: i64 = 946_684_800;
/// 1900 and 9999: outside of what any message can mean, inside of what every client can show.
const EARLIEST: i64 = -2_208_988_800;
const LATEST: i64 = 253_370_764_800;

impl At {
    /// Microseconds since 1970, within 1900 and 9999.
    pub(crate) fn micros(self) -> i64 {
        let micros = match self.0.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros)
            }
        };
        micros.clamp(EARLIEST * 1_000_000, LATEST * 1_000_000)
    }

    /// Microseconds since 2000, as Postgres sends them.
    pub(crate) fn to_postgres(self) -> i64 {
        self.micros() - EPOCH_SECONDS * 1_000_000
    }
}

impl ToSql for At {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i64(self.to_postgres());
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

/// The smallest UUIDv7 of a moment: ids of rows are such, so a range of them is a range of time.
pub(crate) fn first_id(at: SystemTime) -> Uuid {
    let millis = u128::try_from(At(at).micros() / 1000).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// Postgres' text cannot hold U+0000.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn absurd_times_are_moved_into_range() {
        let far = UNIX_EPOCH + Duration::from_secs(9_000_000_000_000);
        assert_eq!(At(far).micros(), LATEST * 1_000_000);
        let long_ago = UNIX_EPOCH - Duration::from_secs(9_000_000_000);
        assert_eq!(At(long_ago).micros(), EARLIEST * 1_000_000);
        assert_eq!(
            At(UNIX_EPOCH + Duration::from_millis(1500)).micros(),
            1_500_000
        );
    }
}
