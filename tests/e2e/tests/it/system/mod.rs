//! The whole system: every service as a program of its own, with a fake Meta, under the eyes of a collector.

mod ask;
mod private;
mod tree;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;
use uuid::Uuid;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, NUMBER, status, statuses};
use waypost_harness::services::{APP_SECRET, Spawned};
use waypost_harness::{Client, Process, Reply, eventually, eventually_some};
use waypost_realtime_tests::{Follower, Realtime, Site, Transport, tokens};
use waypost_sandbox::{Graph, GraphSettings};

use crate::SOON;

pub(crate) use ask::{Answer, ask};
pub(crate) use private::{Private, Texts};
pub(crate) use tree::{trace_of, tree};

/// The key that messages are sent with, and its SHA-256, which is all that the ingress is told.
pub(crate) const KEY: &str = "wpk_test_key_of_the_whole_system";
const KEY_SHA256: &str = "42c54461a5a4f25aba2e8ca356893f482e342f07bf4fc15f43df84a487f65327";
/// The token for the Graph API.
pub(crate) const API_TOKEN: &str = "EAATestTokenOfTheWholeSystem";

/// All services, each a program.
pub(crate) struct System {
    /// Servers, settings and what can be seen of them.
    pub(crate) site: Site,
    /// Meta. It tells of no statuses by itself, so that a test says when which comes.
    pub(crate) graph: Graph,
    pub(crate) ingress: Spawned,
    pub(crate) worker: Spawned,
    pub(crate) dispatcher: Spawned,
    pub(crate) realtime: Realtime,
    pub(crate) monitor: Spawned,
    _files: TempDir,
}

impl System {
    /// Starts all of it on these settings.
    pub(crate) async fn start(stage: Stage) -> Self {
        let files = tempfile::tempdir().unwrap();
        let keys = files.path().join("keys.toml");
        let table = format!("[whole]\nsha256 = \"{KEY_SHA256}\"\nnumbers = [\"*\"]\n");
        std::fs::write(&keys, table).unwrap();
        let graph_at = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let graph_url = format!("http://{}", graph_at.local_addr().unwrap());
        let settings = GraphSettings {
            tokens: vec![API_TOKEN.to_owned()],
            ..GraphSettings::default()
        };
        let stage = stage
            .with("send.keys_file", keys.to_string_lossy())
            .with("graph.url", graph_url)
            .with("whatsapp.api_token", API_TOKEN)
            .with("dispatcher.backoff", "50ms")
            .with("limits.number", "0")
            .with("limits.pair_interval", "0s");
        let site = Site::on(stage);
        let services = &site.services;
        Self {
            graph: Graph::start(graph_at, settings).unwrap(),
            ingress: services.ingress_process().await,
            worker: services.worker_process().await,
            dispatcher: services.dispatcher_process().await,
            monitor: services.monitor_process().await,
            realtime: site.realtime().await,
            site,
            _files: files,
        }
    }

