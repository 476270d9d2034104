//! What happened to messages sent through us: a step each, and a row for each attempt.
//!
//! Both are only ever inserted, whether or not the message has a row yet. Facts seldom come twice, so nobody looks before:
//! the unique keys say what is new. Texts of Meta's and the network's are cleaned of what Postgres cannot hold, since a
//! word less must not cost the history.

use std::collections::HashSet;

use deadpool_postgres::Transaction;
use futures_util::future::try_join;
use uuid::Uuid;
use waypost_model::SendState;

use super::rows::Placed;
use crate::sql::{At, without_nul};
use crate::{FactRow, SendRow, StoreError};

pub(super) const STEPS: &str = "
INSERT INTO message_steps (message_id, life, attempt, state, class, error_code, error_message, wamid, at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::timestamptz[])
ON CONFLICT DO NOTHING
RETURNING message_id, life, attempt, state";

pub(super) const ATTEMPTS: &str = "
INSERT INTO message_attempts (message_id, attempt, life, outcome, verdict, error_code, error_subcode, http_status, error_message,
                              fbtrace_id, wamid, started_at, finished_at, next_at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::int[], $9::text[],
                     $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[])
ON CONFLICT DO NOTHING
RETURNING message_id, attempt";

type Step = (Uuid, i32, i32, String);

/// One row of `message_steps`.
struct NewStep<'b, 'a> {
    key: (Uuid, i32, i32, &'static str),
    at: At,
    /// What else is known; an acceptance tells no more.
    fact: Option<&'b FactRow<'a>>,
}

/// Writes what is new, and tells the places of facts of which something was.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    sends: &[Placed<'_, SendRow<'_>>],
    facts: &[Placed<'_, FactRow<'_>>],
) -> Result<HashSet<usize>, StoreError> {
    let (new_steps, new_attempts) =
        try_join(insert_steps(tx, sends, facts), insert_attempts(tx, facts)).await?;
    let is_new = |row: &FactRow<'_>| {
        let (id, life, attempt, state) = key(row);
        new_steps.contains(&(id, life, attempt, state.to_owned()))
            || (row.attempted && new_attempts.contains(&(id, attempt)))
    };
    let new = facts.iter().filter(|placed| is_new(placed.row));
    Ok(new.map(|placed| placed.place).collect())
}

async fn insert_steps(
    tx: &Transaction<'_>,
    sends: &[Placed<'_, SendRow<'_>>],
    facts: &[Placed<'_, FactRow<'_>>],
) -> Result<HashSet<Step>, StoreError> {
    let accepted = sends.iter().map(|send| NewStep {
        key: (send.id, 0, 0, SendState::Accepted.as_str()),
        at: At(send.row.accepted_at),
        fact: None,
    });
    let told = facts.iter().map(|placed| NewStep {
        key: key(placed.row),
        at: At(placed.row.finished_at.unwrap_or(placed.row.started_at)),
        fact: Some(placed.row),
    });
    let mut steps: Vec<_> = accepted.chain(told).collect();
    if steps.is_empty() {
        return Ok(HashSet::new());
    }
    // In one order, so that batches that meet wait for each other in one direction only.
    steps.sort_unstable_by_key(|step| step.key);
    let ids: Vec<Uuid> = steps.iter().map(|s| s.key.0).collect();
    let lives: Vec<i32> = steps.iter().map(|s| s.key.1).collect();
    let attempts: Vec<i32> = steps.iter().map(|s| s.key.2).collect();
    let states: Vec<&str> = steps.iter().map(|s| s.key.3).collect();
    let classes: Vec<Option<&str>> = steps
        .iter()
        .map(|s| s.fact.and_then(|f| f.class).map(|class| class.as_str()))
        .collect();
    let codes: Vec<Option<i64>> = steps.iter().map(|s| s.fact?.error_code).collect();
    let messages = texts(steps.iter().map(|s| s.fact?.error_message));
    let wamids = texts(steps.iter().map(|s| s.fact?.wamid));
    let times: Vec<At> = steps.iter().map(|s| s.at).collect();
    let statement = tx.prepare_cached(STEPS).await?;
    let new = tx
        .query(
            &statement,
            &[
                &ids, &lives, &attempts, &states, &classes, &codes, &messages, &wamids, &times,
            ],
        )
        .await?;
    let step = |row: &tokio_postgres::Row| (row.get(0), row.get(1), row.get(2), row.get(3));
    Ok(new.iter().map(step).collect())
}

async fn insert_attempts(
    tx: &Transaction<'_>,
    facts: &[Placed<'_, FactRow<'_>>],
) -> Result<HashSet<(Uuid, i32)>, StoreError> {
    let rows: Vec<&FactRow<'_>> = facts
        .iter()
        .map(|f| f.row)
        .filter(|f| f.attempted)
        .collect();
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|f| f.message_id).collect();
    let attempts: Vec<i32> = rows.iter().map(|f| small(f.attempt)).collect();
    let lives: Vec<i32> = rows.iter().map(|f| small(f.life)).collect();
    let outcomes: Vec<&str> = rows.iter().map(|f| f.state.as_str()).collect();
    let verdicts = texts(rows.iter().map(|f| Some(f.verdict)));
    let codes: Vec<Option<i64>> = rows.iter().map(|f| f.error_code).collect();
    let subcodes: Vec<Option<i64>> = rows.iter().map(|f| f.error_subcode).collect();
    let answers: Vec<Option<i32>> = rows.iter().map(|f| f.http_status.map(i32::from)).collect();
    let messages = texts(rows.iter().map(|f| f.error_message));
    let traces = texts(rows.iter().map(|f| f.fbtrace_id));
    let wamids = texts(rows.iter().map(|f| f.wamid));
    let started: Vec<At> = rows.iter().map(|f| At(f.started_at)).collect();
    let finished: Vec<Option<At>> = rows.iter().map(|f| f.finished_at.map(At)).collect();
    let next: Vec<Option<At>> = rows.iter().map(|f| f.next_at.map(At)).collect();
    let statement = tx.prepare_cached(ATTEMPTS).await?;
    let new = tx
        .query(
            &statement,
            &[
                &ids, &attempts, &lives, &outcomes, &verdicts, &codes, &subcodes, &answers,
                &messages, &traces, &wamids, &started, &finished, &next,
            ],
        )
        .await?;
    Ok(new.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn key(row: &FactRow<'_>) -> (Uuid, i32, i32, &'static str) {
    let state = row.state.as_str();
    (row.message_id, small(row.life), small(row.attempt), state)
}

fn texts<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> Vec<Option<String>> {
    let present = |text: Option<&'t str>| text.filter(|text| !text.is_empty());
    texts
        .map(|text| present(text).map(|text| without_nul(text).into_owned()))
        .collect()
}

fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
