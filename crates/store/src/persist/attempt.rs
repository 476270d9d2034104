//! One transaction, in order.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{Client, Transaction};
use futures_util::future::{try_join, try_join_all, try_join3, try_join4, try_join5};
use uuid::Uuid;

use super::rows::{Rows, remove};
use super::sends::Accounts;
use super::{Stop, accounts, facts, messages, project, sends, statuses, webhooks, window};
use crate::bulk::{Amount, Table};
use crate::contacts::{self, Mention, News};
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
    let ((contact_of, news), known_messages, known_statuses, known_sends) = try_join4(
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
    let amount = Amount::of(items.len().max(news.rows()));
    let people = news.write(&tx, amount);
    let received = webhooks::insert(&tx, webhooks);
    let messages = messages::insert(&tx, &rows.messages, amount);
    let sends = sends::insert(&tx, &rows.sends, &of_numbers, amount);
    let statuses = statuses::insert(&tx, &rows.statuses, amount);
    let facts = facts::insert(&tx, &rows.sends, &rows.facts);
    let accounts = accounts::insert(&tx, &rows.accounts);
    let verdicts = window::judge(&tx, settings, &rows.messages);
    let (new_facts, new_accounts, verdicts) = match amount {
        // Sent at once and in this order: the server need not wait for us between two of them.
        Amount::Few => {
            let quiet = try_join5(people, received, messages, sends, statuses);
            let told = try_join3(facts, accounts, verdicts);
            Box::pin(try_join(quiet, told)).await?.1
        }
        Amount::Many => {
            people.await?;
            received.await?;
            messages.await?;
            sends.await?;
            statuses.await?;
            (facts.await?, accounts.await?, verdicts.await?)
        }
    };
    rows.facts.retain(|fact| new_facts.contains(&fact.place));
    rows.accounts.retain(|a| new_accounts.contains(&a.id));
    rows.messages
        .retain(|m| !matches!(verdicts.get(&m.place), Some(window::Verdict::Drop { .. })));
    messages::insert_media(&tx, &rows.messages).await?;
    let renamed = rows.changes(&tx).await?;
    committing.store(true, Ordering::Relaxed);
    tx.commit().await?;
    Ok(rows.outcomes(items.len(), verdicts, &contact_of, &renamed))
}

/// Every statement of the usual path, before the transaction: once it runs, they go out without a pause, and in order.
async fn prepare(client: &Client) -> Result<(), StoreError> {
    const ALONE: [&str; 9] = [
        webhooks::INSERT,
        accounts::INSERT,
        window::UPSERT,
        project::PROJECT,
        messages::KNOWN,
        messages::MEDIA,
        statuses::KNOWN,
        facts::STEPS,
        facts::ATTEMPTS,
    ];
    const TABLES: [&Table; 3] = [&messages::TABLE, &statuses::TABLE, &sends::TABLE];
    let all = ALONE.len() + contacts::HOT.len() + 2 * (TABLES.len() + contacts::TABLES.len());
    if client.statement_cache.size() >= all {
        return Ok(());
    }
    let tables = TABLES.into_iter().chain(contacts::TABLES);
    let hot = ALONE
        .into_iter()
        .chain(contacts::HOT)
        .chain(tables.flat_map(|table| [table.insert, table.copy]));
    try_join_all(hot.map(|sql| client.prepare_cached(sql))).await?;
    Ok(())
}

/// The contact of each item that speaks of one, and what has to be written about them.
async fn people<'a>(
    tx: &Transaction<'_>,
    mentions: &[(Option<usize>, Mention<'a>)],
    length: usize,
    exclusive: bool,
) -> Result<(Vec<Option<Uuid>>, News<'a>), Stop> {
    let mut contact_of = vec![None; length];
    let (places, mentions): (Vec<_>, Vec<_>) = mentions.iter().copied().unzip();
    if mentions.is_empty() {
        return Ok((contact_of, News::default()));
    }
    let resolved = Box::pin(contacts::resolve(tx, &mentions, exclusive)).await?;
    for (place, contact) in places.into_iter().zip(resolved.contacts) {
        if let Some(place) = place {
            contact_of[place] = contact;
        }
    }
    Ok((contact_of, resolved.news))
}

async fn or_stop<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, Stop> {
    Ok(work.await?)
}
