//! Events from the very beginning: webhooks, a real ingress, a real worker.

use std::time::Duration;

use waypost_e2e::webhook::{NOON, text, webhook};
use waypost_harness::eventually;
use waypost_harness::services::Spawned;
use waypost_queue::Position;
use waypost_realtime_tests::feed::{self, Feed, NUMBERS, Sent};
use waypost_realtime_tests::{Heard, Site};

/// Within which the worker must have told of what the ingress took.
const TOLD: Duration = Duration::from_secs(60);

/// Webhooks going in through a real ingress and a real worker, and what the worker has told of them.
pub(crate) struct Flow {
    ingress: Spawned,
    _worker: Spawned,
    feed: Option<Feed>,
    /// All that the worker has told so far.
    pub(crate) told: Vec<Heard>,
}

impl Flow {
    pub(crate) async fn start(site: &Site) -> Self {
        Self {
            ingress: site.stage.services.ingress_process().await,
            _worker: site.stage.services.worker_process().await,
            feed: None,
            told: Vec::new(),
        }
    }

    /// Our id of the first person, who has written to the first number.
    pub(crate) async fn contact(&mut self, site: &Site) -> String {
        let first = text("wamid.FIRST", Some(&feed::phone(0)), None, NOON, "Hello");
        let change = feed::change_of(NUMBERS[0], serde_json::json!({"messages": [first]}));
        let status = self.ingress.client().post(webhook(&[change])).await;
        assert_eq!(status.unwrap(), 200);
        let contact = "SELECT contact_id::text FROM messages WHERE wamid = 'wamid.FIRST'";
        eventually(TOLD, "the first message is told of", async || {
            self.listen(site).await;
            !self.told.is_empty()
        })
        .await;
        site.stage.texts(contact).await.remove(0)
    }

    /// From now on, something always happens.
    pub(crate) fn begin(&mut self) {
        self.feed = Some(Feed::start(&self.ingress.client()));
    }

    /// Waits until so many events more have been told.
    pub(crate) async fn grows(&mut self, site: &Site, events: usize) {
        let enough = self.told.len() + events;
        eventually(TOLD, "the worker has told of more", async || {
            self.listen(site).await;
            self.told.len() >= enough
        })
        .await;
    }

    async fn listen(&mut self, site: &Site) {
        let position = self
            .told
            .last()
            .map_or(Position::START, |event| event.position);
        self.told.extend(site.stream.told_after(position).await);
    }

    /// Stops, waits until the worker has told of all, and leaves out the first message, which nobody was there to hear. Nothing of what
    /// was sent may lack there already.
    pub(crate) async fn end(mut self, site: &Site) -> Vec<Heard> {
        let sent = self.feed.take().expect("begun").stop().await;
        site.stage.drained(TOLD).await;
        self.listen(site).await;
        let told = self
            .told
            .iter()
            .map(|event| (event.number.clone(), event.key()));
        let told: Sent = told.collect();
        let missing: Vec<_> = sent.difference(&told).collect();
        assert!(missing.is_empty(), "the worker has not told of {missing:?}");
        self.told.split_off(1)
    }
}
