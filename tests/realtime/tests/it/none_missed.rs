//! Nobody misses anything: 5,000 events from webhook to client, while the service that carries them dies.

use std::time::{Duration, Instant};

use waypost_e2e::webhook::{NOON, text, webhook};
use waypost_harness::services::Spawned;
use waypost_harness::{Client, eventually};
use waypost_queue::Position;
use waypost_realtime_tests::feed::{self, EVENTS_EACH, NUMBERS, Sent};
use waypost_realtime_tests::{Heard, Site, Switch, steady_port};

use crate::MACHINE;
use crate::crowd::Crowd;

/// Within which the worker must have told of what the ingress took.
const TOLD: Duration = Duration::from_secs(60);
/// Within which a service that is told to stop must have ended: well before `realtime.drain_deadline`.
const DRAINED: Duration = Duration::from_secs(10);
/// What `realtime.drain_spread` is in these tests.
const SPREAD: Duration = Duration::from_millis(500);

/// Ingress and worker, and what was sent through them.
struct Flow {
    ingress: Spawned,
    _worker: Spawned,
    sent: Sent,
    webhooks: usize,
    /// All that the worker has told so far.
    told: Vec<Heard>,
}

impl Flow {
    async fn start(site: &Site) -> Self {
        Self {
            ingress: site.stage.services.ingress_process().await,
            _worker: site.stage.services.worker_process().await,
            sent: Sent::new(),
            webhooks: 0,
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

    /// Sends so many webhooks, and does `meanwhile` when half of their events have been told.
    async fn send(&mut self, site: &Site, webhooks: usize, meanwhile: impl Future<Output = ()>) {
        let meta: Client = self.ingress.client();
        let range = self.webhooks..self.webhooks + webhooks;
        let feeding = tokio::spawn(async move { feed::feed(&meta, range).await });
        let half = self.told.len() + webhooks * EVENTS_EACH / 2;
        eventually(TOLD, "half of it is told", async || {
            self.listen(site).await;
            self.told.len() >= half
        })
        .await;
        meanwhile.await;
        self.sent.extend(feeding.await.unwrap());
        self.webhooks += webhooks;
    }

    async fn listen(&mut self, site: &Site) {
        let position = self
            .told
            .last()
            .map_or(Position::START, |event| event.position);
        self.told.extend(site.stream.told_after(position).await);
    }

    /// Waits until the worker has told of all, and leaves out the first message, which nobody was there to hear. Nothing of what was sent
    /// may lack there already.
    async fn told(mut self, site: &Site) -> Vec<Heard> {
        site.stage.drained(TOLD).await;
        self.listen(site).await;
        let told: Sent = self
            .told
            .iter()
            .map(|event| (event.number.clone(), event.key()))
            .collect();
        let missing: Vec<_> = self.sent.difference(&told).collect();
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
    for death in 0..=3 {
        let kill = async {
            if death > 0 {
                realtime.kill().await;
                realtime.start_again().await;
            }
        };
        flow.send(&site, 126, kill).await;
        crowd.connected(1 + death).await;
    }
    let told = flow.told(&site).await;
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
    for (old, new) in [(0, 1), (1, 0)] {
        let roll = async {
            switch.point_to(replicas[new].address);
            let began = Instant::now();
            replicas[old].drain().await;
            // Everybody was told to go, and went: none had to be cut off at the deadline.
            let took = began.elapsed();
            assert!(took < DRAINED, "it took {took:?}");
            replicas[old].start_again().await;
        };
        flow.send(&site, 60, roll).await;
        crowd.connected(2 + old).await;
    }
    let told = flow.told(&site).await;
    let records = crowd.has_all(&told).await;
    for (name, record) in records {
        let byes = record.byes;
        assert!(
            byes.iter()
                .all(|bye| bye.reason == "draining" && bye.retry <= SPREAD),
            "{name}: {byes:?}"
        );
        // The next request of a session that polls goes to the other replica already, where nobody knows it: it is told so, and begins anew.
        // Whoever polls through a balancer wants it to keep sessions where they are.
        if !name.starts_with("polling") {
            assert_eq!(byes.len(), 2, "{name}: {byes:?}");
        }
    }
}
