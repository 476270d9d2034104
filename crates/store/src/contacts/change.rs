//! A number or user id was announced as changed.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::keys::{Key, Kind};
use super::lookup::{Holder, holders};
use super::merge::merge;
use super::write::{self, NewContact, Opening};
use crate::bulk::Amount;
use crate::sql::At;
use crate::{IdentityChange, StoreError};

/// Ends the old value, or every other one when the old is not told. (`coalesce`: see `write::CLOSE_OTHERS`.)
const CLOSE: &str = "
UPDATE contact_identifiers SET valid_to = greatest($4, valid_from)
WHERE contact_id = $1 AND kind = $2 AND value <> $3 AND coalesce(valid_to, 'infinity') = 'infinity' AND ($5::text IS NULL OR value = $5)";

/// Remembers an old value that we never saw in use, for messages that arrive late.
const ALIAS: &str = "
INSERT INTO contact_identifiers (scope, kind, value, contact_id, valid_from, valid_to)
SELECT $1, $2, $3, $4, $5, $5
WHERE NOT EXISTS (SELECT FROM contact_identifiers WHERE scope = $1 AND kind = $2 AND value = $3)";

/// Carries out a change, and tells which contacts became part of which. Only for news that was not heard before, and only
/// under the exclusive lock: said again later, the old number may be somebody else's.
pub(crate) async fn apply(
    tx: &Transaction<'_>,
    scope: &str,
    change: &IdentityChange<'_>,
    at: At,
) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let (old, kind, old_value, new_value, new_parent) = match change {
        IdentityChange::Number { old, new_phone } => {
            (old, Kind::Phone, old.phone, *new_phone, None)
        }
        IdentityChange::UserId {
            old,
            new_bsuid,
            new_parent,
        } => (old, Kind::Bsuid, old.bsuid, *new_bsuid, *new_parent),
    };
    let key = |kind, value| Key { scope, kind, value };
    let new_key = key(kind, new_value);
    let mut keys = vec![(new_key, at)];
    let strong = [(Kind::Phone, old.phone), (Kind::Bsuid, old.bsuid)];
    for (kind, value) in strong {
        keys.extend(value.map(|value| (key(kind, value), at)));
    }
    let mut found = holders(tx, &keys).await?;
    // Who held the new value once and gave it up is somebody else.
    found[0].take_if(|holder| holder.closed);
    let new_is_held = found[0].is_some();
    let (contact, merged) = unite(tx, scope, found).await?;
    if let Some(old_value) = old_value.filter(|old| *old != new_value) {
        let statement = tx.prepare_cached(ALIAS).await?;
        tx.execute(
            &statement,
            &[&scope, &kind.as_str(), &old_value, &contact, &at],
        )
        .await?;
    }
    let statement = tx.prepare_cached(CLOSE).await?;
    tx.execute(
        &statement,
        &[&contact, &kind.as_str(), &new_value, &at, &old_value],
    )
    .await?;
    let mut openings = Vec::new();
    // If anybody holds it, it is this contact, or was merged into it.
    if !new_is_held {
        openings.push(opening(new_key, contact, at));
    }
    if let Some(parent) = new_parent {
        let parent = opening(key(Kind::ParentBsuid, parent), contact, at);
        write::take(tx, parent.key, at).await?;
        write::close_others(tx, &[parent]).await?;
        openings.push(parent);
    }
    write::open(tx, &openings, Amount::Few).await?;
    Ok(merged)
}

/// The contact that all the holders are from now on, made if there is none.
async fn unite(
    tx: &Transaction<'_>,
    scope: &str,
    found: Vec<Option<Holder>>,
) -> Result<(Uuid, Vec<(Uuid, Uuid)>), StoreError> {
    let by_age: BTreeMap<_, Uuid> = found
        .into_iter()
        .flatten()
        .map(|holder| (holder.age(), holder.contact))
        .collect();
    let mut contacts = by_age.into_values();
    let Some(contact) = contacts.next() else {
        let id = Uuid::now_v7();
        let new = NewContact {
            id,
            scope,
            name: None,
            book_name: None,
        };
        write::create(tx, &[new], Amount::Few).await?;
        return Ok((id, Vec::new()));
    };
    let losers: Vec<Uuid> = contacts.collect();
    if !losers.is_empty() {
        merge(tx, contact, &losers).await?;
    }
    Ok((contact, losers.into_iter().map(|l| (l, contact)).collect()))
}

fn opening<'a>(key: Key<'a>, contact: Uuid, at: At) -> Opening<'a> {
    Opening { key, contact, at }
}
