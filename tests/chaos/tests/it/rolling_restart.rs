//! Every service is replaced while all of them are busy, as a rollout in Kubernetes does it: the new one is ready, the old one is
//! taken out of the balancer, told to stop, and ends well. Nobody outside notices.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;
use waypost_chaos::{Balancer, Halfway, Load, Sent, Steady, stored_once};
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::services::{APP_SECRET, Spawned};
use waypost_harness::{Client, eventually};
use waypost_queue::{Inbox, Outbox, OutboxSettings};
use waypost_realtime_tests::{Dial, Follower, Heard, Realtime, Site, Switch, Transport, tokens};
use waypost_sandbox::{Graph, GraphSettings, WebhookSettings};

use crate::HEALED;

/// The key that messages are sent with, and its SHA-256, which is all that the ingress is told.
const KEY: &str = "wpk_test_key_of_the_rolling_restart";
const KEY_SHA256: &str = "a7244dfefcd6a86fb6107a062c00df336a09a889edbec71e0b5bcff06e0dbe7a";
const TOKEN: &str = "test-token";
/// The webhook that is half-way in when its ingress is told to stop.
const SLOW: &str = "wamid.SLOW";
/// What each kind of traffic must have got through before the next service is replaced.
const GETS_THROUGH: u64 = 25;

/// One of each service, and what stands before them.
struct Cluster {
    site: Site,
    ingress: Spawned,
    worker: Spawned,
    dispatcher: Spawned,
    realtime: Realtime,
    monitor: Spawned,
    webhooks: Balancer,
    send_api: Balancer,
    plane: Balancer,
    events: Switch,
    graph: Graph,
    _files: TempDir,
}

/// All that is asked of the cluster meanwhile.
struct Traffic {
    meta: Load,
    backend: Steady,
    dashboard: Steady,
    pages: [Follower; 2],
}

impl Cluster {
    async fn start() -> Self {
        let files = tempfile::tempdir().unwrap();
        let keys = files.path().join("keys.toml");
        let table = format!("[rolling]\nsha256 = \"{KEY_SHA256}\"\nnumbers = [\"*\"]\n");
        std::fs::write(&keys, table).unwrap();
        let graph_at = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let stage = Stage::new()
            .await
            .with("send.keys_file", keys.to_string_lossy())
            .with(
                "graph.url",
                format!("http://{}", graph_at.local_addr().unwrap()),
            )
            .with("whatsapp.api_token", TOKEN)
            .with("limits.number", "0")
            .with("limits.pair_interval", "0s");
        let site = Site::on(stage);
        let services = &site.services;
        let ingress = services.ingress_process().await;
        let monitor = site.stage.services.monitor_process().await;
        let realtime = site.realtime().await;
        let webhooks = Balancer::to(ingress.address()).await;
        let url = format!("http://{}/webhook", webhooks.address());
        let settings = GraphSettings {
            app_secret: Some(APP_SECRET.to_owned()),
            tokens: vec![TOKEN.to_owned()],
            webhooks: Some(WebhookSettings::to(url)),
            ..GraphSettings::default()
        };
        Self {
            worker: services.worker_process().await,
            dispatcher: services.dispatcher_process().await,
            send_api: Balancer::to(ingress.send_address()).await,
            plane: Balancer::to(monitor.address()).await,
            events: Switch::to(realtime.address).await,
            graph: Graph::start(graph_at, settings).unwrap(),
            webhooks,
            ingress,
            monitor,
            realtime,
            site,
            _files: files,
        }
    }

    /// Replaces the ingress, with a webhook half-way in at the old one. What that answered.
    async fn roll_ingress(&mut self) -> String {
        let new = self.site.services.ingress_process().await;
        let old = std::mem::replace(&mut self.ingress, new);
        tokio::join!(
            self.webhooks.point_to(self.ingress.address()),
            self.send_api.point_to(self.ingress.send_address()),
        );
        let slow = messages(&[text(SLOW, Some("15550009999"), None, NOON, "Slow")]);
        let slow = Halfway::post(old.address(), &slow).await;
        old.process.sigterm();
        eventually(HEALED, "the old ingress drains", async || {
            !old.process.is_ready().await
        })
        .await;
        let answer = slow.finish().await;
        ends_well(old).await;
        answer
    }

