//! Keeps statuses until they are due, then sends them.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::AcqRel;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use waypost_whatsapp::signature::sign;

use super::super::{GraphSettings, WebhookSettings};
use super::render::{self, Item};
use super::{Inbound, Sent, plan};
use crate::scenario::{Delivery, DeliveryKind};
use crate::send::Sender;

/// Messages planned in one go.
const AT_ONCE: usize = 256;

pub(super) struct Runner {
    settings: WebhookSettings,
    seed: u64,
    secret: Option<String>,
    sender: Sender,
    /// Shared with those who ask. Counts messages until they are planned, then items until they are taken.
    pending: Arc<AtomicU64>,
    due: BinaryHeap<Reverse<Due>>,
    /// Equal times keep their order.
    count: u64,
    /// One for each webhook that may be on its way.
    slots: Arc<Semaphore>,
}

struct Due {
    at: Instant,
    place: u64,
    item: Item,
}

impl Runner {
    pub(super) fn new(
        settings: WebhookSettings,
        graph: &GraphSettings,
        sender: Sender,
        pending: Arc<AtomicU64>,
    ) -> Self {
        Self {
            seed: graph.seed,
            secret: graph.app_secret.clone(),
            sender,
            pending,
            due: BinaryHeap::new(),
            count: 0,
            slots: Arc::new(Semaphore::new(settings.at_once.max(1))),
            settings,
        }
    }

    pub(super) async fn run(
        mut self,
        mut accepted: mpsc::Receiver<Sent>,
        mut written: mpsc::UnboundedReceiver<Inbound>,
        stop: CancellationToken,
    ) {
        let mut news = Vec::with_capacity(AT_ONCE);
        loop {
            let next = self.due.peek().map(|Reverse(due)| due.at);
            let has_room = self.due.len() < self.settings.most_pending;
            let slots = Arc::clone(&self.slots);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(inbound) = written.recv() => self.keep(Instant::now(), Item::Message(inbound)),
                slot = turn(next, slots) => self.send(slot, &stop),
                _ = accepted.recv_many(&mut news, AT_ONCE), if has_room && !accepted.is_closed() => {
                    let now = Instant::now();
                    for sent in news.drain(..) {
                        self.plan(sent, now);
                    }
                }
            }
        }
    }

    fn plan(&mut self, sent: Sent, now: Instant) {
        let steps = plan::steps(&self.settings, self.seed, &sent);
        let sent = Arc::new(sent);
        // First up, then down: it must not look done in between.
        self.pending.fetch_add(steps.len() as u64, AcqRel);
        self.pending.fetch_sub(1, AcqRel);
        for step in steps {
            let item = Item::Status {
                sent: Arc::clone(&sent),
                word: step.word,
                timestamp: sent.at + step.happened.as_secs(),
            };
            self.keep(now + step.told, item);
        }
    }

    fn keep(&mut self, at: Instant, item: Item) {
        self.count += 1;
        self.due.push(Reverse(Due {
            at,
            place: self.count,
            item,
        }));
    }

    /// All that is due, as far as it fits into one webhook.
    fn send(&mut self, slot: OwnedSemaphorePermit, stop: &CancellationToken) {
        let now = Instant::now() + Duration::from_millis(1);
        let mut items = Vec::new();
        while items.len() < self.settings.batch.max(1) {
            match self.due.peek() {
                Some(Reverse(due)) if due.at <= now => {}
                _ => break,
            }
            items.extend(self.due.pop().map(|Reverse(due)| due.item));
        }
        if items.is_empty() {
            return;
        }
        let body = render::body(&items, self.settings.failed_code);
        let signature = self
            .secret
            .as_ref()
            .map(|secret| sign(secret.as_bytes(), body.as_bytes()));
        let delivery = Delivery {
            body: Bytes::from(body),
            signature,
            kind: DeliveryKind::Good,
            updates: items.len(),
        };
        let (sender, pending, stop) =
            (self.sender.clone(), Arc::clone(&self.pending), stop.clone());
        tokio::spawn(async move {
            let _slot = slot;
            tokio::select! {
                () = stop.cancelled() => {}
                _ = sender.send(&delivery) => {
                    pending.fetch_sub(delivery.updates as u64, AcqRel);
                }
            }
        });
    }
}

/// Something is due and may be sent.
async fn turn(next: Option<Instant>, slots: Arc<Semaphore>) -> OwnedSemaphorePermit {
    if let Some(next) = next {
        sleep_until(next).await;
        if let Ok(slot) = slots.acquire_owned().await {
            return slot;
        }
    }
    pending().await
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.place).cmp(&(other.at, other.place))
    }
}
