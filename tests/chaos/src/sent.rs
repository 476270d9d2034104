use std::collections::{BTreeMap, BTreeSet};

use waypost_e2e::Stage;

/// What has been answered 200.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Ids of live messages.
    pub messages: BTreeSet<String>,
    /// Id and word of statuses.
    pub statuses: BTreeSet<String>,
    /// Texts of account events.
    pub alerts: BTreeSet<String>,
}

const MESSAGES: &str = "SELECT wamid FROM messages";
const STATUSES: &str = "SELECT concat_ws(' ', wamid, status) FROM message_statuses";
const ALERTS: &str = "SELECT payload #>> '{value,note}' FROM account_events";

impl Sent {
    /// Takes in what another sender sent.
    pub fn add(&mut self, other: Self) {
        self.messages.extend(other.messages);
        self.statuses.extend(other.statuses);
        self.alerts.extend(other.alerts);
    }

    /// How many updates that is.
    pub fn updates(&self) -> usize {
        self.messages.len() + self.statuses.len() + self.alerts.len()
    }

    /// Each update is one row, no more and no less, and nothing failed. For a queue that is drained.
    ///
    /// # Panics
    /// When something is missing, twice, or too much.
    pub async fn is_there_exactly_once(&self, stage: &Stage) {
        for (query, sent) in [
            (MESSAGES, &self.messages),
            (STATUSES, &self.statuses),
            (ALERTS, &self.alerts),
        ] {
            stored_once(stage, query, sent).await;
        }
        self.nothing_failed(stage).await;
        // Merges and races have left nobody in two, and no message with a contact that is none.
        let strays = "SELECT count(*) FROM messages m
                      WHERE NOT EXISTS (SELECT FROM contacts c WHERE c.id = m.contact_id AND c.merged_into IS NULL)";
        assert_eq!(stage.count(strays).await, 0, "messages of nobody");
    }

    /// No attempt counts, no failure, no dead letter.
    async fn nothing_failed(&self, stage: &Stage) {
        let failed = stage.texts("SELECT error_message FROM failed_webhooks");
        let failed = failed.await;
        assert!(failed.is_empty(), "failures: {failed:?}");
        let stats = stage.stats().await;
        assert!(stats.is_drained(), "{stats:?}");
        assert_eq!((stats.dead, stats.failed, stats.retried), (0, 0, 0));
    }

    /// Each row has been told of, at least once, and always under the same id.
    ///
    /// # Panics
    /// When one has not.
    pub async fn was_told(&self, stage: &Stage) {
        let (mut messages, mut statuses) = (BTreeMap::new(), BTreeMap::new());
        let mut alerts = BTreeMap::new();
        for event in stage.events().await {
            let (map, key) = match event.kind.as_str() {
                "message" => (&mut messages, event.text("wamid").to_owned()),
                "status" => {
                    let key = format!("{} {}", event.text("wamid"), event.text("status"));
                    (&mut statuses, key)
                }
                "account" => {
                    let note = event.data.pointer("/change/value/note");
                    let note = note.and_then(|note| note.as_str()).unwrap_or_default();
                    (&mut alerts, note.to_owned())
                }
                _ => continue,
            };
            let id = map.entry(key).or_insert_with(|| event.id.clone());
            assert_eq!(*id, event.id, "one effect, two ids");
        }
        for (what, told, sent) in [
            ("messages", &messages, &self.messages),
            ("statuses", &statuses, &self.statuses),
            ("alerts", &alerts, &self.alerts),
        ] {
            let missing: Vec<_> = sent.iter().filter(|key| !told.contains_key(*key)).collect();
            assert!(
                missing.is_empty(),
                "{what} that nobody was told of: {missing:?}"
            );
        }
    }
}

/// What a query finds is what was sent: nothing missing, nothing twice, nothing else.
///
/// # Panics
/// When it is not.
pub async fn stored_once(stage: &Stage, query: &str, sent: &BTreeSet<String>) {
    let rows = stage.texts(query).await;
    let stored: BTreeSet<String> = rows.iter().cloned().collect();
    let missing: Vec<_> = sent.difference(&stored).collect();
    let more: Vec<_> = stored.difference(sent).collect();
    assert!(
        missing.is_empty() && more.is_empty() && rows.len() == stored.len(),
        "{query}: {} rows of {}; missing {missing:?}; not sent {more:?}",
        rows.len(),
        sent.len()
    );
}
