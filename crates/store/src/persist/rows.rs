//! The batch by table, as a transaction goes through it.

use std::collections::{HashMap, HashSet};

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::sends::Accounts;
use super::{Stop, statuses, window};
use crate::contacts::{self, Mention};
use crate::sql::At;
use crate::{AccountRow, FactRow, Item, MessageRow, Outcome, SendRow, StatusRow};

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
pub(super) struct Rows<'b, 'a> {
    pub(super) messages: Vec<Placed<'b, MessageRow<'a>>>,
    pub(super) statuses: Vec<Placed<'b, StatusRow<'a>>>,
    pub(super) accounts: Vec<Placed<'b, AccountRow<'a>>>,
    pub(super) sends: Vec<Placed<'b, SendRow<'a>>>,
    pub(super) facts: Vec<Placed<'b, FactRow<'a>>>,
}

impl<'b, 'a> Rows<'b, 'a> {
    pub(super) fn of(items: &'b [Item<'a>]) -> Self {
        let mut rows = Self::default();
        for (place, item) in items.iter().enumerate() {
            match item {
                Item::Message(row) => rows.messages.push(Placed::new(place, row)),
                Item::Status(row) => rows.statuses.push(Placed::new(place, row)),
                Item::Account(row) => rows.accounts.push(Placed::new(place, row)),
                Item::Send(row) => rows.sends.push(Placed::under(row.id, place, row)),
                Item::Fact(row) => rows.facts.push(Placed::under(row.message_id, place, row)),
            }
        }
        sort(&mut rows.messages, |m| (m.phone_number_id, m.wamid));
        sort(&mut rows.statuses, |s| {
            (s.wamid, s.status, statuses::member(s))
        });
        sort(&mut rows.accounts, |a| a.content);
        sort(&mut rows.sends, |s| s.id);
        sort(&mut rows.facts, |f| {
            let of_attempt = (f.life, f.attempt, f.state, f.attempted);
            (f.message_id, of_attempt)
        });
        rows
    }

    /// Hands out the contacts that were found or made.
    pub(super) fn meet(&mut self, contact_of: &[Option<Uuid>]) {
        for placed in &mut self.messages {
            placed.contact = contact_of[placed.place];
        }
        for placed in &mut self.sends {
            placed.contact = contact_of[placed.place];
        }
    }

    /// Whom the batch speaks of, each with the place of the item whose contact that is.
    pub(super) fn mentions<'m>(&self, of_numbers: &'m Accounts) -> Vec<(Option<usize>, Mention<'m>)>
    where
        'a: 'm,
    {
        let messages = self.messages.iter();
        let mut mentions: Vec<_> = messages
            .map(|m| (Some(m.place), of_message(m.row)))
            .collect();
        let statuses = self.statuses.iter();
        mentions.extend(statuses.map(|s| (Some(s.place), of_status(s.row))));
        // Who a number belongs to is not known before its first webhook; people have a scope, so they wait.
        let sends = self.sends.iter();
        let scoped = sends.map(|s| (s.place, of_send(s.row, of_numbers.get(s.row))));
        mentions.extend(
            scoped
                .filter(|(_, mention)| !mention.scope.is_empty())
                .map(|(place, mention)| (Some(place), mention)),
        );
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
    pub(super) async fn changes(&self, tx: &Transaction<'_>) -> Result<HashMap<Uuid, Uuid>, Stop> {
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
    pub(super) fn outcomes(
        &self,
        length: usize,
        verdicts: HashMap<usize, window::Verdict>,
        contact_of: &[Option<Uuid>],
        renamed: &HashMap<Uuid, Uuid>,
    ) -> Vec<Outcome> {
        let person = |place: usize| {
            let mut contact_id = contact_of[place];
            while let Some(survivor) = contact_id.and_then(|id| renamed.get(&id)) {
                contact_id = Some(*survivor);
            }
            contact_id
        };
        let known = |place| Outcome::Known {
            contact_id: person(place),
        };
        let mut outcomes: Vec<Outcome> = (0..length).map(known).collect();
        let messages = self.messages.iter().map(|p| (p.place, p.id));
        let statuses = self.statuses.iter().map(|p| (p.place, p.id));
        let accounts = self.accounts.iter().map(|p| (p.place, p.id));
        let sends = self.sends.iter().map(|p| (p.place, p.id));
        let facts = self.facts.iter().map(|p| (p.place, p.id));
        let webhooks = messages.chain(statuses).chain(accounts);
        for (place, id) in webhooks.chain(sends).chain(facts) {
            outcomes[place] = Outcome::Stored {
                id,
                contact_id: person(place),
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

/// Rows that hold a position, counted from one, in what was asked for.
pub(super) fn known_rows(rows: &[tokio_postgres::Row]) -> Vec<usize> {
    let position = |row: &tokio_postgres::Row| usize::try_from(row.get::<_, i64>(0) - 1);
    let mut known: Vec<usize> = rows.iter().filter_map(|row| position(row).ok()).collect();
    known.sort_unstable();
    known
}

/// Takes out the rows at `known`, which is sorted.
pub(super) fn remove<T>(rows: &mut Vec<Placed<'_, T>>, known: &[usize]) {
    let mut position = 0;
    rows.retain(|_| {
        position += 1;
        known.binary_search(&(position - 1)).is_err()
    });
}

impl<'b, T> Placed<'b, T> {
    fn new(place: usize, row: &'b T) -> Self {
        Self::under(Uuid::now_v7(), place, row)
    }

    fn under(id: Uuid, place: usize, row: &'b T) -> Self {
        Self {
            place,
            id,
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

fn of_send<'m>(row: &SendRow<'m>, account: &'m str) -> Mention<'m> {
    Mention {
        scope: account,
        person: row.person,
        at: At(row.accepted_at),
        creates: true,
        book: false,
    }
}
