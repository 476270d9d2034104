//! Webhooks that become events.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};
use waypost_e2e::webhook::{NOON, change, status, text, webhook};
use waypost_harness::Client;

/// Webhooks on their way at once.
const AT_ONCE: usize = 8;
/// People who write to each number.
const PEOPLE: usize = 5;

/// The business numbers that webhooks speak of.
pub const NUMBERS: [&str; 3] = ["200000000000001", "200000000000002", "200000000000003"];

/// Events that one webhook of the feed brings about.
pub const EVENTS_EACH: usize = 10;

/// What the events of some webhooks must tell of: number, and what [`crate::Heard::key`] says.
pub type Sent = BTreeSet<(String, String)>;

/// A person who writes.
pub fn phone(person: usize) -> String {
    format!("1555{:07}", person % PEOPLE)
}

/// Posts the webhooks of these numbers, several at once, and tells what events they must bring about.
///
/// # Panics
/// When one is not taken.
pub async fn feed(meta: &Client, range: std::ops::Range<usize>) -> Sent {
    let posts = stream::iter(range).map(|n| async move {
        let mut sent = Sent::new();
        let body = compose(n, &mut sent);
        assert_eq!(meta.post(body).await.expect("an answer"), 200);
        sent
    });
    posts.buffer_unordered(AT_ONCE).concat().await
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