    async fn roll_worker(&mut self) {
        let new = self.site.services.worker_process().await;
        std::mem::replace(&mut self.worker, new).stop().await;
    }

    async fn roll_dispatcher(&mut self) {
        let new = self.site.services.dispatcher_process().await;
        std::mem::replace(&mut self.dispatcher, new).stop().await;
    }

    async fn roll_realtime(&mut self) {
        let new = self.site.realtime().await;
        let mut old = std::mem::replace(&mut self.realtime, new);
        self.events.point_to(self.realtime.address);
        old.drain().await;
    }

    async fn roll_monitor(&mut self) {
        let new = self.site.stage.services.monitor_process().await;
        let old = std::mem::replace(&mut self.monitor, new);
        self.plane.point_to(self.monitor.address()).await;
        old.stop().await;
    }

    /// Waits until everything that was taken has come to its end.
    async fn settled(&self) {
        let redis = &self.site.stage.redis;
        let settings = OutboxSettings::default();
        let outbox = Outbox::new(redis, &settings);
        let facts = Inbox::of_facts(redis, settings.partitions);
        eventually(HEALED, "every message has come to its end", async || {
            let drained = outbox.stats().await.is_ok_and(|stats| stats.is_drained());
            drained && self.graph.webhooks_pending() == 0
        })
        .await;
        self.site.stage.drained(HEALED).await;
        eventually(HEALED, "every fact is in the history", async || {
            facts.stats().await.is_ok_and(|stats| stats.is_drained())
        })
        .await;
    }
}

impl Traffic {
    fn on(cluster: &Cluster) -> Self {
        let meta = Client::new(cluster.webhooks.address(), APP_SECRET);
        let page = |transport| {
            let dial = Dial::to(cluster.events.address(), tokens::of_everything());
            Follower::start(transport, dial)
        };
        Self {
            meta: Load::start(&cluster.site.stage.inbox, vec![meta]),
            backend: Steady::sends(cluster.send_api.address(), KEY),
            dashboard: Steady::looks(cluster.plane.address(), "/v1/queues/stats"),
            pages: Transport::BOTH.map(page),
        }
    }

    fn figures(&self) -> [u64; 5] {
        let told = |page: &Follower| page.look(|record| record.distinct()) as u64;
        let [sse, socket] = &self.pages;
        [
            self.meta.accepted(),
            self.backend.good(),
            self.dashboard.good(),
            told(sse),
            told(socket),
        ]
    }

    /// Waits until some more of everything has got through.
    async fn flows(&self, where_we_are: &str) {
        let before = self.figures();
        let what = format!("traffic of every kind flows {where_we_are}");
        eventually(HEALED, &what, async || {
            let now = self.figures().into_iter().zip(before);
            now.into_iter()
                .all(|(now, before)| now >= before + GETS_THROUGH)
        })
        .await;
    }
}