    /// Every process with the name of its service.
    pub(crate) fn processes(&self) -> [(&'static str, &Process); 5] {
        [
            ("waypost-ingress", &self.ingress.process),
            ("waypost-worker", &self.worker.process),
            ("waypost-dispatcher", &self.dispatcher.process),
            ("waypost-realtime", &self.realtime.process),
            ("waypost-monitor", &self.monitor.process),
        ]
    }

    /// Its page of metrics.
    pub(crate) async fn metrics(process: &Process) -> String {
        let admin = Client::new(process.admin().unwrap(), APP_SECRET);
        let reply = admin.get("/metrics").await.unwrap();
        assert_eq!(reply.status, 200);
        String::from_utf8(reply.body.to_vec()).unwrap()
    }

    /// Stops all services, in the order in which work flows. Each must end well; then all that it had to say has been said. Their logs.
    pub(crate) async fn stop(self) -> Vec<(&'static str, String)> {
        let (processes, _kept) = self.into_parts();
        let mut logs = Vec::new();
        for (name, process) in processes {
            process.sigterm();
            logs.push(end(name, process, SOON).await);
        }
        logs
    }

    /// The same with all at once, and each within this time.
    pub(crate) async fn stop_together(self, limit: Duration) -> Vec<(&'static str, String)> {
        let (processes, _kept) = self.into_parts();
        for (_, process) in &processes {
            process.sigterm();
        }
        let ends = processes.map(|(name, process)| end(name, process, limit));
        join_all(ends).await
    }

    /// The services, and what they stand on, to be kept for as long as they run.
    fn into_parts(self) -> ([(&'static str, Process); 5], impl Sized) {
        let processes = [
            ("waypost-ingress", self.ingress.process),
            ("waypost-dispatcher", self.dispatcher.process),
            ("waypost-worker", self.worker.process),
            ("waypost-realtime", self.realtime.process),
            ("waypost-monitor", self.monitor.process),
        ];
        (processes, (self.site, self.graph, self._files))
    }

    /// A page that sees everything, connected.
    pub(crate) async fn page(&self) -> Follower {
        let page = Follower::start(Transport::Sse, self.realtime.dial(tokens::of_everything()));
        eventually(SOON, "the page is connected", async || {
            page.look(|record| record.connects > 0)
        })
        .await;
        page
    }

    /// Posts a webhook, which must be taken. The id of the request.
    pub(crate) async fn webhook(&self, client: &Client, body: bytes::Bytes) -> Uuid {
        let signature = waypost_whatsapp::signature::sign(APP_SECRET.as_bytes(), &body);
        let headers = [("x-hub-signature-256", &*signature)];
        let reply = client.post_with(body, &headers).await.unwrap();
        assert_eq!(reply.status, 200);
        request_id(&reply)
    }

    /// Sends a text, with these headers besides. What was answered.
    pub(crate) async fn post(&self, to: &str, text: &str, headers: &[(&str, &str)]) -> Reply {
        let body =
            json!({"from": NUMBER, "to": format!("+{to}"), "type": "text", "text": {"body": text}});
        let bearer = format!("Bearer {KEY}");
        let mut all = vec![("authorization", &*bearer)];
        all.extend(headers);
        let sender = self.ingress.sender();
        sender
            .post_to("/v1/messages", body.to_string(), &all)
            .await
            .unwrap()
    }

    /// The same for a text that must be taken. Our id of it.
    pub(crate) async fn send(&self, to: &str, text: &str, headers: &[(&str, &str)]) -> Uuid {
        let reply = self.post(to, text, headers).await;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(reply.status, 202, "{answer}");
        answer["id"].as_str().unwrap().parse().unwrap()
    }

    /// Waits until the history has a message in this state.
    pub(crate) async fn reaches(&self, id: Uuid, state: &str) {
        let query =
            format!("SELECT count(*) FROM messages WHERE id = '{id}' AND state = '{state}'");
        eventually(SOON, state, async || {
            self.site.stage.count(&query).await == 1
        })
        .await;
    }

    /// Meta's id of a message that it took.
    pub(crate) async fn wamid(&self, id: Uuid) -> String {
        eventually_some(SOON, "Meta has it", async || {
            let mut taken = self.graph.accepted_by_id(id);
            taken.pop().map(|message| message.wamid)
        })
        .await
    }

    /// Meta tells of a status of a message that was sent to `to`. The id of the request.
    pub(crate) async fn tell(&self, id: Uuid, word: &str, to: &str) -> Uuid {
        let mut item = status(&self.wamid(id).await, word, NOON, to);
        item["biz_opaque_callback_data"] = json!(format!("wp:{id}"));
        self.webhook(&self.ingress.client(), statuses(&[item]))
            .await
    }

    /// Where the admin plane is.
    pub(crate) fn plane(&self) -> SocketAddr {
        self.monitor.address()
    }
}

/// Waits for the end of a service, which must be a good one. Its log.
async fn end(name: &'static str, mut process: Process, limit: Duration) -> (&'static str, String) {
    let ended = timeout(limit, process.wait()).await;
    let status = ended.unwrap_or_else(|_| panic!("{name} did not end within {limit:?}"));
    let log = process.log();
    assert!(status.success(), "{name} ended with {status}\n{log}");
    (name, log)
}

/// The same stage with everything told to a collector at this address.
pub(crate) fn told_to(stage: Stage, collector: SocketAddr) -> Stage {
    stage
        .with("telemetry.otlp_endpoint", format!("http://{collector}"))
        .with("telemetry.interval", "1s")
        // What is slow is kept in any case, and a busy machine makes anything slow.
        .with("telemetry.slow", "1h")
}

/// The id of the request, as its answer tells it.
pub(crate) fn request_id(reply: &Reply) -> Uuid {
    reply.headers["x-request-id"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// The value of the first line of a page of metrics that begins so.
pub(crate) fn figure(page: &str, beginning: &str) -> Option<f64> {
    let line = page.lines().find(|line| line.starts_with(beginning))?;
    line.rsplit_once(' ')?.1.parse().ok()
}
