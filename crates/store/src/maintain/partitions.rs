//! The partitions of `webhooks`, one for each day in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deadpool_postgres::ClientWrapper;

use super::{Maintained, briefly};
use crate::StoreError;
use crate::sql::At;

/// Days made in advance: a weekend without maintenance costs nothing but order.
const AHEAD: u64 = 3;
const DAY: u64 = 24 * 60 * 60;
const PREFIX: &str = "webhooks_";
const CATCH_ALL: &str = "webhooks_default";

const EXISTING: &str = "
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'webhooks'::regclass ORDER BY 1";

/// Makes the partitions of today and the next days.
pub(super) async fn create_ahead(
    client: &ClientWrapper,
    now: SystemTime,
    done: &mut Maintained,
) -> Result<(), StoreError> {
    let existing = existing(client).await?;
    let today = day_of(now);
    for day in today..=today + AHEAD {
        let name = name_of(day);
        if existing.contains(&name) {
            continue;
        }
        let (from, to) = (day * DAY, (day + 1) * DAY);
        let range =
            format!("received_at >= to_timestamp({from}) AND received_at < to_timestamp({to})");
        // What came before its partition did is in the default one, and must leave it first.
        briefly(
            client,
            &[
                format!("CREATE TABLE {name} (LIKE webhooks INCLUDING ALL)"),
                "LOCK TABLE webhooks_default IN ACCESS EXCLUSIVE MODE".to_owned(),
                format!(
                    "WITH late AS (DELETE FROM webhooks_default WHERE {range} RETURNING *) INSERT INTO {name} SELECT * FROM late"
                ),
                format!(
                    "ALTER TABLE webhooks ATTACH PARTITION {name} FOR VALUES FROM (to_timestamp({from})) TO (to_timestamp({to}))"
                ),
            ],
        )
        .await?;
        done.created.push(name);
    }
    Ok(())
}

/// Drops the days that are wholly past the retention. With none at all, raw webhooks are not kept, and what an earlier
/// configuration kept goes.
pub(super) async fn expire(
    client: &ClientWrapper,
    now: SystemTime,
    retention: Duration,
    done: &mut Maintained,
) -> Result<(), StoreError> {
    let limit = now.checked_sub(retention).unwrap_or(UNIX_EPOCH);
    let first_kept = name_of(day_of(limit));
    for name in existing(client).await? {
        if name != CATCH_ALL && name < first_kept {
            briefly(client, &[format!("DROP TABLE {name}")]).await?;
            done.dropped.push(name);
        }
    }
    let late = "DELETE FROM webhooks_default WHERE received_at < $1";
    done.expired_webhooks = client.execute(late, &[&At(limit)]).await?;
    Ok(())
}

async fn existing(client: &ClientWrapper) -> Result<Vec<String>, StoreError> {
    let rows = client.query(EXISTING, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn seconds(at: SystemTime) -> u64 {
    u64::try_from(At(at).micros() / 1_000_000).unwrap_or(0)
}

/// Days since 1970.
fn day_of(at: SystemTime) -> u64 {
    seconds(at) / DAY
}

/// The name of a day's partition, like `webhooks_20261124`: in the order of the days, and plain to an operator.
fn name_of(day: u64) -> String {
    // Civil date from a day count: years begin in March, so that the leap day is the last of its year.
    let day = day + 719_468;
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{PREFIX}{year:04}{month:02}{day_of_month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dates() {
        for (day, name) in [
            (0, "webhooks_19700101"),
            (11_016, "webhooks_20000229"),
            (11_017, "webhooks_20000301"),
            (20_781, "webhooks_20261124"),
            (20_818, "webhooks_20261231"),
        ] {
            assert_eq!(name_of(day), name);
        }
    }
}
