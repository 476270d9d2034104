//! What the tests of this crate share: a fresh database and short ways to make rows.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "test code, and no test file uses all of it"
)]

mod rows;

pub use rows::*;
pub use waypost_harness::{TestDatabase, database};

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;
use waypost_store::{Batch, Item, Outcome, Persisted, Store, StoreSettings};

/// A store on a database of its own, and a plain connection to look behind it.
pub struct Fixture {
    pub store: Store,
    pub sql: Client,
    pub database: TestDatabase,
}

pub async fn fixture() -> Fixture {
    fixture_with(|settings| settings).await
}

pub async fn fixture_with(settings: impl FnOnce(StoreSettings) -> StoreSettings) -> Fixture {
    let database = database().await;
    let settings = settings(StoreSettings::for_url(&database.url));
    let store = Store::connect(&settings).await.unwrap();
    let sql = connect(&database.url).await;
    Fixture {
        store,
        sql,
        database,
    }
}

/// A database without tables.
pub async fn empty() -> TestDatabase {
    let database = database().await;
    let sql = connect(&database.url).await;
    let script = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
    sql.batch_execute(script).await.unwrap();
    database
}

pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Fixture {
    /// Writes items and wants none of them bad or unavailable.
    pub async fn write(&self, items: Vec<Item<'_>>) -> Vec<Outcome> {
        let persisted = write(&self.store, items).await;
        for outcome in &persisted.outcomes {
            assert!(
                !matches!(outcome, Outcome::Bad(_) | Outcome::Unavailable(_)),
                "{outcome:?}"
            );
        }
        persisted.outcomes
    }

    pub async fn count(&self, sql: &str) -> i64 {
        self.sql.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub async fn text(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Option<String> {
        let row = self.sql.query_opt(sql, parameters).await.unwrap();
        row.and_then(|row| row.get(0))
    }

    /// Contacts that hold no identifier, current or former: there must be none.
    pub async fn orphans(&self) -> i64 {
        self.count(
            "SELECT count(*) FROM contacts c WHERE merged_into IS NULL
             AND NOT EXISTS (SELECT FROM contact_identifiers i WHERE i.contact_id = c.id)",
        )
        .await
    }

    /// Messages that name a contact who was merged away or never was: there must be none.
    pub async fn strays(&self) -> i64 {
        self.count(
            "SELECT count(*) FROM messages m WHERE contact_id IS NOT NULL
             AND NOT EXISTS (SELECT FROM contacts c WHERE c.id = m.contact_id AND c.merged_into IS NULL)",
        )
        .await
    }

    /// The contact that holds an identifier now.
    pub async fn holder(&self, kind: &str, value: &str) -> Option<Uuid> {
        let row = self
            .sql
            .query_opt(
                "SELECT contact_id FROM contact_identifiers WHERE kind = $1 AND value = $2 AND valid_to IS NULL",
                &[&kind, &value],
            )
            .await
            .unwrap();
        row.map(|row| row.get(0))
    }
}

pub async fn write(store: &Store, items: Vec<Item<'_>>) -> Persisted {
    let length = items.len();
    let batch = Batch {
        webhooks: Vec::new(),
        items,
    };
    let persisted = store.persist(&batch).await;
    assert_eq!(persisted.outcomes.len(), length);
    persisted
}

pub fn stored(outcomes: &[Outcome]) -> usize {
    let stored = |o: &&Outcome| matches!(o, Outcome::Stored { .. });
    outcomes.iter().filter(stored).count()
}

pub fn known(outcomes: &[Outcome]) -> usize {
    let known = |o: &&Outcome| matches!(o, Outcome::Known { .. });
    outcomes.iter().filter(known).count()
}

pub fn contact(outcome: &Outcome) -> Uuid {
    match outcome {
        Outcome::Stored {
            contact_id: Some(id),
            ..
        } => *id,
        other => panic!("no contact in {other:?}"),
    }
}

/// Every order of some numbers.
pub fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    if of.len() < 2 {
        return vec![of.to_vec()];
    }
    let mut all = Vec::new();
    for (i, first) in of.iter().enumerate() {
        let rest: Vec<usize> = of
            .iter()
            .enumerate()
            .filter(|(j, _)| *j != i)
            .map(|(_, x)| *x)
            .collect();
        for mut tail in permutations(&rest) {
            tail.insert(0, *first);
            all.push(tail);
        }
    }
    all
}
