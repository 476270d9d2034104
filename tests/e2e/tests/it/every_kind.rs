//! Every message type, status and field, good and malformed, over HTTP to rows and events.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use waypost_e2e::Stage;
use waypost_harness::services::APP_SECRET;
use waypost_model::content_id;
use waypost_sandbox::{Expected, Scenario, Sender};
use waypost_whatsapp::{UpdateBody, parse};

use crate::{LATER, SOON};

#[tokio::test(flavor = "multi_thread")]
async fn a_rough_day_leaves_the_rows_and_events_it_must() {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let plan = Scenario::rough(7, 1_500).plan(APP_SECRET.as_bytes());
    let sender = Sender::new(&format!("http://{}/webhook", ingress.address())).unwrap();
    let outcomes = sender.at_once(8).send_all(&plan.deliveries, |_| {}).await;
    let wrong: Vec<_> = outcomes.iter().filter(|o| !o.is_expected()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    stage.drained(LATER).await;
    compare(&stage, &plan.expected).await;
    events_match_rows(&stage).await;
}

async fn compare(stage: &Stage, expected: &Expected) {
    let summary = stage.summary().await;
    let mut by_type = BTreeMap::new();
    for row in &summary.messages {
        let key = (row.direction.clone(), row.kind.clone());
        *by_type.entry(key).or_default() += row.count;
    }
    assert_eq!(by_type, expected.messages_by_type);
    let named = |rows: &[waypost_store::NamedCount]| -> BTreeMap<String, u64> {
        rows.iter()
            .map(|row| (row.name.clone(), row.count))
            .collect()
    };
    assert_eq!(named(&summary.statuses), expected.statuses_by_status);
    assert_eq!(
        named(&summary.account_events),
        expected.account_events_by_field
    );
    assert_eq!(summary.failed, expected.failed_webhooks);
    assert_eq!(summary.marked_duplicates, expected.marked_repetitions);
    assert_eq!(
        stage.dead_letters().await.len() as u64,
        expected.dead_letters
    );
    // Those that came twice failed twice, and are one dead letter. Three attempts each: two were put off.
    let stats = stage.stats().await;
    assert!(stats.failed >= expected.dead_letters, "{stats:?}");
    assert_eq!(stats.retried, 2 * stats.failed);
}

/// One event for each row that is news, and none for the past.
async fn events_match_rows(stage: &Stage) {
    let events = stage.events().await;
    let heard = |kind: &str, key: &dyn Fn(&waypost_e2e::Heard) -> String| {
        let mut heard: Vec<String> = events.iter().filter(|e| e.kind == kind).map(key).collect();
        heard.sort_unstable();
        heard
    };
    let sorted = async |query: &str| {
        let mut rows = stage.texts(query).await;
        rows.sort_unstable();
        rows
    };
    let message = |event: &waypost_e2e::Heard| {
        ["direction", "origin", "type", "wamid"]
            .map(|key| event.text(key))
            .join(" ")
    };
    let rows = "SELECT concat_ws(' ', direction, origin, type, wamid) FROM messages WHERE origin <> 'history'";
    assert_eq!(heard("message", &message), sorted(rows).await);
    let status =
        |event: &waypost_e2e::Heard| ["wamid", "status"].map(|key| event.text(key)).join(" ");
    let rows = "SELECT concat_ws(' ', wamid, status) FROM message_statuses";
    assert_eq!(heard("status", &status), sorted(rows).await);
    let account = |event: &waypost_e2e::Heard| event.text("field").to_owned();
    assert_eq!(
        heard("account", &account),
        sorted("SELECT field FROM account_events").await
    );
}

/// What the bytes of some bodies say must be there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rows {
    messages: BTreeSet<String>,
    statuses: BTreeSet<String>,
    account: BTreeSet<String>,
    /// Ids of what failed, made from its bytes.
    failed: BTreeSet<String>,
}

impl Rows {
    fn add(&mut self, body: &[u8]) {
        let Ok(webhook) = parse(body) else {
            self.failed.insert(content_id(body).to_string());
            return;
        };
        for update in webhook.updates() {
            let number = update.metadata.phone_number_id.as_str();
            let (words, message) = match &update.body {
                UpdateBody::Message(message) => ("in live", message),
                UpdateBody::Echo(message) => ("out echo", message),
                UpdateBody::History(history) if history.outbound => {
                    ("out history", &history.message)
                }
                UpdateBody::History(history) => ("in history", &history.message),
                UpdateBody::Status(status) => {
                    let participant = status.participant().map_or("", |text| text.as_str());
                    let key = format!("{} {} {participant}", status.id, status.status);
                    self.statuses.insert(key);
                    continue;
                }
                UpdateBody::Account(account) => {
                    let print = update.fingerprint();
                    let print: String = print.iter().map(|byte| format!("{byte:02x}")).collect();
                    self.account.insert(format!("{} {print}", account.field));
                    continue;
                }
                UpdateBody::Malformed { .. } => {
                    let id = content_id(&update.isolate());
                    self.failed.insert(id.to_string());
                    continue;
                }
            };
            let key = format!("{number} {} {} {words}", message.id, message.kind);
            self.messages.insert(key);
        }
    }

