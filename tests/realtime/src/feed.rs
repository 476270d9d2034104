//! Webhooks that become events.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use waypost_e2e::webhook::{NOON, change, status, text, webhook};
use waypost_harness::Client;

/// Webhooks on their way at once.
const AT_ONCE: usize = 8;
/// Between two webhooks of one sender: all in all some six hundred events in a second, so that a few seconds have thousands.
const PACE: Duration = Duration::from_millis(125);
/// People who write to each number.
const PEOPLE: usize = 5;

/// The business numbers that webhooks speak of.
pub const NUMBERS: [&str; 3] = ["200000000000001", "200000000000002", "200000000000003"];

/// What the events of some webhooks must tell of: number, and what [`crate::Heard::key`] says.
pub type Sent = BTreeSet<(String, String)>;

/// A person who writes.
pub fn phone(person: usize) -> String {
    format!("1555{:07}", person % PEOPLE)
}

/// Meta, sending webhooks without pause until it is told to stop.
pub struct Feed {
    stop: CancellationToken,
    senders: JoinSet<Sent>,
}

impl Feed {
    /// Begins to send to this ingress.
    pub fn start(meta: &Client) -> Self {
        let stop = CancellationToken::new();
        let next = Arc::new(AtomicUsize::new(0));
        let mut senders = JoinSet::new();
        for _ in 0..AT_ONCE {
            senders.spawn(send(meta.clone(), Arc::clone(&next), stop.clone()));
        }
        Self { stop, senders }
    }

    /// Stops; what events all that was sent must bring about.
    ///
    /// # Panics
    /// When a webhook was not taken.
    pub async fn stop(self) -> Sent {
        self.stop.cancel();
        self.senders
            .join_all()
            .await
            .into_iter()
            .flatten()
            .collect()
    }
}

async fn send(meta: Client, next: Arc<AtomicUsize>, stop: CancellationToken) -> Sent {
    let mut sent = Sent::new();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        pace.tick().await;
        let n = next.fetch_add(1, Ordering::Relaxed);
        let body = compose(n, &mut sent);
        assert_eq!(meta.post(body).await.expect("an answer"), 200);
    }
    sent
}

/// Four messages of different people, and two sent messages that are sent, delivered and read.
fn compose(n: usize, sent: &mut Sent) -> Bytes {
    let number = NUMBERS[n % NUMBERS.len()];
    let mut note = |key: String| sent.insert((number.to_owned(), key));
    let texts: Vec<Value> = (0..4)
        .map(|i| {
            let wamid = format!("wamid.IN{n:05}.{i}");
            let item = text(
                &wamid,
                Some(&phone(n / NUMBERS.len() + i)),
                None,
                NOON + n as u64,
                "Hello",
            );
            note(wamid);
            item
        })
        .collect();
    let mut statuses = Vec::new();
    for i in 0..2 {
        let wamid = format!("wamid.OUT{n:05}.{i}");
        for word in ["sent", "delivered", "read"] {
            statuses.push(status(&wamid, word, NOON + n as u64, &phone(n)));
            note(format!("{wamid} {word}"));
        }
    }
    webhook(&[change_of(
        number,
        json!({"messages": texts, "statuses": statuses}),
    )])
}

/// A change of `messages` that concerns this number.
pub fn change_of(number: &str, value: Value) -> Value {
    let mut change = change("messages", value);
    change["value"]["metadata"]["phone_number_id"] = json!(number);
    change
}
