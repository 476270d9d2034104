//! One transaction, in order.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{Client, Transaction};
use futures_util::future::{try_join_all, try_join4};
use uuid::Uuid;

use super::rows::{Rows, remove};
use super::sends::Accounts;
use super::{Stop, accounts, facts, messages, project, sends, statuses, webhooks, window};
use crate::contacts::{self, Mention};
use crate::{Item, Outcome, RawWebhook, StoreError, StoreSettings};

/// Whether the batch holds news that take something from a contact.
pub(super) fn needs_exclusive(items: &[Item<'_>]) -> bool {
    items.iter().any(|item| match item {
        Item::Message(row) => row.change.is_some(),
        Item::Status(_) | Item::Send(_) | Item::Fact(_) => false,
        Item::Account(row) => !row.changes.is_empty(),
    })
}

/// Writes `items` and `webhooks` and commits. `committing` is set just before the COMMIT is sent.
pub(super) async fn attempt(
    client: &mut Client,
    settings: &StoreSettings,
    items: &[Item<'_>],
    webhooks: &[RawWebhook<'_>],
    exclusive: bool,
    committing: &AtomicBool,
) -> Result<Vec<Outcome>, Stop> {
    prepare(client).await?;
    let tx = client.transaction().await?;
    let mut rows = Rows::of(items);
    let of_numbers = Accounts::of(&tx, &rows.sends).await?;
    let mentions = rows.mentions(&of_numbers);
    let (contact_of, known_messages, known_statuses, known_sends) = try_join4(
        people(&tx, &mentions, items.len(), exclusive),
        or_stop(messages::known(&tx, &rows.messages)),
        or_stop(statuses::known(&tx, &rows.statuses)),
        or_stop(sends::known(&tx, &rows.sends)),
    )
    .await?;
    remove(&mut rows.messages, &known_messages);
    remove(&mut rows.statuses, &known_statuses);
    remove(&mut rows.sends, &known_sends);
    rows.meet(&contact_of);
    webhooks::insert(&tx, webhooks).await?;
    messages::insert(&tx, &rows.messages).await?;
    sends::insert(&tx, &rows.sends, &of_numbers).await?;
    statuses::insert(&tx, &rows.statuses).await?;
    let new_facts = facts::insert(&tx, &rows.sends, &rows.facts).await?;
    rows.facts.retain(|fact| new_facts.contains(&fact.place));
    let new_accounts = accounts::insert(&tx, &rows.accounts).await?;
    rows.accounts.retain(|a| new_accounts.contains(&a.id));
    let verdicts = window::judge(&tx, settings, &rows.messages).await?;
    rows.messages
        .retain(|m| !matches!(verdicts.get(&m.place), Some(window::Verdict::Drop { .. })));
    messages::insert_media(&tx, &rows.messages).await?;
    let renamed = rows.changes(&tx).await?;
    committing.store(true, Ordering::Relaxed);
    tx.commit().await?;
    Ok(rows.outcomes(items.len(), verdicts, &contact_of, &renamed))
}

/// Statements of the usual path.
const HOT: usize = 14;

/// Every statement of the usual path, before the transaction: once it runs, they go out without a pause, and in order.
async fn prepare(client: &Client) -> Result<(), StoreError> {
    let hot = contacts::HOT
        .into_iter()
        .chain([
            webhooks::INSERT,
            accounts::INSERT,
            window::UPSERT,
            project::PROJECT,
        ])
        .chain([messages::KNOWN, messages::COPY, messages::MEDIA])
        .chain([statuses::KNOWN, statuses::COPY]);
    if client.statement_cache.size() < HOT {
        try_join_all(hot.map(|sql| client.prepare_cached(sql))).await?;
    }
    Ok(())
}

/// Finds or makes the contact of each item that speaks of one.
async fn people(
    tx: &Transaction<'_>,
    mentions: &[(Option<usize>, Mention<'_>)],
    length: usize,
    exclusive: bool,
) -> Result<Vec<Option<Uuid>>, Stop> {
    let mut contact_of = vec![None; length];
    let (places, mentions): (Vec<_>, Vec<_>) = mentions.iter().copied().unzip();
    if mentions.is_empty() {
        return Ok(contact_of);
    }
    let contacts = Box::pin(contacts::resolve(tx, &mentions, exclusive)).await?;
    for (place, contact) in places.into_iter().zip(contacts) {
        if let Some(place) = place {
            contact_of[place] = contact;
        }
    }
    Ok(contact_of)
}

async fn or_stop<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, Stop> {
    Ok(work.await?)
}
