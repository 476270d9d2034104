//! What happens to a message on its way out becomes rows and events, and webhooks settle what nobody else knows.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;
use waypost_e2e::Stage;
use waypost_e2e::sends::{outgoing, text_to};
use waypost_e2e::webhook::{DISPLAY, NOON, NUMBER, WABA, status, statuses, webhook};
use waypost_harness::eventually;
use waypost_model::{DeadClass, SendState};
use waypost_queue::{
    Acceptor, AcceptorTask, Ending, Enqueuer, Envelope, Fact, How, InboxSettings, Kind,
    LaneConsumer, LaneReserved, LaneSettings, Outbox, OutboxSettings, Progress, Signal, Turn,
};

use crate::SOON;

const TO: &str = "15551000001";

/// A sender and a dispatcher by hand.
struct Lanes {
    acceptor: Acceptor,
    dispatcher: LaneConsumer,
    outbox: Outbox,
    /// Dropping it ends the acceptor.
    _task: AcceptorTask,
}

impl Lanes {
    async fn on(stage: &Stage) -> Self {
        let settings = OutboxSettings::default();
        let lanes = LaneSettings {
            // The test is the only dispatcher, and beats no heart.
            lease: Duration::from_secs(120),
            ..LaneSettings::default()
        };
        let (acceptor, task) = Acceptor::start(stage.redis.clone(), &settings);
        let dispatcher = LaneConsumer::join(&stage.redis, &settings, &lanes, 0).await;
        Self {
            acceptor,
            dispatcher: dispatcher.unwrap(),
            outbox: Outbox::new(&stage.redis, &settings),
            _task: task,
        }
    }

    async fn send(&self, body: &Value) -> Uuid {
        let outgoing = outgoing(TO, body);
        let id = outgoing.id;
        self.acceptor.accept(outgoing, None).await.unwrap();
        id
    }

