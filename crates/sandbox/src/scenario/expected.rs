//! What must be in the database when all has been sent and handled.

use std::collections::BTreeMap;

use crate::compose::{Composed, Effect};

/// Figures to compare with the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Rows of `messages` by direction (`in`, `out`) and type.
    pub messages_by_type: BTreeMap<(String, String), u64>,
    /// Rows of `message_statuses` by status.
    pub statuses_by_status: BTreeMap<String, u64>,
    /// Rows of `account_events` by field.
    pub account_events_by_field: BTreeMap<String, u64>,
    /// Rows of `failed_webhooks`: one a malformed body, one a poison item.
    pub failed_webhooks: u64,
    /// Dead letters: one for each of those rows.
    pub dead_letters: u64,
    /// Rows of `messages` that are marked as the repetition of another one.
    pub marked_repetitions: u64,
    /// Updates that come once more and must change nothing.
    pub redelivered_updates: u64,
    /// Webhooks that must be answered with 401.
    pub refused: u64,
}

impl Expected {
    pub(super) fn count(&mut self, composed: &Composed) {
        self.marked_repetitions += u64::from(composed.repeats);
        for effect in &composed.effects {
            match effect {
                Effect::Message { way, kind } => {
                    let key = (way.word().to_owned(), kind.clone());
                    *self.messages_by_type.entry(key).or_default() += 1;
                }
                Effect::Status { status } => {
                    *self.statuses_by_status.entry(status.clone()).or_default() += 1;
                }
                Effect::Account { field } => {
                    *self
                        .account_events_by_field
                        .entry(field.clone())
                        .or_default() += 1;
                }
                Effect::Failed => self.fail(),
            }
        }
    }

    pub(super) fn fail(&mut self) {
        self.failed_webhooks += 1;
        self.dead_letters += 1;
    }

    /// Rows of `messages`, `message_statuses` and `account_events` together.
    pub fn rows(&self) -> u64 {
        let messages: u64 = self.messages_by_type.values().sum();
        let statuses: u64 = self.statuses_by_status.values().sum();
        let events: u64 = self.account_events_by_field.values().sum();
        messages + statuses + events
    }
}
