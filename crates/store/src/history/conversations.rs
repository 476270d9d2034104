//! Conversations, the one in which something was said last first.
//!
//! There is no table of them. Messages are walked newest first, and the first of each conversation is its newest; those of which
//! something newer is there were on a page before. A walk has an end: where a few people say a lot, a page is ended before it is
//! full, so that it costs the same whoever says how much.

use std::collections::HashSet;

use tokio_postgres::Row;
use uuid::Uuid;

use super::pick::Pick;
use super::{KnownMessage, MessageFilter, known};
use crate::query::Values;
use crate::{Store, StoreError};

/// Messages that are walked for a page.
const WALK: i64 = 1000;
/// Messages of one person that are looked through, for what is newer than a page and for what waits for an answer.
const LOOK: i64 = 100;

/// What is said between one business number and one contact.
#[derive(Clone)]
pub struct Conversation {
    /// The person.
    pub contact_id: Uuid,
    /// The business number.
    pub phone_number_id: String,
    /// What was said last.
    pub last: KnownMessage,
    /// Messages from that person since the business last wrote, among the last hundred with that person.
    pub unanswered: u32,
    /// The first of those.
    pub unanswered_since: Option<Uuid>,
}

/// A page of them.
#[derive(Clone)]
pub struct Conversations {
    /// The one with the newest message first.
    pub found: Vec<Conversation>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Uuid>,
}

/// The newest messages of conversations that were not on a page before, and whether the walk came to an end of its own.
struct Walked {
    newest: Vec<Uuid>,
    next: Option<Uuid>,
}

impl Store {
    /// Conversations of a number, or with a person, newest first, at most `limit`: those without a message from `before` on, which
    /// is where the page before has ended. Messages without a contact are in none. With the body of the last message if `payload`.
    ///
    /// A page may be short and yet not the last. Whoever talks with two numbers at once may, rarely, be on two pages.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn conversations(
        &self,
        filter: &MessageFilter,
        before: Option<Uuid>,
        limit: usize,
        payload: bool,
    ) -> Result<Conversations, StoreError> {
        // One that is named whole needs no walk: its newest message is the first.
        let named = filter.contact_id.is_some() && filter.phone_number_id.is_some();
        let length = if named { 1 } else { WALK };
        let Some((sql, values)) = walk(filter, before, length) else {
            return Ok(Conversations {
                found: Vec::new(),
                next: None,
            });
        };
        let rows = self.ask(&sql, &values).await?;
        let walked = Walked::of(&rows, limit);
        let found = match newest(&walked.newest, payload) {
            None => Vec::new(),
            Some((sql, values)) => self.ask(&sql, &values).await?,
        };
        Ok(Conversations {
            found: found.iter().filter_map(read).collect(),
            next: walked.next.filter(|_| !named),
        })
    }
}

impl Walked {
    fn of(rows: &[Row], limit: usize) -> Self {
        let mut seen = HashSet::new();
        let mut newest: Vec<Uuid> = Vec::new();
        for row in rows {
            let contact: Option<Uuid> = row.get("contact_id");
            let number: &str = row.get("phone_number_id");
            let before: bool = row.get("before");
            if contact.is_none() || before || !seen.insert((contact, number)) {
                continue;
            }
            // One more than is asked for: there is another page, and it begins below the last one on this.
            if newest.len() == limit {
                let next = newest.last().copied();
                return Self { newest, next };
            }
            newest.push(row.get("id"));
        }
        let whole = i64::try_from(rows.len()).is_ok_and(|rows| rows < WALK);
        let next = rows.last().filter(|_| !whole).map(|last| last.get("id"));
        Self { newest, next }
    }
}

/// Messages newest first, and of each whether its conversation was on a page before.
fn walk(filter: &MessageFilter, before: Option<Uuid>, length: i64) -> Option<(String, Values)> {
    let Pick { sql, mut values } = Pick::of(filter, before, length)?;
    let told = match before {
        None => "false".to_owned(),
        Some(before) => {
            let (before, last) = (values.uuid(before), values.uuid(Uuid::max()));
            format!(
                "EXISTS (SELECT FROM (SELECT n.phone_number_id FROM messages n
                         WHERE (n.contact_id, n.id) >= (m.contact_id, {before}) AND (n.contact_id, n.id) <= (m.contact_id, {last})
                           AND n.contact_id IS NOT NULL
                         ORDER BY n.contact_id, n.id LIMIT {LOOK}) newer
                 WHERE newer.phone_number_id = m.phone_number_id)"
            )
        }
    };
    let sql = format!(
        "SELECT m.id, m.contact_id, m.phone_number_id, {told} AS before
         FROM ({sql}) k
         CROSS JOIN LATERAL (SELECT id, contact_id, phone_number_id FROM messages WHERE id = k.id LIMIT 1) m
         ORDER BY m.id DESC"
    );
    Some((sql, values))
}

