//! Decides for each group of keys which contact it is.

use std::collections::{BTreeMap, HashMap, HashSet};

use deadpool_postgres::Transaction;
use futures_util::future::{try_join, try_join4};
use tokio_postgres::Statement;
use uuid::Uuid;

use super::keys::{Belongs, Group, Keys, Mention};
use super::lookup::{Holder, holders};
use super::merge::merge;
use super::write::{self, NewContact, Opening};
use crate::StoreError;
use crate::bulk::Amount;
use crate::persist::Stop;
use crate::sql::At;

pub(super) const LOCK_SHARED: &str =
    "SELECT count(pg_advisory_xact_lock_shared($1, scope)) FROM unnest($2::int[]) AS scope";
const LOCK_EXCLUSIVE: &str =
    "SELECT count(pg_advisory_xact_lock($1, scope)) FROM unnest($2::int[]) AS scope";
/// Keeps these locks apart from other uses of two-number advisory locks.
const LOCK_CLASS: i32 = 0x7763;

/// Takes the lock of each account that the batch speaks of, in an order that is the same for all.
async fn lock(
    tx: &Transaction<'_>,
    lock: &Statement,
    mentions: &[Mention<'_>],
) -> Result<(), StoreError> {
    let mut scopes: Vec<i32> = Vec::new();
    let mut last = None;
    for mention in mentions {
        if last.replace(mention.scope) != Some(mention.scope) {
            scopes.push(lock_number(mention.scope));
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    tx.query_one(lock, &[&LOCK_CLASS, &scopes]).await?;
    Ok(())
}

/// FNV-1a: the same in every process, whatever it was built with. Two accounts that share a number merely wait for each other.
fn lock_number(scope: &str) -> i32 {
    let hash = scope.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    i32::from_ne_bytes(hash.to_ne_bytes())
}

/// Who a batch speaks of, decided and not yet written down.
pub(crate) struct Resolved<'a> {
    /// The contact of each mention.
    pub(crate) contacts: Vec<Option<Uuid>>,
    /// What has to be written for it.
    pub(crate) news: News<'a>,
}

/// What a batch says about people that was not known.
#[derive(Default)]
pub(crate) struct News<'a> {
    openings: Vec<Opening<'a>>,
    new: Vec<NewContact<'a>>,
    names: Names<'a>,
}

impl News<'_> {
    /// The most rows that it has for one table.
    pub(crate) fn rows(&self) -> usize {
        self.openings.len().max(self.new.len())
    }

    /// Writes it down.
    pub(crate) async fn write(
        self,
        tx: &Transaction<'_>,
        amount: Amount,
    ) -> Result<(), StoreError> {
        // Keys before contacts: a race is lost before anything of ours exists.
        let keys = write::open(tx, &self.openings, amount);
        let contacts = write::create(tx, &self.new, amount);
        let names = write::rename(tx, self.names.0);
        let in_book = write::rebook(tx, self.names.1);
        match amount {
            Amount::Few => {
                try_join4(keys, contacts, names, in_book).await?;
            }
            Amount::Many => {
                keys.await?;
                contacts.await?;
                names.await?;
                in_book.await?;
            }
        }
        Ok(())
    }
}

