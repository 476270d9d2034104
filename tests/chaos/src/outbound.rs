use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;
use waypost_e2e::Stage;
use waypost_harness::services::{APP_SECRET, Spawned};
use waypost_harness::{Client, eventually};
use waypost_model::{OnUnknown, Priority};
use waypost_queue::{Inbox, Outbox, OutboxSettings};
use waypost_sandbox::graph::AcceptedMessage;
use waypost_sandbox::{Graph, GraphSettings, WebhookSettings};

/// The key that tests send with, and its SHA-256, which is all that the ingress is told.
const KEY: &str = "wpk_test_key_of_the_chaos_tests";
const KEY_SHA256: &str = "db5c8bb66e6ae3480c91660548d0c0ac7df81ae2df5eff35c637554823ecf282";
/// Messages in one request.
const BATCH: usize = 100;

/// The outbound path with a fake Meta that sends statuses back.
pub struct Outbound {
    /// Servers, settings and what can be seen of them.
    pub stage: Stage,
    /// Meta.
    pub graph: Graph,
    /// The ingress, for webhooks and the send API.
    pub ingress: Spawned,
    /// The queue, as an operator sees it.
    pub outbox: Outbox,
    facts: Inbox,
    _files: TempDir,
}

/// A message as a sender words it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The number it is sent from.
    pub from: String,
    /// Who gets it, with `+`.
    pub to: String,
    /// How urgent.
    pub priority: Priority,
    /// What if nobody knows.
    pub on_unknown: OnUnknown,
}

/// A message that was answered as accepted.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Our id.
    pub id: Uuid,
    /// What was asked for.
    pub draft: Draft,
}

impl Draft {
    /// An ordinary message.
    pub fn new(from: &str, to: &str) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            priority: Priority::Normal,
            on_unknown: OnUnknown::Fail,
        }
    }

    fn body(&self) -> Value {
        json!({
            "from": self.from,
            "to": self.to,
            "priority": self.priority.as_str(),
            "on_unknown": self.on_unknown.as_str(),
            "type": "text",
            "text": {"body": "Your parcel is on its way."},
        })
    }
}

/// Times short enough to see in a test what takes minutes in earnest.
pub fn hasty(stage: Stage) -> Stage {
    [
        ("inbox.lease", "3s"),
        ("inbox.heartbeat", "500ms"),
        ("lanes.lease", "1500ms"),
        ("lanes.heartbeat", "300ms"),
        ("dispatcher.request_timeout", "1s"),
        ("dispatcher.unknown_deadline", "4s"),
        ("dispatcher.backoff", "50ms"),
        ("dispatcher.backoff_cap", "1s"),
        ("dispatcher.pair_cap", "1s"),
        ("breaker.open", "200ms"),
        ("breaker.longest", "1s"),
        ("breaker.probe", "2s"),
        ("limits.number", "0"),
        ("limits.pair_interval", "0s"),
        ("outbox.max_backlog", "1000000"),
    ]
    .into_iter()
    .fold(stage, |stage, (key, value)| stage.with(key, value))
}

impl Outbound {
    /// A stage with an ingress and a Meta whose statuses come quickly.
    pub async fn on(stage: Stage) -> Self {
        Self::with(stage, |webhooks| webhooks).await
    }