/// The conversations of these messages, which are the newest in them; `None` when there are no messages.
fn newest(ids: &[Uuid], payload: bool) -> Option<(String, Values)> {
    let mut values = Values::default();
    let each: Vec<_> = ids
        .iter()
        .map(|id| format!("({})", values.uuid(*id)))
        .collect();
    if each.is_empty() {
        return None;
    }
    let (first, last) = (values.uuid(Uuid::nil()), values.uuid(Uuid::max()));
    let messages = known::select("SELECT last AS id FROM talks", payload);
    // Two that come at the same moment may be stored in either order, so what was said last is looked for by the time that it was
    // received. Walking from there down, whatever stands before the first message of the business is not answered.
    let sql = format!(
        "WITH talks AS MATERIALIZED (
             SELECT v.id, said.last, said.unanswered, said.since
             FROM (VALUES {each}) v (id)
             CROSS JOIN LATERAL (SELECT contact_id, phone_number_id FROM messages WHERE id = v.id LIMIT 1) k
             CROSS JOIN LATERAL (
                 SELECT (array_agg(id ORDER BY received_at DESC, id DESC))[1] AS last,
                        count(*) FILTER (WHERE NOT answered) AS unanswered,
                        (array_agg(id ORDER BY received_at, id) FILTER (WHERE NOT answered))[1] AS since
                 FROM (SELECT id, received_at, bool_or(direction = 'out') OVER (ORDER BY received_at DESC, id DESC) AS answered
                       FROM (SELECT n.id, n.direction, n.phone_number_id, n.received_at FROM messages n
                             WHERE (n.contact_id, n.id) >= (k.contact_id, {first}) AND (n.contact_id, n.id) <= (k.contact_id, {last})
                               AND n.contact_id IS NOT NULL
                             ORDER BY n.contact_id DESC, n.id DESC LIMIT {LOOK}) newest
                       WHERE newest.phone_number_id = k.phone_number_id) down) said)
         SELECT q.*, talks.unanswered, talks.since FROM ({messages}) q JOIN talks ON talks.last = q.id
         ORDER BY talks.id DESC",
        each = each.join(", ")
    );
    Some((sql, values))
}

fn read(row: &Row) -> Option<Conversation> {
    let last = known::read(row);
    Some(Conversation {
        contact_id: last.contact_id?,
        phone_number_id: last.phone_number_id.clone(),
        unanswered: u32::try_from(row.get::<_, i64>("unanswered")).unwrap_or(0),
        unanswered_since: row.get("since"),
        last,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use crate::query::cost;

    /// A hundred thousand messages, one a second: of a thousand people in turn, and of one who alone said the last five thousand.
    const MADE: &str = "
CREATE FUNCTION v7(n int) RETURNS uuid LANGUAGE sql AS $$
    SELECT (lpad(to_hex(1767225600000 + n::bigint * 1000), 12, '0') || '7' || substr(md5(n::text), 1, 3)
            || '8' || substr(md5(n::text), 4, 15))::uuid $$;
CREATE FUNCTION person(n int) RETURNS uuid LANGUAGE sql AS $$ SELECT md5('person ' || n)::uuid $$;
INSERT INTO contacts (id, scope, name) SELECT person(n), 'waba', 'Name ' || n FROM generate_series(0, 999) n;
INSERT INTO messages (id, direction, origin, waba_id, phone_number_id, wamid, type, contact_id, request_id, payload, received_at)
SELECT v7(n), CASE WHEN n % 7 = 0 AND n < 95000 THEN 'out' ELSE 'in' END, 'live', 'waba', CASE n % 2 WHEN 0 THEN '1' ELSE '2' END, 'w' || n, 'text',
       CASE WHEN n < 95000 THEN person(n % 1000) ELSE person(0) END, v7(-n), '{}', now()
FROM generate_series(0, 99999) n";

    #[tokio::test]
    async fn a_page_costs_what_is_on_it_and_a_short_walk() {
        let (store, _database) = cost::made(MADE).await;
        for analyzed in [false, true] {
            if analyzed {
                let client = store.client().await.unwrap();
                client.batch_execute("ANALYZE").await.unwrap();
            }
            // The first page; among what one person said; below that.
            for before in [None, Some(97_000), Some(94_000)] {
                let before: Option<Uuid> = match before {
                    None => None,
                    Some(n) => {
                        let mut values = Values::default();
                        let id = values.text(&n.to_string());
                        let sql = format!("SELECT v7({id}::int)");
                        Some(store.ask(&sql, &values).await.unwrap()[0].get(0))
                    }
                };
                for number in [None, Some("1")] {
                    let filter = MessageFilter {
                        phone_number_id: number.map(str::to_owned),
                        ..MessageFilter::default()
                    };
                    let (sql, values) = walk(&filter, before, WALK).unwrap();
                    let (read, found) = cost::of(&store, &sql, &values).await;
                    assert_eq!(found, 1000, "{read:?}");
                    // Each message once by its order and once by its id, and one look for what is newer.
                    let total: i64 = read.values().sum();
                    assert!(total < 5_000, "{before:?} {number:?}: {read:?}");

                    let page = store
                        .conversations(&filter, before, 30, true)
                        .await
                        .unwrap();
                    let ids: Vec<_> = page.found.iter().map(|one| one.last.id).collect();
                    let Some((sql, values)) = newest(&ids, true) else {
                        continue;
                    };
                    let (read, found) = cost::of(&store, &sql, &values).await;
                    assert_eq!(found, ids.len());
                    let total: i64 = read.values().sum();
                    assert!(total < 5_000, "{before:?} {number:?}: {read:?}");
                }
            }
        }
    }
}
