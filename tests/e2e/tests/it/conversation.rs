//! Whoever may see one conversation alone sees what becomes of its messages: events name the contact.

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;
use waypost_e2e::Stage;
use waypost_e2e::sends::{outgoing, text_to};
use waypost_e2e::webhook::{NOON, NUMBER, echo, echoes, messages, status, statuses, text};
use waypost_model::SendState;
use waypost_queue::{Enqueuer, EnqueuerTask, Envelope, Fact, InboxSettings};

use crate::SOON;

const TO: &str = "15551000001";
/// Of whom nobody here has heard.
const STRANGER: &str = "15559000009";

/// Puts entries into the inbox, each handled before the next comes.
struct Inbox {
    enqueuer: Enqueuer,
    /// Dropping it ends the enqueuer.
    _task: EnqueuerTask,
}

impl Inbox {
    fn on(stage: &Stage) -> Self {
        let (enqueuer, task) = Enqueuer::start(stage.redis.clone(), &InboxSettings::default());
        Self {
            enqueuer,
            _task: task,
        }
    }

    async fn put(&self, stage: &Stage, envelope: Envelope) {
        self.enqueuer.enqueue(envelope).await.unwrap();
        stage.drained(SOON).await;
    }

    async fn hear(&self, stage: &Stage, body: Bytes) {
        let now = std::time::SystemTime::now();
        let envelope = Envelope::webhook(Uuid::now_v7(), now, body);
        self.put(stage, envelope).await;
    }
}

fn sent(id: Uuid, wamid: &str) -> Fact {
    Fact {
        attempt: 1,
        attempted: true,
        verdict: "done".to_owned(),
        wamid: Some(wamid.to_owned()),
        ..Fact::change(id, NUMBER, SendState::Sent)
    }
}

/// Nobody learns from its recipient who it is about, only from the message.
fn heard(wamid: &str, word: &str) -> Value {
    status(wamid, word, NOON + 9, STRANGER)
}

/// Bodies of one kind, oldest first.
async fn told(stage: &Stage, kind: &str) -> Vec<Value> {
    let events = stage.events_of(kind).await;
    events.into_iter().map(|event| event.data).collect()
}

