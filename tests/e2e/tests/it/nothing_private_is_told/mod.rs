//! What people wrote, whom they wrote to, Meta's ids and our secrets are in no log, no trace, no metric and no error answer, when all
//! goes well and when nothing does.

mod looks;
mod sends;
mod webhooks;

use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{DISPLAY, NOON, NUMBER, messages, text};
use waypost_harness::otlp::Receiver;
use waypost_harness::proxy::Proxy;
use waypost_harness::services::{APP_SECRET, VERIFY_TOKEN};
use waypost_realtime_tests::tokens;
use waypost_whatsapp::signature::sign;

use crate::system::{API_TOKEN, Answer, KEY, Private, System, Texts, ask, told_to};

const CUSTOMER: &str = "4915755501234";
const STRANGER: &str = "4915755505678";
const RECIPIENT: &str = "4915755509012";
const REFUSED: &str = "4915755503456";
const UNLUCKY: &str = "4915755507890";
const PHONES: [&str; 6] = [CUSTOMER, STRANGER, RECIPIENT, REFUSED, UNLUCKY, DISPLAY];
const USER_ID: &str = "US.90210000000007";
const NAME: &str = "Zacharias Quillfeather";
/// A good key of each kind, and one that opens nothing.
const OPERATOR: &str = "wpk_test_key_of_an_operator_at_night";
const OPERATOR_SHA256: &str = "ea38942e87d5c172bf5716e8a6c03e50a347f8a7e39cf879e21e7217437d802d";
const FRONT_END: &str = "wpk_test_key_of_a_front_end";
const FRONT_END_SHA256: &str = "c043a86b810d46059471ec193908166805ed9c59f3b6e88c6d98727fd69e3c65";
const WRONG: &str = "wpk_a_key_that_opens_nothing_at_all";
const COLLECTORS: &str = "credential-of-the-collector";
const GRAPH_SECRET: &str = "graph_app_secret_of_the_tests";
const WRONG_VERIFY_TOKEN: &str = "a_verify_token_that_is_not_ours";

/// The system, the ways into it, and what is found out on the way.
struct Run {
    system: System,
    redis: Proxy,
    postgres: Proxy,
    private: Private,
    texts: Texts,
    bodies: usize,
    _files: TempDir,
}

impl Run {
    async fn start(collector: &Receiver) -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str, table: String| {
            let path = files.path().join(name);
            std::fs::write(&path, table).unwrap();
            path.to_string_lossy().into_owned()
        };
        let operators = format!("[night]\nsha256 = \"{OPERATOR_SHA256}\"\nrole = \"operator\"\n");
        let fronts =
            format!("[front]\nsha256 = \"{FRONT_END_SHA256}\"\nnumbers = [\"{NUMBER}\"]\n");
        let stage = Stage::new().await;
        let (redis, postgres) = (
            before(stage.redis_url()).await,
            before(stage.database_url()).await,
        );
        let (redis_url, postgres_url) = (
            redis.url(stage.redis_url()),
            postgres.url(stage.database_url()),
        );
        let mut private = Private::default();
        private.word("the password of Postgres", password(stage.database_url()));
        let stage = told_to(stage, collector.address())
            .with("redis.url", redis_url)
            .with("redis.timeout", "500ms")
            .with("postgres.url", postgres_url)
            .with("postgres.connect_timeout", "1s")
            .with("log.level", "debug")
            .with("log.format", "json")
            .with(
                "telemetry.otlp_headers",
                format!("authorization={COLLECTORS}"),
            )
            .with("graph.app_secret", GRAPH_SECRET)
            .with("dispatcher.attempts", "2")
            .with("dispatcher.request_timeout", "2s")
            .with("dispatcher.unknown_deadline", "1s")
            .with("send.body_limit", "4KiB")
            .with("monitor.tokens_file", file("operators.toml", operators))
            .with("realtime.keys_file", file("fronts.toml", fronts));
        Self {
            system: System::start(stage).await,
            redis,
            postgres,
            private: knowing_secrets(private),
            texts: Texts::default(),
            bodies: 0,
            _files: files,
        }
    }

    /// Something to say that nobody has said yet.
    fn says(&mut self) -> String {
        self.bodies += 1;
        let body = format!("Quokkas dance at midnight, said {:03}", self.bodies);
        self.private.word("what somebody wrote", &body);
        body
    }

    /// An id of Meta's, with the phone number in it as theirs have.
    fn wamid(&mut self, phone: &str) -> String {
        let digits = format!(
            "\x1c\x18\x0d{phone}\x15\x02\0\x12\x18\x14{:020X}",
            Uuid::now_v7().as_u128() & 0xffff_ffff_ffff
        );
        let wamid = format!("wamid.{}", STANDARD.encode(digits));
        self.private.wamid(&wamid);
        wamid
    }

    /// A text of a person who is known by everything.
    fn text_of(&mut self, phone: &str) -> Value {
        let (wamid, body) = (self.wamid(phone), self.says());
        text(&wamid, Some(phone), Some(USER_ID), NOON, &body)
    }

    /// Notes an answer that must be an error.
    fn refused(&mut self, whence: &str, answer: &Answer) {
        assert!(answer.status >= 400, "{whence}: {answer:?}");
        self.texts
            .add(&format!("the answer to {whence}"), format!("{answer:?}"));
    }

    /// Posts a webhook with any signature.
    async fn webhook(&self, body: impl Into<Bytes>, signature: &str) -> Answer {
        let url = format!("http://{}/webhook", self.system.ingress.address());
        ask("POST", &url, &[("x-hub-signature-256", signature)], body).await
    }

    /// Posts a good one.
    async fn good_webhook(&self, body: Bytes) {
        let signature = sign(APP_SECRET.as_bytes(), &body);
        let answer = self.webhook(body, &signature).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Asks the send API.
    async fn post(&self, key: &str, idempotency: &str, body: String) -> Answer {
        let url = format!("http://{}/v1/messages", self.system.ingress.send_address());
        let bearer = format!("Bearer {key}");
        let headers = [
            ("authorization", &*bearer),
            ("idempotency-key", idempotency),
            ("content-type", "application/json"),
        ];
        ask("POST", &url, &headers, body).await
    }

    /// Asks the admin plane.
    async fn plane(&self, key: &str, method: &str, path: &str, body: Value) -> Answer {
        let url = format!("http://{}{path}", self.system.plane());
        let bearer = format!("Bearer {key}");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "application/json"),
        ];
        ask(method, &url, &headers, body).await
    }

    /// Sends a text that must be taken.
    async fn send(&mut self, to: &str) -> Uuid {
        let body = json!({
            "from": NUMBER, "to": format!("+{to}"), "type": "text", "text": {"body": self.says()},
            "biz_opaque_callback_data": self.says(),
        });
        let answer = self
            .post(KEY, &Uuid::now_v7().to_string(), body.to_string())
            .await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.json()["id"].as_str().unwrap().parse().unwrap()
    }
}