    /// The one message that may go.
    async fn turn(&self) -> Turn {
        let deadline = tokio::time::Instant::now() + SOON;
        while tokio::time::Instant::now() < deadline {
            if let LaneReserved::Turns(mut turns) = self.dispatcher.reserve(1).await.unwrap() {
                return turns.pop().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing may go");
    }

    async fn end(&self, turn: &Turn, how: How, fact: Fact) {
        let ending = Ending {
            turn,
            how,
            fact: Some(fact),
            signal: Signal::Success,
            slow: None,
            stop: None,
        };
        self.dispatcher.settle(&[ending]).await.unwrap();
    }
}

fn text() -> Value {
    text_to(TO, "hello")
}

fn fact(id: Uuid, attempt: u32, state: SendState, verdict: &str) -> Fact {
    Fact {
        attempt,
        attempted: true,
        verdict: verdict.to_owned(),
        ..Fact::change(id, NUMBER, state)
    }
}

fn made(attempts: u32) -> Progress {
    Progress {
        attempts,
        made: attempts,
        ..Progress::default()
    }
}

fn echo(id: Uuid, wamid: &str, word: &str) -> Value {
    let mut item = status(wamid, word, NOON, TO);
    item["biz_opaque_callback_data"] = json!(format!("wp:{id}"));
    item
}

async fn state_is(stage: &Stage, id: Uuid, state: &str) {
    let query = format!("SELECT count(*) FROM messages WHERE id = '{id}' AND state = '{state}'");
    eventually(SOON, state, async || stage.count(&query).await == 1).await;
}

/// Events of one message, once there are so many.
async fn told(stage: &Stage, kind: &str, id: Uuid, count: usize) -> Vec<Value> {
    let of_it = async || {
        let mut events = stage.events_of(kind).await;
        events.retain(|event| event.text("message_id") == id.to_string());
        events
    };
    eventually(SOON, kind, async || of_it().await.len() == count).await;
    of_it().await.into_iter().map(|event| event.data).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_its_attempts_become_rows_and_events() {
    let stage = Stage::new().await;
    let lanes = Lanes::on(&stage).await;
    let _workers = (stage.services.worker().await, stage.services.worker().await);
    let ingress = stage.services.ingress().await;
    let id = lanes.send(&text()).await;
    state_is(&stage, id, "accepted").await;
    let message = &told(&stage, "message", id, 1).await[0];
    assert_eq!(message["state"], "accepted");
    assert_eq!(message["callback_data"], "order 7");
    assert_eq!(message["message"]["text"]["body"], "hello");
    assert_eq!(
        (&message["direction"], &message["from"]),
        (&json!("out"), &json!(TO))
    );
    assert!(message["contact_id"].is_string() && message.get("wamid").is_none());
    assert_eq!(
        (&message["life"], &message["attempt"]),
        (&json!(0), &json!(0))
    );

    let turn = lanes.turn().await;
    let failed = Fact {
        error_code: Some(131_000),
        http_status: Some(500),
        error_message: Some("Something went wrong".to_owned()),
        ..fact(id, 1, SendState::Retrying, "retry")
    };
    let later = How::Later {
        delay: Duration::ZERO,
        progress: made(1),
    };
    lanes.end(&turn, later, failed).await;
    let turn = lanes.turn().await;
    let sent = Fact {
        wamid: Some("wamid.OURS".to_owned()),
        http_status: Some(200),
        ..fact(id, 2, SendState::Sent, "done")
    };
    lanes.end(&turn, How::Done, sent).await;
    state_is(&stage, id, "sent").await;
    let steps = told(&stage, "status", id, 2).await;
    let retrying = steps
        .iter()
        .find(|step| step["state"] == "retrying")
        .unwrap();
    assert_eq!(
        (&retrying["error_code"], &retrying["attempt"]),
        (&json!(131_000), &json!(1))
    );
    assert!(retrying["error"].is_string());
    assert!(steps.iter().all(|step| step["callback_data"] == "order 7"));

    let body = statuses(&[
        echo(id, "wamid.OURS", "delivered"),
        echo(id, "wamid.OURS", "read"),
    ]);
    for _ in 0..2 {
        assert_eq!(ingress.client().post(body.clone()).await.unwrap(), 200);
        stage.drained(SOON).await;
    }
    let heard = told(&stage, "status", id, 4).await;
    let read = heard
        .iter()
        .find(|event| event["status"] == "read")
        .unwrap();
    assert_eq!(read["callback_data"], "order 7");
    let of_it = |event: &Value| event["contact_id"] == message["contact_id"];
    assert!(heard.iter().all(of_it));
    let row = "SELECT concat_ws(' ', state, state_attempt, attempts, wamid, status, priority, key_name) FROM messages";
    assert_eq!(
        stage.texts(row).await,
        ["sent 2 2 wamid.OURS read high shop"]
    );
    let own = "SELECT count(*) FROM message_statuses WHERE message_id IS NOT NULL AND callback_data IS NULL";
    assert_eq!(stage.count(own).await, 2);
    let summary = stage.summary().await;
    assert_eq!((summary.sends_in("sent"), summary.failed), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_settles_a_lost_answer() {
    let stage = Stage::new().await;
    let lanes = Lanes::on(&stage).await;
    let _worker = stage.services.worker().await;
    let ingress = stage.services.ingress().await;
    let (id, next) = (lanes.send(&text()).await, lanes.send(&text()).await);
    let turn = lanes.turn().await;
    let park = How::Park {
        wait: None,
        progress: Progress {
            unknown: true,
            ..made(1)
        },
    };
    lanes
        .end(&turn, park, fact(id, 1, SendState::Unknown, "unknown"))
        .await;
    state_is(&stage, id, "unknown").await;
    let body = statuses(&[echo(id, "wamid.LOST", "sent")]);
    assert_eq!(ingress.client().post(body).await.unwrap(), 200);
    // Only when the head is settled may the next one of the conversation go.
    assert_eq!(lanes.turn().await.id(), next);
    state_is(&stage, id, "sent").await;
    let row = format!("SELECT wamid || ' ' || status FROM messages WHERE id = '{id}'");
    assert_eq!(stage.texts(&row).await, ["wamid.LOST sent"]);
}

/// The worker has a batch that it cannot store; the conversation goes on all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_echo_settles_while_postgres_is_away() {
    let away = format!(
        "postgres://127.0.0.1:{}/none",
        waypost_harness::free_port().unwrap()
    );
    let stage = Stage::new().await;
    let lanes = Lanes::on(&stage).await;
    let ingress = stage.services.ingress().await;
    let (id, next) = (lanes.send(&text()).await, lanes.send(&text()).await);
    let turn = lanes.turn().await;
    let bury = How::Bury {
        class: DeadClass::Unknown,
        reason: "no echo came".to_owned(),
        progress: Progress {
            unknown: true,
            ..made(1)
        },
    };
    let dead = Fact {
        class: Some(DeadClass::Unknown),
        ..fact(id, 1, SendState::Dead, "unknown")
    };
    lanes.end(&turn, bury, dead).await;
    assert!(lanes.outbox.dead_letter(id).await.unwrap().is_some());
    assert_eq!(lanes.turn().await.id(), next);
    let services = stage.services.clone().with("postgres.url", away);
    let worker = services
        .with("worker.drain_deadline", "10ms")
        .worker_starting()
        .await;
    let body = statuses(&[echo(id, "wamid.LATE", "sent")]);
    assert_eq!(ingress.client().post(body).await.unwrap(), 200);
    eventually(SOON, "raised from the dead", async || {
        lanes.outbox.dead_letter(id).await.unwrap().is_none()
    })
    .await;
    worker.stop().await;
    // The batch was not settled, so another worker stores it.
    let _worker = stage.services.worker().await;
    state_is(&stage, id, "sent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throughput_upgrade_raises_the_limit() {
    let stage = Stage::new().await;
    let lanes = Lanes::on(&stage).await;
    let _worker = stage.services.worker().await;
    let ingress = stage.services.ingress().await;
    let client = ingress.client();
    let first = statuses(&[status("wamid.ANY", "sent", NOON, TO)]);
    assert_eq!(client.post(first).await.unwrap(), 200);
    stage.drained(SOON).await;
    let shown = format!("+{}", DISPLAY);
    let value = json!({"display_phone_number": shown, "event": "THROUGHPUT_UPGRADE", "current_limit": "TIER_UNLIMITED"});
    let change = json!({"field": "phone_number_quality_update", "value": value});
    assert_eq!(client.post(webhook(&[change])).await.unwrap(), 200);
    stage.drained(SOON).await;
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!(number.limit, Some(1000.0));
    let row = "SELECT concat_ws(' ', phone_number_id, waba_id, display_phone_number) FROM numbers";
    assert_eq!(
        stage.texts(row).await,
        [format!("{NUMBER} {WABA} {DISPLAY}")]
    );
}

/// U+0000 in what a sender wrote costs that character in the history, and nothing on the way to Meta.
#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_cannot_hold_is_scrubbed_from_the_history_alone() {
    let stage = Stage::new().await;
    let lanes = Lanes::on(&stage).await;
    let _worker = stage.services.worker().await;
    let mut body = text();
    body["text"]["body"] = json!("a\0b");
    let id = lanes.send(&body).await;
    state_is(&stage, id, "accepted").await;
    let row = "SELECT payload->'text'->>'body' FROM messages";
    assert_eq!(stage.texts(row).await, ["a\u{fffd}b"]);
    let turn = lanes.turn().await;
    let sent: Value = serde_json::from_slice(&turn.outgoing.unwrap().body).unwrap();
    assert_eq!(sent, body);
}

/// What is no message and no fact is given up at once, as what it is, and costs nothing beside it.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_given_up() {
    let stage = Stage::new().await;
    let (enqueuer, _task) = Enqueuer::start(stage.redis.clone(), &InboxSettings::default());
    for (n, kind) in [Kind::Fact, Kind::Outgoing, Kind::Outgoing]
        .into_iter()
        .enumerate()
    {
        let body = Bytes::from(format!("\u{7f}{n}"));
        let mut envelope = Envelope::webhook(Uuid::now_v7(), SystemTime::now(), body);
        envelope.kind = kind;
        enqueuer.enqueue(envelope).await.unwrap();
    }
    let lanes = Lanes::on(&stage).await;
    let id = lanes.send(&text()).await;
    let _worker = stage.services.worker().await;
    stage.drained(SOON).await;
    let letters = stage.dead_letters().await;
    assert_eq!(letters.len(), 3);
    assert!(letters.iter().all(|letter| letter.class == "unreadable"));
    assert!(
        letters
            .iter()
            .all(|letter| letter.envelope.kind != Kind::Webhook)
    );
    assert_eq!(stage.summary().await.failed, 3);
    state_is(&stage, id, "accepted").await;
}
