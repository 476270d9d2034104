//! Who holds which key.

use std::time::SystemTime;

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::keys::Key;
use crate::StoreError;
use crate::sql::At;

/// For each key its holder now, or else whoever held it at the time it is mentioned for: a message of the old number may
/// arrive after the news that the number has changed.
pub(super) const LOOKUP: &str = "
SELECT k.n, o.contact_id, o.closed, o.valid_from, c.created_at, c.name, c.name_at, c.book_name
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS k (scope, kind, value, at, n)
CROSS JOIN LATERAL (
    (SELECT i.contact_id, false AS closed, i.valid_from FROM contact_identifiers i
     WHERE i.scope = k.scope AND i.kind = k.kind AND i.value = k.value AND i.valid_to IS NULL)
    UNION ALL
    (SELECT i.contact_id, true, i.valid_from FROM contact_identifiers i
     WHERE i.scope = k.scope AND i.kind = k.kind AND i.value = k.value AND i.valid_to >= k.at
     ORDER BY i.valid_to LIMIT 1)
    LIMIT 1) o
LEFT JOIN contacts c ON c.id = o.contact_id";

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
    let scopes: Vec<&str> = keys.iter().map(|(key, _)| key.scope).collect();
    let kinds: Vec<&str> = keys.iter().map(|(key, _)| key.kind.as_str()).collect();
    let values: Vec<&str> = keys.iter().map(|(key, _)| key.value).collect();
    let times: Vec<At> = keys.iter().map(|(_, at)| *at).collect();
    let rows = tx
        .query(&statement, &[&scopes, &kinds, &values, &times])
        .await?;
    for row in rows {
        let place = usize::try_from(row.get::<_, i64>(0)).unwrap_or(0);
        if let Some(holder) = holders.get_mut(place.wrapping_sub(1)) {
            *holder = Some(Holder {
                contact: row.get(1),
                closed: row.get(2),
                valid_from: row.get(3),
                created_at: row.get(4),
                name: row.get(5),
                name_at: row.get(6),
                book_name: row.get(7),
            });
        }
    }
    Ok(holders)
}
