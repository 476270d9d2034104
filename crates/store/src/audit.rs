//! Who has changed what. None of it is `Debug`, because it holds what was asked for.

mod write;

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::query::{self, Values};
use crate::{Store, StoreError};

/// A change, or a try at one.
#[derive(Clone, Serialize, Deserialize)]
pub struct AuditRow {
    /// Ours, a UUIDv7 made when it began.
    pub id: Uuid,
    /// When it began.
    pub at: SystemTime,
    /// Name of the token it was done with; empty when there was none.
    pub actor: String,
    /// Role of that token.
    pub role: String,
    /// Where the connection came from.
    pub address: String,
    /// Service and method.
    pub method: String,
    /// A queue, a number, a message.
    pub target: String,
    /// What was asked for.
    pub request: Option<Value>,
    /// How it was before.
    pub before: Option<Value>,
    /// How it was after.
    pub after: Option<Value>,
    /// `started` until its end is known.
    pub outcome: String,
    /// Why it was refused or has failed.
    pub error: Option<String>,
    /// The request that it came with.
    pub request_id: Option<Uuid>,
    /// When it ended.
    pub finished_at: Option<SystemTime>,
}

/// Which changes to list. What is not set does not restrict.
#[derive(Clone, Default)]
pub struct AuditFilter {
    /// Only by this token.
    pub actor: Option<String>,
    /// Only of this method.
    pub method: Option<String>,
    /// Only on this.
    pub target: Option<String>,
    /// Only begun then or later.
    pub since: Option<SystemTime>,
    /// Only begun before.
    pub until: Option<SystemTime>,
}

impl Store {
    /// Changes, newest first by id, at most `limit`: those with ids smaller than `before`, which is the last id of the page before.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let mut values = Values::default();
        let sql = list(filter, before, limit, &mut values);
        let rows = self.ask(&sql, &values).await?;
        Ok(rows.iter().map(read).collect())
    }
}

/// Ordered so that only the index meant will do, and all else is only checked; `history::pick` says why.
fn list(filter: &AuditFilter, before: Option<Uuid>, limit: i64, values: &mut Values) -> String {
    let end = values.uuid(before.unwrap_or(Uuid::max()));
    let along = match (&filter.target, &filter.actor) {
        (Some(target), _) => Some(("target", values.text(target))),
        (None, Some(actor)) => Some(("actor", values.text(actor))),
        (None, None) => None,
    };
    let (wanted, order) = match &along {
        Some((column, value)) => (
            format!(
                "({column}, id) >= ({value}, '{}') AND ({column}, id) < ({value}, {end})",
                Uuid::nil()
            ),
            format!("{column} DESC, id DESC"),
        ),
        None => (format!("id < {end}"), "id DESC".to_owned()),
    };
    let mut also = String::new();
    if let (Some(actor), Some(_)) = (&filter.actor, &filter.target) {
        also += &format!(" AND actor = {}", values.text(actor));
    }
    if let Some(method) = &filter.method {
        also += &format!(" AND method = {}", values.text(method));
    }
    if let Some(at) = filter.since {
        also += &format!(" AND at >= {}", values.at(at));
    }
    if let Some(at) = filter.until {
        also += &format!(" AND at < {}", values.at(at));
    }
    let limit = query::limit(limit);
    format!(
        "
SELECT id, at, actor, role, address, method, target, request, before, after, outcome, error, request_id, finished_at
FROM audit_log WHERE {wanted} AND (true{also}) IS TRUE ORDER BY {order} LIMIT {limit}"
    )
}

fn read(row: &Row) -> AuditRow {
    AuditRow {
        id: row.get("id"),
        at: row.get("at"),
        actor: row.get("actor"),
        role: row.get("role"),
        address: row.get("address"),
        method: row.get("method"),
        target: row.get("target"),
        request: row.get("request"),
        before: row.get("before"),
        after: row.get("after"),
        outcome: row.get("outcome"),
        error: row.get("error"),
        request_id: row.get("request_id"),
        finished_at: row.get("finished_at"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use crate::query::cost;

    const MADE: &str = "
INSERT INTO audit_log (id, at, actor, role, address, method, target, outcome)
SELECT (lpad(to_hex(1767225600000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       '2026-01-01', CASE WHEN n < 10 THEN 'rare' ELSE 'common' END, 'admin', '', 'S.A', CASE WHEN n < 10 THEN 'rare' ELSE 'common' END,
       'done'
FROM generate_series(0, 99999) n";

    #[tokio::test]
    async fn a_page_costs_what_is_on_it() {
        let (store, _database) = cost::made(MADE).await;
        let some = |word: &str| Some(word.to_owned());
        for (actor, target, index, found) in [
            (None, None, "audit_log_pkey", 50),
            (some("common"), None, "audit_log_actor", 50),
            (some("rare"), None, "audit_log_actor", 10),
            (None, some("rare"), "audit_log_target", 10),
            (some("rare"), some("rare"), "audit_log_target", 10),
            (None, some("common"), "audit_log_target", 50),
        ] {
            let filter = AuditFilter {
                actor,
                target,
                ..AuditFilter::default()
            };
            let middle = Uuid::from_u128((1_767_225_600_000 + 50_000) << 80);
            for before in [None, Some(middle)] {
                let mut values = Values::default();
                let sql = list(&filter, before, 50, &mut values);
                let (read, answered) = cost::of(&store, &sql, &values).await;
                assert_eq!(answered, found, "{read:?}");
                assert_eq!(read.keys().collect::<Vec<_>>(), [index]);
                assert!(read[index] <= 50, "{read:?}");
            }
        }
    }
}
