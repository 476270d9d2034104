//! The statements that add to what is known of people.

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::keys::Key;
use crate::StoreError;
use crate::bulk::{Amount, Rows, Table, table};
use crate::sql::At;

pub(super) const IDENTIFIERS: Table = table!(
    "contact_identifiers",
    "scope, kind, value, contact_id, valid_from",
    "$1, $2, $3, $4, $5"
);

pub(super) const CONTACTS: Table = table!(
    "contacts",
    "id, scope, name, name_at, book_name",
    "$1, $2, $3, $4, $5"
);

/// An older name never replaces a newer one, whichever arrives last.
const RENAME: &str = "
UPDATE contacts c SET name = n.name, name_at = n.at
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS n (id, name, at)
WHERE c.id = n.id AND (c.name_at IS NULL OR c.name_at <= n.at)";

const REBOOK: &str = "
UPDATE contacts c SET book_name = n.name
FROM unnest($1::uuid[], $2::text[]) AS n (id, name) WHERE c.id = n.id";

/// Ends what else of the kind the contact has: one username at a time. The odd way to say "valid_to IS NULL" keeps the
/// planner from reading the whole index of active keys instead of those of the contact.
const CLOSE_OTHERS: &str = "
UPDATE contact_identifiers i SET valid_to = greatest(k.at, i.valid_from)
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS k (contact_id, kind, value, at)
WHERE i.contact_id = k.contact_id AND i.kind = k.kind AND i.value <> k.value
  AND coalesce(i.valid_to, 'infinity') = 'infinity' AND i.valid_from <= k.at";

const TAKE: &str = "
UPDATE contact_identifiers SET valid_to = greatest($4, valid_from)
WHERE scope = $1 AND kind = $2 AND value = $3 AND valid_to IS NULL";

/// A key to be opened for a contact.
#[derive(Clone, Copy)]
pub(super) struct Opening<'a> {
    pub(super) key: Key<'a>,
    pub(super) contact: Uuid,
    pub(super) at: At,
}

/// A contact to be made.
#[derive(Clone, Copy)]
pub(super) struct NewContact<'a> {
    pub(super) id: Uuid,
    pub(super) scope: &'a str,
    pub(super) name: Option<(&'a str, At)>,
    pub(super) book_name: Option<&'a str>,
}

/// Opens keys that are free. If another transaction takes one meanwhile, this waits for its end and is refused.
pub(super) async fn open(
    tx: &Transaction<'_>,
    openings: &[Opening<'_>],
    amount: Amount,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(5, openings.len(), amount);
    for Opening { key, contact, at } in openings {
        rows.row()
            .text(key.scope)
            .text(key.kind.as_str())
            .text(key.value);
        rows.uuid(*contact).at(*at);
    }
    rows.write(tx, &IDENTIFIERS).await
}

/// Makes contacts.
pub(super) async fn create(
    tx: &Transaction<'_>,
    contacts: &[NewContact<'_>],
    amount: Amount,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(5, contacts.len(), amount);
    for new in contacts {
        rows.row().uuid(new.id).text(new.scope);
        rows.opt_text(new.name.map(|(name, _)| name));
        rows.opt_at(new.name.map(|(_, at)| at))
            .opt_text(new.book_name);
    }
    rows.write(tx, &CONTACTS).await
}

/// Sets profile names, in the order of the ids so that two batches never wait for each other.
pub(super) async fn rename(
    tx: &Transaction<'_>,
    mut names: Vec<(Uuid, &str, At)>,
) -> Result<(), StoreError> {
    if names.is_empty() {
        return Ok(());
    }
    names.sort_by_key(|(id, ..)| *id);
    let statement = tx.prepare_cached(RENAME).await?;
    let ids: Vec<Uuid> = names.iter().map(|n| n.0).collect();
    let words: Vec<&str> = names.iter().map(|n| n.1).collect();
    let times: Vec<At> = names.iter().map(|n| n.2).collect();
    tx.execute(&statement, &[&ids, &words, &times]).await?;
    Ok(())
}

/// Sets the names of the address book.
pub(super) async fn rebook(
    tx: &Transaction<'_>,
    mut names: Vec<(Uuid, &str)>,
) -> Result<(), StoreError> {
    if names.is_empty() {
        return Ok(());
    }
    names.sort_by_key(|(id, _)| *id);
    let statement = tx.prepare_cached(REBOOK).await?;
    let ids: Vec<Uuid> = names.iter().map(|n| n.0).collect();
    let words: Vec<&str> = names.iter().map(|n| n.1).collect();
    tx.execute(&statement, &[&ids, &words]).await?;
    Ok(())
}

/// Ends the other keys of the same kind that the contacts of `openings` hold.
pub(super) async fn close_others(
    tx: &Transaction<'_>,
    openings: &[Opening<'_>],
) -> Result<(), StoreError> {
    if openings.is_empty() {
        return Ok(());
    }
    let statement = tx.prepare_cached(CLOSE_OTHERS).await?;
    let contacts: Vec<Uuid> = openings.iter().map(|o| o.contact).collect();
    let kinds: Vec<&str> = openings.iter().map(|o| o.key.kind.as_str()).collect();
    let values: Vec<&str> = openings.iter().map(|o| o.key.value).collect();
    let times: Vec<At> = openings.iter().map(|o| o.at).collect();
    tx.execute(&statement, &[&contacts, &kinds, &values, &times])
        .await?;
    Ok(())
}

/// Takes a key from whoever holds it. Only under the exclusive lock.
pub(super) async fn take(tx: &Transaction<'_>, key: Key<'_>, at: At) -> Result<(), StoreError> {
    let statement = tx.prepare_cached(TAKE).await?;
    tx.execute(
        &statement,
        &[&key.scope, &key.kind.as_str(), &key.value, &at],
    )
    .await?;
    Ok(())
}
