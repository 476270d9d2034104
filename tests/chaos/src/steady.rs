use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use waypost_e2e::webhook::NUMBER;
use waypost_harness::Client;
use waypost_harness::services::APP_SECRET;

/// Between two requests of one kind.
const PACE: Duration = Duration::from_millis(25);

/// Somebody who asks for the same again and again, and takes no second try: whatever goes wrong is a failure.
#[derive(Debug)]
pub struct Steady {
    good: Arc<AtomicU64>,
    stop: CancellationToken,
    task: JoinHandle<(BTreeSet<Uuid>, Vec<String>)>,
}

impl Steady {
    /// A backend that sends messages, each to somebody else, with this key.
    pub fn sends(send_api: SocketAddr, key: &str) -> Self {
        let client = Client::new(send_api, APP_SECRET);
        let bearer = format!("Bearer {key}");
        Self::start(move |n| {
            let (client, bearer) = (client.clone(), bearer.clone());
            async move { post(&client, &bearer, n).await.map(Some) }
        })
    }

    /// A dashboard that looks at something.
    pub fn looks(monitor: SocketAddr, path: &'static str) -> Self {
        let client = Client::new(monitor, APP_SECRET);
        Self::start(move |_| {
            let client = client.clone();
            async move {
                match client.get(path).await {
                    Ok(reply) if reply.status == 200 => Ok(None),
                    Ok(reply) => Err(format!("{} {:?}", reply.status, reply.body)),
                    Err(error) => Err(format!("{error:?}")),
                }
            }
        })
    }

    fn start<F>(ask: impl Fn(u64) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Option<Uuid>, String>> + Send,
    {
        let (good, stop) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
        let (counter, stopped) = (Arc::clone(&good), stop.clone());
        let task = tokio::spawn(async move {
            let (mut ids, mut failures) = (BTreeSet::new(), Vec::new());
            let mut pace = interval(PACE);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for n in 0.. {
                tokio::select! {
                    _ = pace.tick() => {}
                    () = stopped.cancelled() => break,
                }
                match ask(n).await {
                    Ok(id) => {
                        ids.extend(id);
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(failure) => failures.push(failure),
                }
            }
            (ids, failures)
        });
        Self { good, stop, task }
    }

    /// How often it went well so far.
    pub fn good(&self) -> u64 {
        self.good.load(Ordering::Relaxed)
    }

    /// Stops. The ids of what was sent.
    ///
    /// # Panics
    /// When anything went wrong on the way.
    pub async fn stop(self) -> BTreeSet<Uuid> {
        self.stop.cancel();
        let (ids, failures) = self.task.await.expect("it goes on to its end");
        assert!(failures.is_empty(), "{failures:?}");
        ids
    }
}

/// Sends one message.
async fn post(client: &Client, bearer: &str, n: u64) -> Result<Uuid, String> {
    let body = json!({
        "from": NUMBER, "to": format!("+4915{n:08}"), "type": "text",
        "text": {"body": "Your parcel is on its way."},
    });
    let key = Uuid::now_v7().to_string();
    let headers = [("authorization", bearer), ("idempotency-key", &key)];
    let reply = client.post_to("/v1/messages", body.to_string(), &headers);
    let reply = reply.await.map_err(|error| format!("{error:?}"))?;
    let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    match (reply.status, answer["id"].as_str().map(str::parse)) {
        (202, Some(Ok(id))) => Ok(id),
        (status, _) => Err(format!("{status} {answer}")),
    }
}
