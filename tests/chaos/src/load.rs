use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use waypost_e2e::webhook::{NOON, change, status, text, webhook};
use waypost_harness::Client;
use waypost_queue::Inbox;

use crate::Sent;

/// Webhooks on their way at once.
const SENDERS: u64 = 8;
/// Between two webhooks of one sender, at the fastest.
const PACE: Duration = Duration::from_millis(30);
/// Waiting webhooks above which the senders rest, so that a slow machine has not a minute of work left at the end, and
/// a worker that is killed nearly always holds some.
const BACKLOG: u64 = 120;
/// How long Meta waits for an answer here.
const ANSWER: Duration = Duration::from_secs(5);
/// How long the last webhooks may be sent again after the stop.
const END: Duration = Duration::from_secs(40);
/// People who write.
const PEOPLE: u64 = 150;

/// Meta, sending without pause until it is told to stop. What is not answered 200 comes again until it is.
pub struct Load {
    shared: Arc<Shared>,
    clients: watch::Sender<Vec<Client>>,
    senders: JoinSet<Sent>,
    /// Looks at the backlog.
    gauge: JoinHandle<()>,
}

struct Shared {
    next: AtomicU64,
    stop: CancellationToken,
    /// Whether the senders should rest.
    full: AtomicBool,
    /// Webhooks that have been answered 200.
    accepted: AtomicU64,
    /// Answers other than 200, and none at all.
    refused: AtomicU64,
}

impl Load {
    /// Begins to send to these ingresses in turn; each must take each webhook.
    pub fn start(inbox: &Inbox, clients: Vec<Client>) -> Self {
        let (clients, watching) = watch::channel(clients);
        let shared = Arc::new(Shared {
            next: AtomicU64::new(0),
            stop: CancellationToken::new(),
            full: AtomicBool::new(false),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            senders.spawn(send(Arc::clone(&shared), watching.clone()));
        }
        let gauge = tokio::spawn(watch_backlog(Arc::clone(&shared), inbox.clone()));
        Self {
            shared,
            clients,
            senders,
            gauge,
        }
    }

    /// From now on, these ingresses get everything.
    pub fn send_to(&self, clients: Vec<Client>) {
        self.clients.send_replace(clients);
    }

    /// Webhooks that have been answered 200 so far.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// How often a webhook was not answered 200 so far.
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// Stops, as soon as what has been begun is answered 200, and tells what that is.
    ///
    /// # Panics
    /// When the last ones are still not taken after a while.
    pub async fn stop(mut self) -> Sent {
        self.shared.stop.cancel();
        let mut sent = Sent::default();
        let all = async {
            while let Some(of_one) = self.senders.join_next().await {
                sent.add(of_one.expect("a sender does not fail"));
            }
        };
        timeout(END, all)
            .await
            .expect("the last webhooks are taken in the end");
        self.gauge.abort();
        sent
    }
}

async fn send(shared: Arc<Shared>, clients: watch::Receiver<Vec<Client>>) -> Sent {
    let mut sent = Sent::default();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = pace.tick() => {}
            () = shared.stop.cancelled() => return sent,
        }
        if shared.full.load(Ordering::Relaxed) {
            continue;
        }
        let n = shared.next.fetch_add(1, Ordering::Relaxed);
        let body = compose(n, &mut sent);
        deliver(&shared, &clients, n, &body).await;
        // Meta sends one in ten twice, for reasons of its own.
        if n.is_multiple_of(10) {
            deliver(&shared, &clients, n + 1, &body).await;
        }
    }
}

/// Sends one webhook until it is answered 200.
async fn deliver(shared: &Shared, clients: &watch::Receiver<Vec<Client>>, n: u64, body: &Bytes) {
    for attempt in n.. {
        let client = {
            let clients = clients.borrow();
            clients[attempt as usize % clients.len()].clone()
        };
        if let Ok(Ok(200)) = timeout(ANSWER, client.post(body.clone())).await {
            shared.accepted.fetch_add(1, Ordering::Relaxed);
            return;
        }
        shared.refused.fetch_add(1, Ordering::Relaxed);
        sleep(PACE).await;
    }
}

async fn watch_backlog(shared: Arc<Shared>, inbox: Inbox) {
    loop {
        if let Ok(stats) = inbox.stats().await {
            let full = stats.waiting > BACKLOG;
            shared.full.store(full, Ordering::Relaxed);
        }
        sleep(PACE).await;
    }
}

/// The webhook of this number, noted down: four texts, three statuses and now and then an event of the account.
fn compose(n: u64, sent: &mut Sent) -> Bytes {
    let person = |i: u64| {
        let person = (n * 7 + i) % PEOPLE;
        (format!("1555{person:07}"), format!("US.{person}"))
    };
    let texts: Vec<Value> = (0..4)
        .map(|i| {
            let (wamid, (phone, user_id)) = (format!("wamid.IN{n:06}.{i}"), person(i));
            // Both names as a rule, else one: each is enough to know the person by.
            let phone = (n % 3 != 1).then_some(phone.as_str());
            let user_id = (n % 3 != 2).then_some(user_id.as_str());
            let item = text(&wamid, phone, user_id, NOON + n, &wamid);
            sent.messages.insert(wamid);
            item
        })
        .collect();
    let to = person(0).0;
    let words = ["sent", "delivered", "read"];
    let statuses: Vec<Value> = words
        .iter()
        .map(|word| {
            let wamid = format!("wamid.OUT{n:06}");
            sent.statuses.insert(format!("{wamid} {word}"));
            status(&wamid, word, NOON + n, &to)
        })
        .collect();
    let mut changes = vec![change(
        "messages",
        json!({"messages": texts, "statuses": statuses}),
    )];
    if n.is_multiple_of(5) {
        let alert = format!("alert {n}");
        changes.push(change("account_alerts", json!({"note": alert})));
        sent.alerts.insert(alert);
    }
    webhook(&changes)
}
