//! Who holds which key.

use std::time::SystemTime;

use deadpool_postgres::Transaction;
use futures_util::future::try_join;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::keys::Key;
use crate::StoreError;
use crate::sql::At;

/// For each key its holder now. LATERAL and LIMIT leave the planner one way only, a lookup for each key; left to itself it
/// reads the whole partial index once for all of them, as long as nobody has told it that the table has grown.
pub(super) const LOOKUP: &str = "
SELECT k.n, i.contact_id, i.valid_from, c.created_at, c.name, c.name_at, c.book_name
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k (scope, kind, value, n)
CROSS JOIN LATERAL (SELECT contact_id, valid_from FROM contact_identifiers
                    WHERE value = k.value AND kind = k.kind AND scope = k.scope AND valid_to IS NULL LIMIT 1) i
LEFT JOIN contacts c ON c.id = i.contact_id";

/// For each key that nobody holds, whoever held it at the time it is mentioned for: a message of the old number may arrive
/// after the news that the number has changed.
pub(super) const FORMER: &str = "
SELECT k.n, i.contact_id, i.valid_from, c.created_at, c.name, c.name_at, c.book_name
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS k (scope, kind, value, at, n)
CROSS JOIN LATERAL (SELECT contact_id, valid_from FROM contact_identifiers
                    WHERE value = k.value AND kind = k.kind AND scope = k.scope AND valid_to >= k.at
                    ORDER BY valid_to LIMIT 1) i
LEFT JOIN contacts c ON c.id = i.contact_id";

/// When the last key changed hands. What was said after that, which is nearly everything, needs no [`FORMER`].
pub(super) const LAST_CHANGE: &str =
    "SELECT max(valid_to) FROM contact_identifiers WHERE valid_to IS NOT NULL";

/// The holder of a key.
#[derive(Clone)]
pub(super) struct Holder {
    pub(super) contact: Uuid,
    /// Held it then, does not hold it now.
    pub(super) closed: bool,
    pub(super) valid_from: SystemTime,
    /// `None` for a contact that is being made in this very transaction.
    pub(super) created_at: Option<SystemTime>,
    pub(super) name: Option<String>,
    pub(super) name_at: Option<SystemTime>,
    pub(super) book_name: Option<String>,
}

impl Holder {
    /// The older of two contacts survives a merge; one that is being made is the youngest.
    pub(super) fn age(&self) -> (bool, Option<SystemTime>, Uuid) {
        (self.created_at.is_none(), self.created_at, self.contact)
    }
}

/// Holders of `keys`, in their order.
pub(super) async fn holders(
    tx: &Transaction<'_>,
    keys: &[(Key<'_>, At)],
) -> Result<Vec<Option<Holder>>, StoreError> {
    let mut holders = vec![None; keys.len()];
    if keys.is_empty() {
        return Ok(holders);
    }
    let statement = tx.prepare_cached(LOOKUP).await?;
    let (scopes, kinds, values) = columns(keys.iter());
    let last_change = tx.prepare_cached(LAST_CHANGE).await?;
    let parameters: [&(dyn ToSql + Sync); 3] = [&scopes, &kinds, &values];
    let (rows, last_change) = try_join(
        tx.query(&statement, &parameters),
        tx.query_one(&last_change, &[]),
    )
    .await?;
    let all: Vec<usize> = (0..keys.len()).collect();
    put(&rows, &all, false, &mut holders);

    let last_change: Option<SystemTime> = last_change.get(0);
    let may_be_former = |key: &usize| {
        holders[*key].is_none() && last_change.is_some_and(|last| keys[*key].1 <= At(last))
    };
    let free: Vec<usize> = all.into_iter().filter(may_be_former).collect();
    if !free.is_empty() {
        let statement = tx.prepare_cached(FORMER).await?;
        let (scopes, kinds, values) = columns(free.iter().map(|key| &keys[*key]));
        let times: Vec<At> = free.iter().map(|key| keys[*key].1).collect();
        let parameters: [&(dyn ToSql + Sync); 4] = [&scopes, &kinds, &values, &times];
        let rows = tx.query(&statement, &parameters).await?;
        put(&rows, &free, true, &mut holders);
    }
    Ok(holders)
}

type Columns<'a> = (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>);

fn columns<'k, 'a: 'k>(keys: impl Iterator<Item = &'k (Key<'a>, At)> + Clone) -> Columns<'a> {
    let scopes = keys.clone().map(|(key, _)| key.scope).collect();
    let kinds = keys.clone().map(|(key, _)| key.kind.as_str()).collect();
    (scopes, kinds, keys.map(|(key, _)| key.value).collect())
}

/// Rows begin with a position, counted from one, in the list that was asked for.
fn put(rows: &[Row], asked: &[usize], closed: bool, holders: &mut [Option<Holder>]) {
    for row in rows {
        let position = usize::try_from(row.get::<_, i64>(0)).unwrap_or(0);
        let Some(key) = asked.get(position.wrapping_sub(1)) else {
            continue;
        };
        holders[*key] = Some(Holder {
            contact: row.get(1),
            closed,
            valid_from: row.get(2),
            created_at: row.get(3),
            name: row.get(4),
            name_at: row.get(5),
            book_name: row.get(6),
        });
    }
}