    /// The same, with statuses that come as told.
    pub async fn with(
        stage: Stage,
        webhooks: impl FnOnce(WebhookSettings) -> WebhookSettings,
    ) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let keys = files.path().join("keys.toml");
        let text = format!("[chaos]\nsha256 = \"{KEY_SHA256}\"\nnumbers = [\"*\"]\n");
        std::fs::write(&keys, text).expect("a file");
        let graph_at = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let graph_url = format!("http://{}", graph_at.local_addr().expect("an address"));
        let stage = stage
            .with("send.keys_file", keys.to_string_lossy())
            .with("graph.url", graph_url)
            .with("whatsapp.api_token", "test-token");
        let ingress = stage.services.ingress_process().await;
        let url = format!("http://{}/webhook", ingress.address());
        let settings = GraphSettings {
            app_secret: Some(APP_SECRET.to_owned()),
            tokens: vec!["test-token".to_owned()],
            webhooks: Some(webhooks(WebhookSettings::to(url))),
            ..GraphSettings::default()
        };
        let settings_of_outbox = OutboxSettings::default();
        Self {
            graph: Graph::start(graph_at, settings).expect("a fake Meta"),
            outbox: Outbox::new(&stage.redis, &settings_of_outbox),
            facts: Inbox::of_facts(&stage.redis, settings_of_outbox.partitions),
            ingress,
            stage,
            _files: files,
        }
    }

    /// Posts messages in order, and again what could not be taken, under the same key each time.
    ///
    /// # Panics
    /// When one is refused, or not taken in the end.
    pub async fn post(&self, drafts: &[Draft]) -> Vec<Posted> {
        let sender = self.ingress.sender();
        let mut posted = Vec::with_capacity(drafts.len());
        for batch in drafts.chunks(BATCH) {
            posted.extend(post_batch(&sender, batch).await);
        }
        posted
    }

    /// Waits until every message has come to its end, every status has arrived, and the history has all of it.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn settled(&self, within: Duration) {
        eventually(within, "every message has come to its end", async || {
            let drained = self
                .outbox
                .stats()
                .await
                .is_ok_and(|stats| stats.is_drained());
            drained && self.graph.webhooks_pending() == 0
        })
        .await;
        self.stage.drained(within).await;
        eventually(within, "every fact is in the history", async || {
            self.facts
                .stats()
                .await
                .is_ok_and(|stats| stats.is_drained())
        })
        .await;
    }

    /// State by message id, as the history has it.
    pub async fn states(&self) -> BTreeMap<String, Option<String>> {
        let query = "SELECT id::text, state FROM messages WHERE state IS NOT NULL";
        self.stage.pairs(query).await
    }

    /// What Meta took, by our id.
    pub fn taken(&self) -> BTreeMap<Uuid, Vec<AcceptedMessage>> {
        let mut taken: BTreeMap<Uuid, Vec<AcceptedMessage>> = BTreeMap::new();
        for message in self.graph.accepted() {
            let id = message.our_id.expect("our id is in every message");
            taken.entry(id).or_default().push(message);
        }
        taken
    }

    /// The messages of one number, person and priority reached Meta in the order in which they were accepted here.
    ///
    /// # Panics
    /// When two did not.
    pub fn are_in_order(&self, posted: &[Posted]) {
        let taken = self.taken();
        let mut last: BTreeMap<(String, String, Priority), (usize, u64)> = BTreeMap::new();
        for (place, message) in posted.iter().enumerate() {
            let Some(copies) = taken.get(&message.id) else {
                continue;
            };
            let draft = &message.draft;
            let lane = (draft.from.clone(), draft.to.clone(), draft.priority);
            for copy in copies {
                if let Some((before, seq)) = last.get(&lane) {
                    assert!(copy.seq > *seq, "message {place} overtook message {before}");
                }
                last.insert(lane.clone(), (place, copy.seq));
            }
        }
    }
}

async fn post_batch(sender: &Client, drafts: &[Draft]) -> Vec<Posted> {
    let messages: Vec<Value> = drafts.iter().map(Draft::body).collect();
    let body = json!({ "messages": messages }).to_string();
    let bearer = format!("Bearer {KEY}");
    let key = Uuid::now_v7().to_string();
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", &key),
    ];
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(reply) = sender
            .post_to("/v1/messages:batch", body.clone(), &headers)
            .await
            && let Some(ids) = accepted(&reply.body)
        {
            assert_eq!(ids.len(), drafts.len());
            let posted = ids.into_iter().zip(drafts);
            return posted
                .map(|(id, draft)| Posted {
                    id,
                    draft: draft.clone(),
                })
                .collect();
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "a batch is not taken"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The ids of a batch of which every message was accepted; `None` when some could not be taken for the moment.
fn accepted(body: &[u8]) -> Option<Vec<Uuid>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let results = answer["results"].as_array()?;
    results
        .iter()
        .map(|result| {
            let status = result.pointer("/problem/status").and_then(Value::as_u64);
            assert!(
                status.is_none_or(|status| status == 503),
                "refused: {result}"
            );
            result["id"].as_str()?.parse().ok()
        })
        .collect()
}
