//! An outbox, a fake Meta and dispatchers between them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use waypost_dispatcher::{Config, run};
use waypost_harness::{Client, Process, TestRedis, eventually, eventually_some, free_port};
use waypost_model::{OnUnknown, Priority, Recipient, SendState};
use waypost_queue::{
    Acceptor, AcceptorTask, Consumer, DeadOutgoing, DeadOutgoingFilter, Fact, InboxSettings, Kind,
    Outbox, OutboxSettings, Outgoing, Redis, RedisSettings, Reserved, Settlement,
};
use waypost_runtime::{Health, Phase};
use waypost_sandbox::{Graph, GraphSettings};
use waypost_settings::MapLookup;

pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Everything of a test but the dispatchers.
pub(crate) struct Stage {
    pub(crate) redis: Redis,
    pub(crate) outbox: Outbox,
    settings: BTreeMap<String, String>,
    acceptor: Acceptor,
    facts: Mutex<Vec<Fact>>,
    _task: AcceptorTask,
}

/// A dispatcher in this process.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// A dispatcher as a process of its own.
pub(crate) struct Program {
    process: Process,
    admin: SocketAddr,
}

/// Times short enough to see in a test what takes minutes in earnest, and no limits.
const HASTY: &[(&str, &str)] = &[
    ("whatsapp.api_token", "test-token"),
    ("lanes.lease", "1500ms"),
    ("lanes.heartbeat", "300ms"),
    ("dispatcher.request_timeout", "1s"),
    ("dispatcher.unknown_deadline", "1s"),
    ("dispatcher.backoff", "50ms"),
    ("dispatcher.backoff_cap", "200ms"),
    ("breaker.open", "200ms"),
    ("breaker.longest", "400ms"),
    ("breaker.probe", "2s"),
    ("limits.number", "0"),
    ("limits.pair_interval", "0s"),
];

impl Stage {
    /// A dispatcher of this stage will ask the Graph API at this address.
    pub(crate) async fn at(graph_url: &str) -> Self {
        let TestRedis { url, prefix, .. } = &waypost_harness::redis().await;
        let redis = RedisSettings::for_url(url).with_prefix(prefix);
        let redis = Redis::connect(&redis).await.unwrap();
        let outbox = OutboxSettings::default();
        let (acceptor, task) = Acceptor::start(redis.clone(), &outbox);
        let given = [
            ("redis.url", url.as_str()),
            ("redis.prefix", prefix.as_str()),
            ("graph.url", graph_url),
        ];
        let settings = HASTY.iter().copied().chain(given);
        Self {
            outbox: Outbox::new(&redis, &outbox),
            redis,
            settings: settings
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            acceptor,
            facts: Mutex::default(),
            _task: task,
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn with_numbers(self, file: &Path) -> Self {
        self.with("numbers.file", file.to_str().unwrap())
    }

    pub(crate) fn config(&self) -> Config {
        let lookup: MapLookup = self.settings.clone().into_iter().collect();
        Config::from_lookup(&lookup).unwrap()
    }

    /// Starts a dispatcher and waits until it is ready.
    pub(crate) async fn dispatcher(&self) -> Running {
        let (stop, health) = (CancellationToken::new(), Health::default());
        let ended = stop.clone().cancelled_owned();
        let ran = run(self.config(), None, health.clone(), ended);
        let task = tokio::spawn(async move { ran.await.unwrap() });
        eventually(SOON, "the dispatcher runs", async || {
            health.phase() == Phase::Running
        })
        .await;
        Running { stop, task }
    }

    /// Starts the program as a process, whose telemetry is its own, and waits until it is ready.
    pub(crate) async fn program(&self) -> Program {
        // A port that was free a moment ago may be another test's by now; then there are others.
        for _ in 0..3 {
            let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().unwrap()));
            let listen = ("admin.listen".to_owned(), admin.to_string());
            let settings = self.settings.clone().into_iter().chain([listen]);
            let environment: Vec<_> = settings
                .map(|(key, value)| (key.replace('.', "_").to_uppercase(), value))
                .map(|(key, value)| (format!("WAYPOST_{key}"), value))
                .collect();
            let environment: Vec<_> = environment
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect();
            let path = Path::new(env!("CARGO_BIN_EXE_waypost-dispatcher"));
            let mut process = Process::spawn_program(path, &[], &environment);
            if process.try_ready(admin).await.is_ok() {
                return Program { process, admin };
            }
            let log = process.log();
            assert!(log.contains("cannot listen"), "it ended:\n{log}");
        }
        panic!("no port was free, three times");
    }