async fn ends_well(mut old: Spawned) {
    let status = old.process.wait().await;
    assert!(status.success(), "{status}\n{}", old.process.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_outside_notices() {
    let mut cluster = Cluster::start().await;
    let traffic = Traffic::on(&cluster);
    traffic.flows("before anything happens").await;
    let answer = cluster.roll_ingress().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    traffic.flows("through the new ingress").await;
    cluster.roll_worker().await;
    traffic.flows("through the new worker").await;
    cluster.roll_dispatcher().await;
    traffic.flows("through the new dispatcher").await;
    cluster.roll_realtime().await;
    traffic.flows("through the new realtime service").await;
    cluster.roll_monitor().await;
    traffic.flows("through the new monitor").await;

    assert_eq!(traffic.meta.refused(), 0, "webhooks that failed");
    let mut sent = traffic.meta.stop().await;
    let ids = traffic.backend.stop().await;
    traffic.dashboard.stop().await;
    cluster.settled().await;
    for balancer in [&cluster.webhooks, &cluster.send_api, &cluster.plane] {
        assert_eq!(balancer.broken(), [""; 0]);
    }
    sent.messages.insert(SLOW.to_owned());
    came_in_once(&cluster.site.stage, &sent).await;
    went_out_once(&cluster, &ids).await;
    let told = cluster.site.stream.told().await;
    was_told(&told, &sent, &ids);
    for page in traffic.pages {
        let events: BTreeSet<&str> = told.iter().map(|event| &*event.id).collect();
        eventually(HEALED, "a page has every event", async || {
            page.look(|record| record.distinct()) >= events.len()
        })
        .await;
        let record = page.stop();
        record.went_well("a page");
        record.is_whole("a page", &told, |_| true);
        assert_eq!((record.connects, record.byes.len()), (2, 1));
    }
}

/// Whatever was answered 200 is one row, no more and no less.
async fn came_in_once(stage: &Stage, sent: &Sent) {
    for (query, sent) in [
        (
            "SELECT wamid FROM messages WHERE direction = 'in'",
            &sent.messages,
        ),
        (
            "SELECT concat_ws(' ', wamid, status) FROM message_statuses WHERE message_id IS NULL",
            &sent.statuses,
        ),
        (
            "SELECT payload #>> '{value,note}' FROM account_events",
            &sent.alerts,
        ),
    ] {
        stored_once(stage, query, sent).await;
    }
    let failed = stage.texts("SELECT error_message FROM failed_webhooks");
    assert_eq!(failed.await, [""; 0]);
    let stats = stage.stats().await;
    assert_eq!((stats.dead, stats.failed, stats.retried), (0, 0, 0));
}

/// Whatever was answered 202 is at Meta, once, and is read.
async fn went_out_once(cluster: &Cluster, ids: &BTreeSet<Uuid>) {
    let mut taken: BTreeMap<Uuid, usize> = BTreeMap::new();
    for message in cluster.graph.accepted() {
        *taken.entry(message.our_id.unwrap()).or_default() += 1;
    }
    let once: BTreeMap<Uuid, usize> = ids.iter().map(|id| (*id, 1)).collect();
    assert_eq!(taken, once);
    let query = "SELECT id::text, concat_ws(' ', state, status, attempts) FROM messages WHERE direction = 'out'";
    let rows = cluster.site.stage.pairs(query).await;
    let read = ids
        .iter()
        .map(|id| (id.to_string(), Some("sent read 1".to_owned())));
    assert_eq!(rows, read.collect());
    let statuses = "SELECT count(*) FROM message_statuses WHERE message_id IS NOT NULL";
    let statuses = cluster.site.stage.count(statuses).await;
    assert_eq!(statuses as usize, 3 * ids.len());
}

/// The stream tells of everything, and of each under one id.
fn was_told(told: &[Heard], sent: &Sent, ids: &BTreeSet<Uuid>) {
    let mut effects: BTreeMap<String, &str> = BTreeMap::new();
    for event in told {
        let text = |key: &str| event.data[key].as_str().unwrap_or_default();
        let key = match (&*event.kind, event.data["message_id"].as_str()) {
            ("account", _) => event.data["change"]["value"]["note"].to_string(),
            ("message", Some(id)) => id.to_owned(),
            ("status", Some(id)) if event.data["status"].is_null() => {
                format!("{id} {} {}", text("state"), event.data["attempt"])
            }
            _ => event.key(),
        };
        let id = effects.entry(key.clone()).or_insert(&event.id);
        assert_eq!(*id, event.id, "one effect, two ids: {key}");
    }
    let alerts = sent.alerts.iter().map(|note| format!("{note:?}"));
    let outgoing = ids
        .iter()
        .flat_map(|id| [id.to_string(), format!("{id} sent 1")]);
    let all = sent.messages.iter().chain(&sent.statuses).cloned();
    let all = all.chain(alerts).chain(outgoing);
    let missing: Vec<String> = all.filter(|key| !effects.contains_key(key)).collect();
    assert!(missing.is_empty(), "nobody was told of {missing:?}");
}