/// Decides which contact each mention is. Merges are carried out, and keys taken from others; what is only added is left to
/// the caller, who writes it together with the rest of the batch.
pub(crate) async fn resolve<'a>(
    tx: &Transaction<'_>,
    mentions: &[Mention<'a>],
    exclusive: bool,
) -> Result<Resolved<'a>, Stop> {
    let keys = Keys::of(mentions);
    let sql = if exclusive {
        LOCK_EXCLUSIVE
    } else {
        LOCK_SHARED
    };
    // Before the two below: a lock that still had to be prepared would be sent after the lookup.
    let statement = tx.prepare_cached(sql).await.map_err(StoreError::from)?;
    // One round trip: the server takes the lock, then looks with a view of the data from after the lock.
    let (_, held) = try_join(lock(tx, &statement, mentions), holders(tx, &keys.keys)).await?;
    let mut work = Work {
        tx,
        keys: &keys,
        held,
        exclusive,
        contacts: vec![None; keys.groups.len()],
        renamed: HashMap::new(),
    };
    work.settle_groups().await?;
    let (openings, new) = work.openings().await?;
    let names = work.names(&new);
    let of = |belongs: &Belongs| match belongs {
        Belongs::Group(number) => work.contacts[*number].map(|contact| work.now(contact)),
        Belongs::Key(key) => work.held[*key].as_ref().map(|h| work.now(h.contact)),
        Belongs::Nobody => None,
    };
    Ok(Resolved {
        contacts: keys.of_mention.iter().map(of).collect(),
        news: News {
            openings,
            new,
            names,
        },
    })
}

struct Work<'w, 'a> {
    tx: &'w Transaction<'w>,
    keys: &'w Keys<'a>,
    /// Holder of each key, as looked up.
    held: Vec<Option<Holder>>,
    exclusive: bool,
    /// Contact of each group, once decided.
    contacts: Vec<Option<Uuid>>,
    /// Contacts merged away by this batch.
    renamed: HashMap<Uuid, Uuid>,
}

