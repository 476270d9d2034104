//! One transaction, in order.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{Client, Transaction};
use futures_util::future::{try_join_all, try_join3};
use uuid::Uuid;

use super::{Stop, accounts, messages, project, statuses, webhooks, window};
use crate::contacts::{self, Mention};
use crate::sql::At;
use crate::{
    AccountRow, Item, MessageRow, Outcome, RawWebhook, StatusRow, StoreError, StoreSettings,
};

/// A row to insert, with the place of its item in the batch.
pub(super) struct Placed<'b, T> {
    pub(super) place: usize,
    pub(super) id: Uuid,
    pub(super) contact: Option<Uuid>,
    pub(super) row: &'b T,
}

/// The batch by table, sorted by unique key and without second copies. The order matters: two batches that share rows
/// then wait for each other in one direction only.
#[derive(Default)]
struct Rows<'b, 'a> {
    messages: Vec<Placed<'b, MessageRow<'a>>>,
    statuses: Vec<Placed<'b, StatusRow<'a>>>,
    accounts: Vec<Placed<'b, AccountRow<'a>>>,
}

/// Whether the batch holds news that take something from a contact.
pub(super) fn needs_exclusive(items: &[Item<'_>]) -> bool {
    items.iter().any(|item| match item {
        Item::Message(row) => row.change.is_some(),
        Item::Status(_) => false,
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
    let mentions = rows.mentions();
    let (contact_of, known_messages, known_statuses) = try_join3(
        people(&tx, &mentions, items.len(), exclusive),
        or_stop(messages::known(&tx, &rows.messages)),
        or_stop(statuses::known(&tx, &rows.statuses)),
    )
    .await?;
    remove(&mut rows.messages, &known_messages);
    remove(&mut rows.statuses, &known_statuses);
    for placed in &mut rows.messages {
        placed.contact = contact_of[placed.place];
    }
    webhooks::insert(&tx, webhooks).await?;
    messages::insert(&tx, &rows.messages).await?;
    statuses::insert(&tx, &rows.statuses).await?;
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

impl<'b, 'a> Rows<'b, 'a> {
    fn of(items: &'b [Item<'a>]) -> Self {
        let mut rows = Self::default();
        for (place, item) in items.iter().enumerate() {
            match item {
                Item::Message(row) => rows.messages.push(Placed::new(place, row)),
                Item::Status(row) => rows.statuses.push(Placed::new(place, row)),
                Item::Account(row) => rows.accounts.push(Placed::new(place, row)),
            }
        }
        sort(&mut rows.messages, |m| (m.phone_number_id, m.wamid));
        sort(&mut rows.statuses, |s| {
            (s.wamid, s.status, statuses::member(s))
        });
        sort(&mut rows.accounts, |a| a.content);
        rows
    }

    /// Whom the batch speaks of, each with the place of the item whose contact that is.
    fn mentions(&self) -> Vec<(Option<usize>, Mention<'a>)> {
        let messages = self.messages.iter();
        let mut mentions: Vec<_> = messages
            .map(|m| (Some(m.place), of_message(m.row)))
            .collect();
        let statuses = self.statuses.iter();
        mentions.extend(statuses.map(|s| (Some(s.place), of_status(s.row))));
        for placed in &self.accounts {
            let row = placed.row;
            let at = At(row.at.unwrap_or(row.received_at));
            let in_book = row.contacts.iter().map(|person| Mention {
                scope: row.waba_id,
                person: *person,
                at,
                creates: true,
                book: true,
            });
            mentions.extend(in_book.map(|mention| (None, mention)));
            // Only for the lock: a change is carried out later, when it is known to be news.
            if !row.changes.is_empty() {
                mentions.push((None, Mention::lock_only(row.waba_id, at)));
            }
        }
        mentions
    }

    /// Carries out the changes of identity announced by what turned out to be new.
    async fn changes(&self, tx: &Transaction<'_>) -> Result<HashMap<Uuid, Uuid>, Stop> {
        let mut renamed = HashMap::new();
        for row in self.messages.iter().map(|placed| placed.row) {
            if let Some(change) = &row.change {
                let at = At(row.sent_at.unwrap_or(row.received_at));
                renamed.extend(contacts::apply(tx, row.waba_id, change, at).await?);
            }
        }
        for row in self.accounts.iter().map(|placed| placed.row) {
            let at = At(row.at.unwrap_or(row.received_at));
            for change in &row.changes {
                renamed.extend(contacts::apply(tx, row.waba_id, change, at).await?);
            }
        }
        Ok(renamed)
    }

    /// By now the rows hold only what this transaction made.
    fn outcomes(
        &self,
        length: usize,
        verdicts: HashMap<usize, window::Verdict>,
        contact_of: &[Option<Uuid>],
        renamed: &HashMap<Uuid, Uuid>,
    ) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = (0..length).map(|_| Outcome::Known).collect();
        let messages = self.messages.iter().map(|p| (p.place, p.id));
        let statuses = self.statuses.iter().map(|p| (p.place, p.id));
        let accounts = self.accounts.iter().map(|p| (p.place, p.id));
        for (place, id) in messages.chain(statuses).chain(accounts) {
            let mut contact_id = contact_of[place];
            while let Some(survivor) = contact_id.and_then(|id| renamed.get(&id)) {
                contact_id = Some(*survivor);
            }
            outcomes[place] = Outcome::Stored {
                id,
                contact_id,
                duplicate_of: None,
            };
        }
        for (place, verdict) in verdicts {
            match (verdict, &mut outcomes[place]) {
                (window::Verdict::Mark { of }, Outcome::Stored { duplicate_of, .. }) => {
                    *duplicate_of = Some(of);
                }
                // Dropped before, in another batch: known, as if it had a row.
                (window::Verdict::Drop { of, news: true }, outcome) => {
                    *outcome = Outcome::Dropped { of };
                }
                _ => {}
            }
        }
        outcomes
    }
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

/// Rows that hold a position, counted from one, in what was asked for.
pub(super) fn known_rows(rows: &[tokio_postgres::Row]) -> Vec<usize> {
    let position = |row: &tokio_postgres::Row| usize::try_from(row.get::<_, i64>(0) - 1);
    let mut known: Vec<usize> = rows.iter().filter_map(|row| position(row).ok()).collect();
    known.sort_unstable();
    known
}

/// Takes out the rows at `known`, which is sorted.
fn remove<T>(rows: &mut Vec<Placed<'_, T>>, known: &[usize]) {
    let mut position = 0;
    rows.retain(|_| {
        position += 1;
        known.binary_search(&(position - 1)).is_err()
    });
}

impl<'b, T> Placed<'b, T> {
    fn new(place: usize, row: &'b T) -> Self {
        Self {
            place,
            id: Uuid::now_v7(),
            contact: None,
            row,
        }
    }
}

/// Sorts by unique key and keeps the first of each: the copy that stands first in the batch.
fn sort<'b, T, K: Ord>(rows: &mut Vec<Placed<'b, T>>, key: impl Fn(&'b T) -> K) {
    rows.sort_by_key(|placed| key(placed.row));
    let mut seen: HashSet<usize> = HashSet::new();
    for pair in rows.windows(2) {
        if key(pair[0].row) == key(pair[1].row) {
            seen.insert(pair[1].place);
        }
    }
    rows.retain(|placed| !seen.contains(&placed.place));
}

fn of_message<'a>(row: &MessageRow<'a>) -> Mention<'a> {
    Mention {
        scope: row.waba_id,
        person: row.person,
        at: At(row.sent_at.unwrap_or(row.received_at)),
        creates: true,
        book: false,
    }
}

/// A status tells of a person only what it knows by two names; with one it merely says whom it is about.
fn of_status<'a>(row: &StatusRow<'a>) -> Mention<'a> {
    Mention {
        scope: row.waba_id,
        person: row.person,
        at: At(row.at.unwrap_or(row.received_at)),
        creates: row.person.phone.is_some() && row.person.bsuid.is_some(),
        book: false,
    }
}
