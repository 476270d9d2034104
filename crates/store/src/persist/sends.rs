//! Messages accepted from senders, under our own id. Meta's id comes to them later, by [`super::project`].

use std::collections::HashMap;

use deadpool_postgres::Transaction;
use uuid::Uuid;
use waypost_model::{Direction, Origin, SendState};

use super::rows::{Placed, known_rows};
use crate::bulk::{Amount, Rows, Table, table};
use crate::sql::{At, without_nul};
use crate::{SendRow, StoreError};

const KNOWN: &str = "
SELECT k.n
FROM unnest($1::uuid[]) WITH ORDINALITY AS k (id, n)
CROSS JOIN LATERAL (SELECT 1 FROM messages WHERE id = k.id LIMIT 1) known";

const ACCOUNTS: &str =
    "SELECT phone_number_id, waba_id FROM numbers WHERE phone_number_id = ANY ($1::text[])";

pub(super) const TABLE: Table = table!(
    "messages",
    "id, direction, origin, waba_id, phone_number_id, type, contact_id, person_phone, person_bsuid, group_id, \
     context_wamid, received_at, request_id, payload, state, state_life, state_attempt, state_at, attempts, \
     callback_data, priority, send_at, expires_at, on_unknown, key_name, trace_id",
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26"
);

/// Accounts of numbers whose sender did not name one, as far as `numbers` knows them.
#[derive(Default)]
pub(super) struct Accounts(HashMap<String, String>);

impl Accounts {
    /// Looks them up.
    pub(super) async fn of(
        tx: &Transaction<'_>,
        rows: &[Placed<'_, SendRow<'_>>],
    ) -> Result<Self, StoreError> {
        let nameless = rows.iter().filter(|s| s.row.account.is_none());
        let mut numbers: Vec<String> = nameless
            .map(|s| without_nul(s.row.phone_number_id).into_owned())
            .collect();
        if numbers.is_empty() {
            return Ok(Self::default());
        }
        numbers.sort_unstable();
        numbers.dedup();
        let statement = tx.prepare_cached(ACCOUNTS).await?;
        let found = tx.query(&statement, &[&numbers]).await?;
        let pairs = found.iter().map(|row| (row.get(0), row.get(1)));
        Ok(Self(pairs.collect()))
    }

    /// The account of a message; empty when nobody knows.
    pub(super) fn get<'m>(&'m self, row: &SendRow<'m>) -> &'m str {
        let known = || self.0.get(row.phone_number_id).map(String::as_str);
        row.account.or_else(known).unwrap_or("")
    }
}

/// Places in `rows` of the messages that are known already.
pub(super) async fn known(
    tx: &Transaction<'_>,
    rows: &[Placed<'_, SendRow<'_>>],
) -> Result<Vec<usize>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let statement = tx.prepare_cached(KNOWN).await?;
    let ids: Vec<Uuid> = rows.iter().map(|s| s.id).collect();
    Ok(known_rows(&tx.query(&statement, &[&ids]).await?))
}

/// Writes messages that are new.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    sends: &[Placed<'_, SendRow<'_>>],
    accounts: &Accounts,
    amount: Amount,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(26, sends.len(), amount);
    for placed in sends {
        let s = placed.row;
        rows.row().uuid(placed.id);
        rows.text(Direction::Out.as_str())
            .text(Origin::Live.as_str());
        rows.text(&without_nul(accounts.get(s)))
            .text(&without_nul(s.phone_number_id))
            .text(&without_nul(s.kind));
        rows.opt_uuid(placed.contact);
        for text in [s.person.phone, s.person.bsuid, s.group_id, s.context_wamid] {
            rows.opt_text(text.map(without_nul).as_deref());
        }
        rows.at(At(s.accepted_at))
            .uuid(s.request_id)
            .json(s.payload);
        rows.text(SendState::Accepted.as_str())
            .i32(0)
            .i32(0)
            .at(At(s.accepted_at))
            .i32(0);
        rows.opt_text(s.callback_data.map(without_nul).as_deref())
            .text(s.priority.as_str());
        rows.opt_at(s.send_at.map(At))
            .opt_at(s.expires_at.map(At))
            .text(s.on_unknown.as_str())
            .text(&without_nul(s.key_name))
            .opt_text(s.trace_id.map(without_nul).as_deref());
    }
    rows.write(tx, &TABLE).await
}