    pub(crate) async fn put(&self, outgoing: Outgoing) -> Uuid {
        let id = outgoing.id;
        self.acceptor.accept(outgoing, None).await.unwrap();
        id
    }

    /// So many messages, each to another person.
    pub(crate) async fn put_crowd(&self, count: usize) -> Vec<Uuid> {
        let all = (0..count)
            .map(|i| (message(&format!("49150{i:05}")), None))
            .collect::<Vec<_>>();
        let ids = all.iter().map(|(outgoing, _)| outgoing.id).collect();
        for answer in self.acceptor.accept_all(all).await {
            answer.unwrap();
        }
        ids
    }

    /// Every fact told so far about a message, oldest first.
    pub(crate) async fn facts_of(&self, id: Uuid) -> Vec<Fact> {
        let mut facts = self.facts.lock().await;
        let consumer = Consumer::join_facts(&self.redis, &InboxSettings::default(), 0)
            .await
            .unwrap();
        while let Reserved::Batch(batch) = consumer.reserve(1000, 1 << 20).await.unwrap() {
            let envelopes = batch.entries.iter().map(|e| e.envelope.as_ref().unwrap());
            let told = envelopes.filter(|envelope| envelope.kind == Kind::Fact);
            facts.extend(told.map(|envelope| Fact::from_envelope(envelope).unwrap()));
            consumer.settle(&batch, &Settlement::new()).await.unwrap();
        }
        consumer.leave().await.unwrap();
        facts
            .iter()
            .filter(|fact| fact.message_id == id)
            .cloned()
            .collect()
    }

    /// Waits until a fact tells that a message is in this state, and returns all about it until then.
    pub(crate) async fn reaches(&self, id: Uuid, state: SendState) -> Vec<Fact> {
        eventually_some(SOON, state.as_str(), async || {
            let facts = self.facts_of(id).await;
            let reached = facts.iter().any(|fact| fact.state == state);
            reached.then_some(facts)
        })
        .await
    }

    pub(crate) async fn drained(&self) {
        eventually(SOON, "all messages come to an end", async || {
            self.outbox.stats().await.unwrap().is_drained()
        })
        .await;
    }

    pub(crate) async fn stopped(&self) -> Option<String> {
        self.outbox.number(NUMBER).await.unwrap().stopped
    }

    pub(crate) async fn dead(&self) -> Vec<DeadOutgoing> {
        let all = DeadOutgoingFilter::default();
        self.outbox.dead_letters(&all).await.unwrap()
    }
}

impl Running {
    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(SOON, self.task)
            .await
            .unwrap()
            .unwrap();
    }
}

impl Program {
    /// What `/metrics` says now.
    pub(crate) async fn metrics(&self) -> String {
        let reply = Client::new(self.admin, "").get("/metrics").await.unwrap();
        String::from_utf8(reply.body.to_vec()).unwrap()
    }

    /// Asks it to end, waits until it has sent its last words, and answers with its log.
    pub(crate) async fn stop(mut self) -> String {
        self.process.sigterm();
        assert!(self.process.wait().await.success());
        self.process.log()
    }
}

/// A fake Meta that answers at once.
pub(crate) async fn graph(settings: GraphSettings) -> Graph {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    Graph::start(listener, settings).unwrap()
}

pub(crate) fn message(phone: &str) -> Outgoing {
    let body = format!(
        r#"{{"messaging_product":"whatsapp","to":"{phone}","type":"text","text":{{"body":"Hello"}}}}"#
    );
    Outgoing {
        id: Uuid::now_v7(),
        accepted_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        traceparent: String::new(),
        phone_number_id: NUMBER.to_owned(),
        account: String::new(),
        recipient: Recipient::Phone(phone.to_owned()),
        kind: "text".to_owned(),
        priority: Priority::Normal,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: None,
        key_name: "test".to_owned(),
        by_link: false,
        body: Bytes::from(body),
    }
}

/// What the facts tell of attempts: number, verdict, state.
pub(crate) fn attempts(facts: &[Fact]) -> Vec<(u32, &str, SendState)> {
    let attempted = facts.iter().filter(|fact| fact.attempted);
    attempted
        .map(|fact| (fact.attempt, fact.verdict.as_str(), fact.state))
        .collect()
}