type Names<'a> = (Vec<(Uuid, &'a str, At)>, Vec<(Uuid, &'a str)>);

impl<'w, 'a> Work<'w, 'a> {
    /// What a contact is called now.
    fn now(&self, mut contact: Uuid) -> Uuid {
        while let Some(survivor) = self.renamed.get(&contact) {
            contact = *survivor;
        }
        contact
    }

    /// Groups whose keys are held: by one contact, or by several that must be merged.
    async fn settle_groups(&mut self) -> Result<(), Stop> {
        for (number, group) in self.keys.groups.iter().enumerate() {
            let holders = || {
                group
                    .strong
                    .iter()
                    .filter_map(|key| self.held[*key].as_ref())
            };
            // Whoever holds a key now counts before whoever held it once.
            let current = holders().any(|holder| !holder.closed);
            let by_age: BTreeMap<_, Uuid> = holders()
                .filter(|holder| holder.closed != current)
                .map(|holder| (holder.age(), self.now(holder.contact)))
                .collect();
            let mut contacts = Vec::with_capacity(by_age.len());
            for contact in by_age.into_values() {
                if !contacts.contains(&contact) {
                    contacts.push(contact);
                }
            }
            if contacts.len() > 1 {
                if !self.exclusive {
                    return Err(Stop::NeedExclusive);
                }
                merge(self.tx, contacts[0], &contacts[1..]).await?;
                let pairs = contacts[1..].iter().map(|loser| (*loser, contacts[0]));
                self.renamed.extend(pairs);
            }
            self.contacts[number] = contacts.first().copied();
        }
        Ok(())
    }

    /// What has to be opened and made. Sorted, so that batches that meet wait for each other in one direction only.
    async fn openings(&mut self) -> Result<(Vec<Opening<'a>>, Vec<NewContact<'a>>), Stop> {
        let mut strong = Vec::new();
        let mut weak: HashMap<usize, Opening<'a>> = HashMap::new();
        let mut new = Vec::new();
        for (number, group) in self.keys.groups.iter().enumerate() {
            let known = self.contacts[number].map(|contact| self.now(contact));
            if known.is_none() && !group.creates {
                continue;
            }
            let contact = known.unwrap_or_else(Uuid::now_v7);
            self.contacts[number] = Some(contact);
            let opening = |key: usize, at| Opening {
                key: self.keys.keys[key].0,
                contact,
                at,
            };
            let free = group.strong.iter().filter(|key| self.held[**key].is_none());
            strong.extend(free.map(|key| opening(*key, self.keys.keys[*key].1)));
            if known.is_none() {
                new.push(new_contact(contact, group, self.keys));
            }
            for (key, at) in &group.weak {
                if self.wants(*key, *at, contact) {
                    // Two people of this batch can't both have it: the newest mention counts.
                    let entry = weak.entry(*key).or_insert_with(|| opening(*key, *at));
                    if entry.at < *at {
                        *entry = opening(*key, *at);
                    }
                }
            }
        }
        let openings = self.move_weak(weak, &new).await?;
        strong.extend(openings);
        strong.sort_unstable_by_key(|opening| opening.key);
        Ok((strong, new))
    }

    /// Whether a weak key should go to `contact`: it is free, or held by another since before `at`.
    fn wants(&self, key: usize, at: At, contact: Uuid) -> bool {
        self.held[key].as_ref().is_none_or(|holder| {
            !holder.closed && self.now(holder.contact) != contact && At(holder.valid_from) < at
        })
    }

    /// Ends what stands in the way of weak keys: their former holder, and the one that the contact had before.
    async fn move_weak(
        &self,
        weak: HashMap<usize, Opening<'a>>,
        new: &[NewContact<'a>],
    ) -> Result<Vec<Opening<'a>>, Stop> {
        let mut openings: Vec<_> = weak.into_iter().collect();
        openings.sort_unstable_by_key(|(_, opening)| opening.key);
        for (key, opening) in &openings {
            if self.held[*key].is_some() {
                if !self.exclusive {
                    return Err(Stop::NeedExclusive);
                }
                write::take(self.tx, opening.key, opening.at).await?;
            }
        }
        let openings: Vec<_> = openings.into_iter().map(|(_, opening)| opening).collect();
        let new: HashSet<Uuid> = new.iter().map(|contact| contact.id).collect();
        let had_another = openings.iter().filter(|o| !new.contains(&o.contact));
        let before: Vec<_> = had_another.copied().collect();
        write::close_others(self.tx, &before).await?;
        Ok(openings)
    }

    /// Names that differ from what is known, for contacts that are there already.
    fn names(&self, new: &[NewContact<'a>]) -> Names<'a> {
        let mut names: HashMap<Uuid, (&'a str, At)> = HashMap::new();
        let mut book: HashMap<Uuid, (&'a str, At)> = HashMap::new();
        for (number, group) in self.keys.groups.iter().enumerate() {
            let Some(contact) = self.contacts[number] else {
                continue;
            };
            let Some(holder) = group.strong.iter().find_map(|key| self.held[*key].as_ref()) else {
                continue;
            };
            let newer = |at| holder.name_at.is_none_or(|known| At(known) <= at);
            if let Some((name, at)) = group.name
                && holder.name.as_deref() != Some(name)
                && newer(at)
            {
                keep_newest(&mut names, contact, name, at);
            }
            if let Some((name, at)) = group.book_name
                && holder.book_name.as_deref() != Some(name)
            {
                keep_newest(&mut book, contact, name, at);
            }
        }
        debug_assert!(new.iter().all(|n| !names.contains_key(&n.id)));
        (
            names.into_iter().map(|(id, (n, at))| (id, n, at)).collect(),
            book.into_iter().map(|(id, (n, _))| (id, n)).collect(),
        )
    }
}

fn new_contact<'a>(id: Uuid, group: &Group<'a>, keys: &Keys<'a>) -> NewContact<'a> {
    NewContact {
        id,
        scope: group
            .strong
            .first()
            .map_or("", |key| keys.keys[*key].0.scope),
        name: group.name,
        book_name: group.book_name.map(|(name, _)| name),
    }
}

fn keep_newest<'a>(names: &mut HashMap<Uuid, (&'a str, At)>, contact: Uuid, name: &'a str, at: At) {
    let entry = names.entry(contact).or_insert((name, at));
    if entry.1 <= at {
        *entry = (name, at);
    }
}