/// Adds every secret that the services are told or are shown.
fn knowing_secrets(mut private: Private) -> Private {
    for phone in PHONES {
        private.phone(phone);
    }
    let proof = sign(GRAPH_SECRET.as_bytes(), API_TOKEN.as_bytes());
    for (what, secret) in [
        ("the secret of the app", APP_SECRET),
        ("the verify token", VERIFY_TOKEN),
        ("a wrong verify token", WRONG_VERIFY_TOKEN),
        ("the token for the Graph API", API_TOKEN),
        ("the secret for the Graph API", GRAPH_SECRET),
        (
            "the proof of that secret",
            proof.trim_start_matches("sha256="),
        ),
        ("a sender's key", KEY),
        ("an operator's key", OPERATOR),
        ("a front end's key", FRONT_END),
        ("a wrong key", WRONG),
        ("the secret of browsers' tokens", tokens::SECRET),
        ("the credential for the collector", COLLECTORS),
        ("a user id", USER_ID),
        ("a name", NAME),
    ] {
        private.word(what, secret);
    }
    private
}

/// A proxy before a server of this machine, by its address.
async fn before(url: &str) -> Proxy {
    let authority = url.split_once("://").unwrap().1.split('/').next().unwrap();
    let port = authority.rsplit_once(':').unwrap().1.parse().unwrap();
    Proxy::to(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

fn password(url: &str) -> &str {
    let login = url.split_once("://").unwrap().1.split_once('@').unwrap().0;
    login.split_once(':').unwrap().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_when_all_goes_well_nor_when_nothing_does() {
    let collector = Receiver::grpc();
    let mut run = Run::start(&collector).await;
    let page = run.system.page().await;
    webhooks::good(&mut run).await;
    sends::go(&mut run).await;
    webhooks::bad(&mut run).await;
    sends::are_bad(&mut run).await;
    looks::browsers(&mut run).await;
    looks::operators(&mut run).await;
    looks::operators_err(&mut run).await;
    sends::in_outages(&mut run).await;
    assert!(
        page.look(|record| record.distinct()) > 10,
        "a browser has heard of it"
    );
    page.stop();
    for message in run.system.graph.accepted() {
        run.private.wamid(&message.wamid);
    }
    for (name, process) in run.system.processes() {
        let page = System::metrics(process).await;
        run.texts.add(&format!("the metrics of {name}"), page);
    }
    let client = run.system.ingress.client();
    let request = run.system.webhook(&client, messages(&[])).await;
    let Run {
        system,
        private,
        mut texts,
        ..
    } = run;
    for (name, log) in system.stop().await {
        let lines: Vec<Value> = log
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let level = |word: &str| lines.iter().filter(|line| line["level"] == word).count();
        assert!(level("DEBUG") > 0, "{name} said nothing at level debug");
        assert!(
            level("ERROR") + level("WARN") > 0,
            "{name} had no cause to complain"
        );
        texts.add(&format!("the log of {name}"), log);
    }
    for text in collector.texts() {
        texts.add("the collector", text);
    }
    // What may be told is there, so it is the right place to look for what may not.
    assert!(texts.hold("the log of waypost-ingress", &request.to_string()));
    assert!(texts.hold("the log of waypost-dispatcher", NUMBER));
    assert!(texts.hold(
        "the metrics of waypost-dispatcher",
        "waypost_attempts_total"
    ));
    assert!(texts.hold("the collector", NUMBER));
    texts.hold_none_of(&private);
}