    async fn of(stage: &Stage) -> Self {
        let set = async |query: &str| -> BTreeSet<String> {
            let rows = stage.texts(query).await;
            let (count, set) = (rows.len(), BTreeSet::from_iter(rows));
            assert_eq!(count, set.len(), "a row twice: {query}");
            set
        };
        Self {
            messages: set("SELECT concat_ws(' ', phone_number_id, wamid, type, direction, origin) FROM messages").await,
            statuses: set("SELECT concat_ws(' ', wamid, status, participant) FROM message_statuses").await,
            account: set("SELECT concat_ws(' ', field, encode(content_sha256, 'hex')) FROM account_events").await,
            failed: set("SELECT id::text FROM failed_webhooks").await,
        }
    }
}

fn fixtures(under: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/webhooks")
        .join(under);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let body = std::fs::read(&path).unwrap();
            found.push((path, body));
        }
    }
    assert!(!found.is_empty(), "no fixtures in {}", folder.display());
    found.sort();
    found
}

/// Posts bodies one by one; each must be taken.
async fn post_all(stage: &Stage, bodies: Vec<(PathBuf, Vec<u8>)>) {
    let ingress = stage.services.ingress().await;
    let client = ingress.client();
    for (path, body) in bodies {
        let status = client.post(body).await.unwrap();
        assert_eq!(status, 200, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_good_fixture_becomes_its_rows() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    let bodies = fixtures("");
    let mut expected = Rows::default();
    for (_, body) in &bodies {
        expected.add(body);
    }
    assert!(
        expected.failed.is_empty(),
        "a good fixture that cannot be read"
    );
    post_all(&stage, bodies).await;
    stage.drained(SOON).await;
    assert_eq!(Rows::of(&stage).await, expected);
    assert!(stage.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_fixture_costs_only_what_is_bad_in_it() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    let bodies = fixtures("malformed");
    let mut expected = Rows::default();
    for (_, body) in &bodies {
        expected.add(body);
    }
    post_all(&stage, bodies).await;
    stage.drained(SOON).await;
    assert_eq!(Rows::of(&stage).await, expected);
    let letters = stage.dead_letters().await;
    let buried = letters.iter().map(|letter| letter.envelope.id.to_string());
    assert_eq!(buried.collect::<BTreeSet<_>>(), expected.failed);
    assert!(letters.iter().all(|letter| letter.envelope.attempts == 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_odd_fixture_is_a_row_or_a_failure_and_never_neither() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    let bodies = fixtures("odd");
    let mut expected = Rows::default();
    for (_, body) in &bodies {
        expected.add(body);
    }
    post_all(&stage, bodies).await;
    stage.drained(SOON).await;
    let rows = Rows::of(&stage).await;
    assert!(rows.messages.is_subset(&expected.messages));
    let missing: Vec<_> = expected.messages.difference(&rows.messages).collect();
    // Valid JSON all of it, but Postgres has no number as large as one of these.
    assert!(
        missing.iter().all(|key| key.contains("HUGE")),
        "{missing:?}"
    );
    assert_eq!(rows.failed.len(), missing.len());
    assert_eq!(stage.dead_letters().await.len(), missing.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn metas_sixteen_examples_become_rows() {
    let Some(folder) = std::env::var_os("WAYPOST_EXTRA_FIXTURES") else {
        println!("skipped: WAYPOST_EXTRA_FIXTURES is not set");
        return;
    };
    let path = Path::new(&folder).join("meta-openapi-webhooks.jsonl");
    let lines = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let examples: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let named = |example: &Value| PathBuf::from(example["name"].as_str().unwrap_or_default());
    // Four of the examples share one message id, and would be one message.
    let body = |(n, example): (usize, &Value)| {
        let mut body = example["body"].clone();
        if let Some(id) = body.pointer_mut("/entry/0/changes/0/value/messages/0/id") {
            *id = Value::from(format!("{}.{n}", id.as_str().unwrap_or_default()));
        }
        body.to_string().into_bytes()
    };
    let bodies = examples.iter().enumerate();
    let bodies = bodies.map(|(n, example)| (named(example), body((n, example))));
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    post_all(&stage, bodies.collect()).await;
    stage.drained(SOON).await;
    let live = "SELECT type FROM messages WHERE direction = 'in' AND origin = 'live'";
    let mut types = stage.texts(live).await;
    types.sort_unstable();
    let expected = [
        "button",
        "contacts",
        "image",
        "interactive",
        "interactive",
        "location",
        "order",
        "reaction",
        "system",
        "text",
        "text",
        "text",
        "unsupported",
    ];
    assert_eq!(types, expected);
    let mut fields = stage.texts("SELECT field FROM account_events").await;
    fields.sort_unstable();
    let expected = [
        "group_lifecycle_update",
        "group_participants_update",
        "group_settings_update",
    ];
    assert_eq!(fields, expected);
    let summary = stage.summary().await;
    assert_eq!(
        (
            summary.message_total(),
            summary.status_total(),
            summary.failed
        ),
        (13, 0, 0)
    );
}
