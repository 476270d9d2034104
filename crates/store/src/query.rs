//! Queries that are put together from the filters somebody has set.

#[cfg(test)]
pub(crate) mod cost;

use std::time::SystemTime;

use futures_util::future::try_join;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::sql::{At, without_nul};
use crate::{Store, StoreError};

/// Rows that a page may have. One more than any caller shows, who so learns whether there is another page.
const MOST: i64 = 1001;

/// The values of a query. Each goes in once and is then known by its place.
#[derive(Default)]
pub(crate) struct Values(Vec<Box<dyn ToSql + Sync + Send>>);

impl Values {
    pub(crate) fn text(&mut self, text: &str) -> String {
        self.put("text", without_nul(text).into_owned())
    }

    pub(crate) fn uuid(&mut self, id: Uuid) -> String {
        self.put("uuid", id)
    }

    pub(crate) fn at(&mut self, at: SystemTime) -> String {
        self.put("timestamptz", At(at))
    }

    fn all(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0.iter().map(|value| &**value as _).collect()
    }

    fn put(&mut self, kind: &str, value: impl ToSql + Sync + Send + 'static) -> String {
        self.0.push(Box::new(value));
        format!("${}::{kind}", self.0.len())
    }
}

/// As text of the query: Postgres plans otherwise for a limit that it does not know.
pub(crate) fn limit(limit: i64) -> i64 {
    limit.clamp(0, MOST)
}

/// Only for these queries: rows come in the order of the index that was meant. Otherwise the planner, who has to guess how much lies between
/// two ids, may gather all of it and sort.
const IN_ORDER: &str = "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";

impl Store {
    pub(crate) async fn ask(&self, sql: &str, values: &Values) -> Result<Vec<Row>, StoreError> {
        let mut client = self.client().await?;
        let asking = async {
            let tx = client.build_transaction().read_only(true).start().await?;
            let values = values.all();
            let answers = try_join(tx.batch_execute(IN_ORDER), tx.query(sql, &values));
            let ((), rows) = answers.await?;
            tx.commit().await?;
            Ok::<_, StoreError>(rows)
        };
        let result = self.within(asking).await;
        self.settle(client, result)
    }
}
