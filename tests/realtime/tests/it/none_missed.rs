//! Nobody misses anything: 5,000 events from webhook to client, while the service that carries them dies.

use std::time::{Duration, Instant};

use waypost_e2e::webhook::{NOON, text, webhook};
use waypost_harness::eventually;
use waypost_harness::services::Spawned;
use waypost_queue::Position;
use waypost_realtime_tests::feed::{self, Feed, NUMBERS, Sent};
use waypost_realtime_tests::{Heard, Site, Switch, steady_port};

use crate::MACHINE;
use crate::crowd::Crowd;

/// Within which the worker must have told of what the ingress took.
const TOLD: Duration = Duration::from_secs(60);
/// Within which a service that is told to stop must have ended: well before `realtime.drain_deadline`.
const DRAINED: Duration = Duration::from_secs(10);
/// What `realtime.drain_spread` is in these tests.
const SPREAD: Duration = Duration::from_millis(500);

/// Webhooks going in through a real ingress and a real worker, and what the worker has told of them.
struct Flow {
    ingress: Spawned,
    _worker: Spawned,
    feed: Option<Feed>,
    /// All that the worker has told so far.
    told: Vec<Heard>,
}

impl Flow {
    async fn start(site: &Site) -> Self {
        Self {
            ingress: site.stage.services.ingress_process().await,
            _worker: site.stage.services.worker_process().await,
            feed: None,
            told: Vec::new(),
        }
    }

    /// Our id of the first person, who has written to the first number.
    async fn contact(&mut self, site: &Site) -> String {
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
    fn begin(&mut self) {
        self.feed = Some(Feed::start(&self.ingress.client()));
    }

    /// Waits until so many events more have been told.
    async fn grows(&mut self, site: &Site, events: usize) {
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
    async fn end(mut self, site: &Site) -> Vec<Heard> {
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

fn allowing(site: Site, page: u16) -> Site {
    site.with("realtime.origins", format!("http://127.0.0.1:{page}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_three_times_in_five_thousand_events() {
    let _machine = MACHINE.read().await;
    let page = steady_port();
    let site = allowing(Site::new().await, page);
    let mut flow = Flow::start(&site).await;
    let contact = flow.contact(&site).await;
    let mut realtime = site.realtime().await;
    let crowd = Crowd::start(realtime.address, page, &contact).await;
    crowd.connected(1).await;
    flow.begin();
    for death in 1..=3 {
        flow.grows(&site, 500).await;
        realtime.kill().await;
        realtime.start_again().await;
        // All come back by themselves while events go on.
        crowd.connected(1 + death).await;
    }
    let rest = 5_000_usize.saturating_sub(flow.told.len());
    flow.grows(&site, rest.max(500)).await;
    let told = flow.end(&site).await;
    assert!(told.len() >= 5_000, "{} events", told.len());
    crowd.has_all(&told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drained_while_clients_move_to_another_replica_and_back() {
    let _machine = MACHINE.read().await;
    let page = steady_port();
    let site = allowing(Site::new().await, page);
    let mut flow = Flow::start(&site).await;
    let contact = flow.contact(&site).await;
    let mut replicas = [site.realtime().await, site.realtime().await];
    let switch = Switch::to(replicas[0].address).await;
    let crowd = Crowd::start(switch.address(), page, &contact).await;
    crowd.connected(1).await;
    flow.begin();
    for (old, new) in [(0, 1), (1, 0)] {
        flow.grows(&site, 300).await;
        switch.point_to(replicas[new].address);
        let began = Instant::now();
        replicas[old].drain().await;
        // Everybody was told to go, and went: none had to be cut off at the deadline.
        let took = began.elapsed();
        assert!(took < DRAINED, "it took {took:?}");
        replicas[old].start_again().await;
        crowd.connected(2 + old).await;
    }
    flow.grows(&site, 300).await;
    let told = flow.end(&site).await;
    let records = crowd.has_all(&told).await;
    for (name, record) in records {
        // On a machine that is busy with something else a client may also be too slow now and then. It comes back.
        let draining = record.byes.iter().filter(|bye| bye.reason == "draining");
        let retries: Vec<_> = draining.map(|bye| bye.retry).collect();
        assert!(
            retries.iter().all(|retry| *retry <= SPREAD),
            "{name}: {retries:?}"
        );
        // The next request of a session that polls goes to the other replica already, where nobody knows it: it is told so, and begins anew.
        // Whoever polls through a balancer wants it to keep sessions where they are.
        if !name.starts_with("polling") {
            assert_eq!(retries.len(), 2, "{name}: {:?}", record.byes);
        }
    }
}