async fn contact_of(stage: &Stage, condition: &str) -> String {
    let query = format!("SELECT contact_id::text FROM messages WHERE {condition}");
    stage.texts(&query).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_and_statuses_name_the_contact_of_their_message() {
    let stage = Stage::new().await;
    let (_worker, inbox) = (stage.services.worker().await, Inbox::on(&stage));
    let message = outgoing(TO, &text_to(TO, "hello"));
    let id = message.id;
    inbox.put(&stage, message.into_envelope()).await;
    inbox
        .put(&stage, sent(id, "wamid.OURS").into_envelope())
        .await;
    let mut echoed = heard("wamid.OURS", "delivered");
    echoed["biz_opaque_callback_data"] = json!(format!("wp:{id}"));
    // And one of which Meta has echoed nothing.
    let mut mute = heard("wamid.OURS", "read");
    mute["biz_opaque_callback_data"] = json!("somebody else's");
    inbox.hear(&stage, statuses(&[echoed, mute])).await;

    let contact = contact_of(&stage, &format!("id = '{id}'")).await;
    let accepted = &told(&stage, "message").await[0];
    assert_eq!(accepted["contact_id"], json!(contact));
    let events = told(&stage, "status").await;
    assert_eq!(events.len(), 3);
    for event in events {
        assert_eq!(event["contact_id"], json!(contact), "{event}");
        assert_eq!(event["callback_data"], "order 7", "{event}");
        assert_eq!(event["message_id"], json!(id), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_do_statuses_of_what_was_sent_from_the_phone() {
    let stage = Stage::new().await;
    let (_worker, inbox) = (stage.services.worker().await, Inbox::on(&stage));
    let body = echoes(&[echo("wamid.PHONE", TO, NOON)]);
    inbox.hear(&stage, body).await;
    let body = statuses(&[heard("wamid.PHONE", "delivered")]);
    inbox.hear(&stage, body).await;
    let contact = contact_of(&stage, "wamid = 'wamid.PHONE'").await;
    let event = &told(&stage, "status").await[0];
    assert_eq!(event["contact_id"], json!(contact));
    assert!(event.get("message_id").is_none() && event.get("callback_data").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_message_a_status_is_of_whom_it_was_sent_to() {
    let stage = Stage::new().await;
    let (_worker, inbox) = (stage.services.worker().await, Inbox::on(&stage));
    let body = messages(&[text("wamid.IN", Some(TO), None, NOON, "hello")]);
    inbox.hear(&stage, body).await;
    let to_somebody = status("wamid.1", "sent", NOON, TO);
    let to_nobody = heard("wamid.2", "sent");
    // A member of a group has read it, which is no news of the conversation with that member.
    let mut in_a_group = status("wamid.3", "read", NOON, "120363000000000000");
    in_a_group["recipient_type"] = json!("group");
    in_a_group["recipient_participant_id"] = json!(TO);
    let body = statuses(&[to_somebody, to_nobody, in_a_group]);
    inbox.hear(&stage, body).await;
    let contact = contact_of(&stage, "wamid = 'wamid.IN'").await;
    let events = told(&stage, "status").await;
    let of: Vec<_> = events.iter().map(|event| event.get("contact_id")).collect();
    assert_eq!(of, [Some(&json!(contact)), None, None]);
}

/// What is told too early names no contact. Whoever has missed it learns it from the message.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_tells_what_was_told_before_it() {
    let stage = Stage::new().await;
    let (_worker, inbox) = (stage.services.worker().await, Inbox::on(&stage));
    let message = outgoing(TO, &text_to(TO, "hello"));
    let id = message.id;
    inbox
        .put(&stage, sent(id, "wamid.OURS").into_envelope())
        .await;
    let body = statuses(&[
        heard("wamid.OURS", "delivered"),
        heard("wamid.PHONE", "read"),
    ]);
    inbox.hear(&stage, body).await;
    let early = told(&stage, "status").await;
    assert_eq!(early.len(), 3);
    assert!(early.iter().all(|event| event.get("contact_id").is_none()));

    inbox.put(&stage, message.into_envelope()).await;
    let body = echoes(&[echo("wamid.PHONE", TO, NOON)]);
    inbox.hear(&stage, body).await;
    let events = told(&stage, "message").await;
    let (ours, phones) = (&events[0], &events[1]);
    assert_eq!(ours["message"]["text"]["body"], "hello");
    assert_eq!(
        (&ours["state"], &ours["attempt"]),
        (&json!("sent"), &json!(1))
    );
    assert_eq!(
        (&ours["wamid"], &ours["status"]),
        (&json!("wamid.OURS"), &json!("delivered"))
    );
    assert_eq!(
        (&phones["wamid"], &phones["status"]),
        (&json!("wamid.PHONE"), &json!("read"))
    );
    assert!(ours["contact_id"].is_string());
    assert_eq!(ours["contact_id"], phones["contact_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_number_is_told_to_the_conversation() {
    let stage = Stage::new().await;
    let (_worker, inbox) = (stage.services.worker().await, Inbox::on(&stage));
    let mut change = text("wamid.SYS", Some(TO), None, NOON, "");
    change["type"] = json!("system");
    change["system"] =
        json!({"type": "user_changed_number", "wa_id": STRANGER, "body": "Ada changed"});
    inbox.hear(&stage, messages(&[change])).await;
    let contact = contact_of(&stage, "wamid = 'wamid.SYS'").await;
    let event = &told(&stage, "contact").await[0];
    assert_eq!(event["contact_id"], json!(contact));
    assert_eq!(
        (&event["phone"], &event["new_phone"]),
        (&json!(TO), &json!(STRANGER))
    );
}
