//! Writing the audit, in whatever order its records come.

use serde_json::Value;
use uuid::Uuid;

use super::AuditRow;
use crate::sql::{At, without_nul};
use crate::{Store, StoreError};

/// A change is told twice, when it begins and when it has ended, and either may come first or again: the further one stays.
const WRITE: &str = "
INSERT INTO audit_log AS a (id, at, actor, role, address, method, target, request, before, after, outcome, error, request_id, finished_at)
SELECT k.id, k.at, k.actor, k.role, k.address, k.method, k.target, k.request::jsonb, k.before::jsonb, k.after::jsonb,
       k.outcome, k.error, k.request_id, k.finished_at
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::text[], $12::text[], $13::uuid[], $14::timestamptz[])
     AS k (id, at, actor, role, address, method, target, request, before, after, outcome, error, request_id, finished_at)
ON CONFLICT (id) DO UPDATE
SET (at, actor, role, address, method, target, request, before, after, outcome, error, request_id, finished_at)
  = (excluded.at, excluded.actor, excluded.role, excluded.address, excluded.method, excluded.target, excluded.request,
     excluded.before, excluded.after, excluded.outcome, excluded.error, excluded.request_id, excluded.finished_at)
WHERE (a.outcome <> 'started', coalesce(a.finished_at, '-infinity'), a.outcome)
    < (excluded.outcome <> 'started', coalesce(excluded.finished_at, '-infinity'), excluded.outcome)";

/// Characters of a name. A record that an index could not hold would stand in the way of all behind it.
const NAME: usize = 256;
/// Characters of an error.
const ERROR: usize = 4096;

impl Store {
    /// Writes records. Those that are there may be given again, and in any order: a record with outcome `started` never takes the
    /// place of one that has ended, and of two that have ended the later one stays.
    ///
    /// Long names are cut at 256 characters.
    ///
    /// # Errors
    /// When Postgres can't take it now.
    pub async fn write_audit(&self, rows: &[AuditRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = furthest(rows);
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let at: Vec<At> = rows.iter().map(|row| At(row.at)).collect();
        let names = |of: fn(&AuditRow) -> &str| -> Vec<String> {
            rows.iter().map(|row| cut(of(row), NAME)).collect()
        };
        let json = |of: fn(&AuditRow) -> &Option<Value>| -> Vec<Option<String>> {
            rows.iter()
                .map(|row| of(row).as_ref().map(text_of))
                .collect()
        };
        let actors = names(|row| &row.actor);
        let roles = names(|row| &row.role);
        let addresses = names(|row| &row.address);
        let methods = names(|row| &row.method);
        let targets = names(|row| &row.target);
        let requests = json(|row| &row.request);
        let before = json(|row| &row.before);
        let after = json(|row| &row.after);
        let outcomes = names(|row| &row.outcome);
        let error = |row: &&AuditRow| row.error.as_deref().map(|error| cut(error, ERROR));
        let errors: Vec<Option<String>> = rows.iter().map(error).collect();
        let request_ids: Vec<Option<Uuid>> = rows.iter().map(|row| row.request_id).collect();
        let finished: Vec<Option<At>> = rows.iter().map(|row| row.finished_at.map(At)).collect();
        let client = self.client().await?;
        let write = async {
            let statement = client.prepare_cached(WRITE).await?;
            client
                .execute(
                    &statement,
                    &[
                        &ids,
                        &at,
                        &actors,
                        &roles,
                        &addresses,
                        &methods,
                        &targets,
                        &requests,
                        &before,
                        &after,
                        &outcomes,
                        &errors,
                        &request_ids,
                        &finished,
                    ],
                )
                .await?;
            Ok::<_, StoreError>(())
        };
        let result = self.within(write).await;
        self.settle(client, result)
    }
}

/// One record for each id, the furthest: a statement may write a row once. In the order of ids, so that two writers wait for each
/// other in one direction only.
fn furthest(rows: &[AuditRow]) -> Vec<&AuditRow> {
    let mut rows: Vec<&AuditRow> = rows.iter().collect();
    rows.sort_by_key(|row| (row.id, std::cmp::Reverse(height(row))));
    rows.dedup_by_key(|row| row.id);
    rows
}

/// As `WRITE` compares.
fn height(row: &AuditRow) -> (bool, Option<i64>, &str) {
    let finished = row.finished_at.map(|at| At(at).micros());
    (row.outcome != "started", finished, row.outcome.as_str())
}

fn cut(text: &str, most: usize) -> String {
    let end = text
        .char_indices()
        .nth(most)
        .map_or(text.len(), |(end, _)| end);
    without_nul(&text[..end]).into_owned()
}

/// JSON text that `jsonb` can hold: it knows no U+0000.
fn text_of(value: &Value) -> String {
    let text = value.to_string();
    if text.contains("\\u0000") {
        let mut value = value.clone();
        scrub(&mut value);
        value.to_string()
    } else {
        text
    }
}

fn scrub(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_nul(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Object(members) => {
            let members = std::mem::take(members);
            *value = members
                .into_iter()
                .map(|(name, mut value)| {
                    scrub(&mut value);
                    (without_nul(&name).into_owned(), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
