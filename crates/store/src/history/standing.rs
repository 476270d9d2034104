//! Where messages stand of which there is news: what an event tells beside the news itself.

use std::time::SystemTime;

use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Store, StoreError};

/// A message, by what its news calls it: our id, or the business number and Meta's id. Where both are given, ours counts first.
#[derive(Clone, Copy)]
pub struct MessageKey<'a> {
    /// Our id, of one that was sent through us.
    pub id: Option<Uuid>,
    /// The business number.
    pub phone_number_id: &'a str,
    /// Meta's id.
    pub wamid: Option<&'a str>,
}

/// What the row of a message tells now.
#[derive(Clone)]
pub struct Standing {
    /// Our id.
    pub id: Uuid,
    /// The person at the other end.
    pub contact_id: Option<Uuid>,
    /// What the sender gave as `biz_opaque_callback_data`.
    pub callback_data: Option<String>,
    /// The message it repeats.
    pub duplicate_of: Option<String>,
    /// Meta's id.
    pub wamid: Option<String>,
    /// The furthest status heard.
    pub status: Option<String>,
    /// Meta's code, where it was given up or failed.
    pub error_code: Option<i64>,
    /// When Meta sent it, by its own clock.
    pub sent_at: Option<SystemTime>,
    /// The trace it belongs to: 32 hex digits.
    pub trace_id: Option<String>,
    /// Only of one that was sent through us.
    pub sending: Option<Sending>,
}

/// How far a message sent through us has come.
#[derive(Clone)]
pub struct Sending {
    /// A word of `SendState`.
    pub state: String,
    /// How often it was replayed from the dead.
    pub life: u32,
    /// Number of the attempt that the state belongs to.
    pub attempt: u32,
    /// Why it was given up, if it was.
    pub class: Option<String>,
}

macro_rules! columns {
    () => {
        "id, contact_id, callback_data, duplicate_of, wamid, status, error_code, sent_at, trace_id, state, state_life, \
         state_attempt, state_class"
    };
}

/// One lookup for each key, or two. Postgres goes through the halves in order, and LIMIT ends it where something was found.
const STANDINGS: &str = concat!(
    "
SELECT k.n, m.*
FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS k (id, phone_number_id, wamid, n)
CROSS JOIN LATERAL (
    (SELECT ",
    columns!(),
    " FROM messages WHERE id = k.id LIMIT 1)
    UNION ALL
    (SELECT ",
    columns!(),
    " FROM messages WHERE wamid = k.wamid AND phone_number_id = k.phone_number_id LIMIT 1)
    LIMIT 1) m"
);

impl Store {
    /// Where messages stand, in the order of `keys`; `None` where there is no row, or none yet. One round trip.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn standings(
        &self,
        keys: &[MessageKey<'_>],
    ) -> Result<Vec<Option<Standing>>, StoreError> {
        let mut standings: Vec<Option<Standing>> = keys.iter().map(|_| None).collect();
        if keys.is_empty() {
            return Ok(standings);
        }
        let ids: Vec<Option<Uuid>> = keys.iter().map(|key| key.id).collect();
        let numbers: Vec<&str> = keys.iter().map(|key| key.phone_number_id).collect();
        let wamids: Vec<Option<&str>> = keys.iter().map(|key| key.wamid).collect();
        let client = self.client().await?;
        let ask = async {
            let statement = client.prepare_cached(STANDINGS).await?;
            let found = client.query(&statement, &[&ids, &numbers, &wamids]).await?;
            Ok::<_, StoreError>(found)
        };
        let result = self.within(ask).await;
        for row in &self.settle(client, result)? {
            // Counted from one.
            let place = usize::try_from(row.get::<_, i64>("n") - 1).ok();
            if let Some(standing) = place.and_then(|place| standings.get_mut(place)) {
                *standing = Some(read(row));
            }
        }
        Ok(standings)
    }
}

fn read(row: &Row) -> Standing {
    let number = |column| {
        let number: Option<i32> = row.get(column);
        number.and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
    };
    let state: Option<String> = row.get("state");
    Standing {
        id: row.get("id"),
        contact_id: row.get("contact_id"),
        callback_data: row.get("callback_data"),
        duplicate_of: row.get("duplicate_of"),
        wamid: row.get("wamid"),
        status: row.get("status"),
        error_code: row.get("error_code"),
        sent_at: row.get("sent_at"),
        trace_id: row.get("trace_id"),
        sending: state.map(|state| Sending {
            state,
            life: number("state_life"),
            attempt: number("state_attempt"),
            class: row.get("state_class"),
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use tokio_postgres::types::ToSql;
    use uuid::Uuid;

    use super::STANDINGS;
    use crate::query::cost;

    /// Of one number. Of every other one we have the id; of half of those Meta's id is not known.
    const MADE: &str = "
INSERT INTO messages (id, direction, origin, waba_id, phone_number_id, wamid, type, request_id, payload, received_at, state)
SELECT lpad(to_hex(n), 32, '0')::uuid, 'out', 'live', '', 'number', CASE WHEN n % 4 > 0 THEN 'w' || n END, 'text', md5('')::uuid, '{}',
       now(), CASE WHEN n % 2 = 0 THEN 'accepted' END
FROM generate_series(1, 20000) n";

    #[tokio::test]
    async fn a_key_costs_one_entry_of_an_index() {
        let (store, _database) = cost::made(MADE).await;
        let asked: Vec<u128> = (0..100).map(|n| 1000 + n * 7).collect();
        let of_ours = |n: &u128| n.is_multiple_of(2).then(|| Uuid::from_u128(*n));
        let ids: Vec<Option<Uuid>> = asked.iter().map(of_ours).collect();
        let numbers = vec!["number"; asked.len()];
        let others = asked.iter().map(|n| (n % 2 > 0).then(|| format!("w{n}")));
        let wamids: Vec<Option<String>> = others.collect();
        let nobodys = vec![Uuid::max(); asked.len()];
        let heard: [&(dyn ToSql + Sync); 3] = [&ids, &numbers, &wamids];
        let unheard: [&(dyn ToSql + Sync); 3] = [&nobodys, &numbers, &wamids];
        for analyzed in [false, true] {
            if analyzed {
                let client = store.client().await.unwrap();
                client.batch_execute("ANALYZE").await.unwrap();
            }
            for (keys, answered) in [(&heard, 100_u8), (&unheard, 50)] {
                let (read, found) = cost::plain(&store, STANDINGS, keys).await;
                assert_eq!(found, usize::from(answered), "{read:?}");
                let named: Vec<&str> = read.keys().map(String::as_str).collect();
                assert_eq!(named, ["messages_pkey", "messages_wamid"]);
                assert_eq!(read.values().sum::<i64>(), i64::from(answered), "{read:?}");
            }
        }
    }
}
