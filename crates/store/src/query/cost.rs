//! What a query reads, by Postgres' own counters, under the settings that it runs with. More telling than a plan: an index
//! may be used and still be read from end to end.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::BTreeMap;

use deadpool_postgres::Client;
use tokio_postgres::types::ToSql;
use waypost_harness::{TestDatabase, database};

use super::{IN_ORDER, Values};
use crate::{Store, StoreSettings};

/// Entries of indexes, and rows of tables read from end to end, by name.
pub(crate) type Read = BTreeMap<String, i64>;

const COUNTERS: &str = "
SELECT relname::text, pg_stat_get_xact_numscans(oid), pg_stat_get_xact_tuples_returned(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND (relkind = 'i' OR pg_stat_get_xact_numscans(oid) > 0)";

/// A database of its own, made by a script. One connection, so that the counters are its own.
pub(crate) async fn made(script: &str) -> (Store, TestDatabase) {
    let database = database().await;
    let settings = StoreSettings::for_url(&database.url).with_pool(1);
    let store = Store::connect(&settings).await.unwrap();
    store
        .client()
        .await
        .unwrap()
        .batch_execute(script)
        .await
        .unwrap();
    (store, database)
}

/// What a query put together from filters reads, and how many rows it answers.
pub(crate) async fn of(store: &Store, sql: &str, values: &Values) -> (Read, usize) {
    run(store, IN_ORDER, sql, &values.all()).await
}

/// The same of a query that runs as connections are set up.
pub(crate) async fn plain(
    store: &Store,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> (Read, usize) {
    run(store, "", sql, parameters).await
}

async fn run(
    store: &Store,
    settings: &str,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> (Read, usize) {
    let client = store.client().await.unwrap();
    // Within one transaction nothing is carried over to the server's own counters.
    client.batch_execute("BEGIN").await.unwrap();
    client.batch_execute(settings).await.unwrap();
    let before = counters(&client).await;
    let answered = client.query(sql, parameters).await.unwrap().len();
    let after = counters(&client).await;
    client.batch_execute("COMMIT").await.unwrap();
    let none = (0, 0);
    let read = after.into_iter().filter_map(|(name, after)| {
        let before = before.get(&name).unwrap_or(&none);
        (after.0 > before.0).then(|| (name, after.1 - before.1))
    });
    (read.collect(), answered)
}

/// Scans and what they returned.
async fn counters(client: &Client) -> BTreeMap<String, (i64, i64)> {
    let rows = client.query(COUNTERS, &[]).await.unwrap();
    let pairs = rows
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))));
    pairs.collect()
}
