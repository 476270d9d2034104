//! Status webhooks: signed, echoed, and in the disorder that was asked for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::collections::HashMap;
use std::time::Duration;

use http::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use support::{Caller, Got, SECRET, eventually, ours, receiver, start, text};
use uuid::Uuid;
use waypost_sandbox::graph::{Effect, Fault};
use waypost_sandbox::{Graph, GraphSettings, Retry, WebhookSettings};
use waypost_whatsapp::signature::AppSecrets;
use waypost_whatsapp::{UpdateBody, parse};

async fn with(webhooks: WebhookSettings) -> Graph {
    let settings = GraphSettings {
        app_secret: Some(SECRET.to_owned()),
        webhooks: Some(webhooks),
        ..GraphSettings::default()
    };
    start(settings).await
}

fn quick(url: &str) -> WebhookSettings {
    WebhookSettings {
        delay: Duration::from_millis(1)..Duration::from_millis(10),
        ..WebhookSettings::to(url)
    }
}

async fn told(graph: &Graph) {
    eventually("all webhooks are taken", || graph.webhooks_pending() == 0).await;
}

/// All values of all changes, in the order they came; every signature and every body is checked.
fn values(got: &Got) -> Vec<Value> {
    let secrets = AppSecrets::new([SecretString::from(SECRET)]).unwrap();
    let mut values = Vec::new();
    for (signature, body) in got.lock().unwrap().iter() {
        let signature = signature.as_ref().map(|text| text.as_bytes());
        secrets.verify(signature, body).unwrap();
        let webhook = parse(body).unwrap();
        assert!(
            webhook.updates().iter().all(|update| matches!(
                update.body,
                UpdateBody::Message(_) | UpdateBody::Status(_)
            ))
        );
        let body: Value = serde_json::from_slice(body).unwrap();
        for change in body["entry"][0]["changes"].as_array().unwrap() {
            values.push(change["value"].clone());
        }
    }
    values
}

fn statuses(got: &Got) -> Vec<Value> {
    let values = values(got);
    let lists = values
        .iter()
        .filter_map(|value| value["statuses"].as_array());
    lists.flatten().cloned().collect()
}

/// The words of each message, in the order they came.
fn words(got: &Got) -> HashMap<String, Vec<String>> {
    let mut words: HashMap<String, Vec<String>> = HashMap::new();
    for status in statuses(got) {
        let word = |name: &str| status[name].as_str().unwrap().to_owned();
        words.entry(word("id")).or_default().push(word("status"));
    }
    words
}

const NATURAL: [&str; 3] = ["sent", "delivered", "read"];

#[tokio::test]
async fn statuses_go_forward_and_carry_our_id() {
    let (url, got) = receiver(0).await;
    let webhooks = WebhookSettings {
        at_once: 1,
        ..quick(&url)
    };
    let graph = with(webhooks).await;
    let caller = Caller::new(&graph);
    let mut ids = HashMap::new();
    for count in 0..40 {
        let id = Uuid::from_u128(count);
        let to = format!("+1555200{count:04}");
        ids.insert(caller.send(&ours(&to, id)).await.wamid(), id);
    }
    told(&graph).await;
    let words = words(&got);
    assert_eq!(words.len(), 40);
    assert!(
        words.values().all(|words| words[..] == NATURAL),
        "{words:?}"
    );
    for status in statuses(&got) {
        let id = ids[status["id"].as_str().unwrap()];
        assert_eq!(status["biz_opaque_callback_data"], format!("wp:{id}"));
        assert!(
            status["recipient_id"]
                .as_str()
                .unwrap()
                .starts_with("1555200")
        );
        assert!(status["recipient_user_id"].is_string() && status["timestamp"].is_string());
        assert_eq!(status["pricing"].is_object(), status["status"] != "read");
    }
    let value = &values(&got)[0];
    assert_eq!(value["metadata"]["display_phone_number"], "15550000001");
    assert!(value["contacts"][0]["wa_id"].is_string());
    assert!(got.lock().unwrap().len() < 120, "they come in batches");
}

#[tokio::test]
async fn a_bad_day_doubles_and_shuffles_and_loses_nothing() {
    let (url, got) = receiver(0).await;
    let webhooks = WebhookSettings {
        doubled: 1.0,
        disorder: 1.0,
        at_once: 1,
        batch: 7,
        ..quick(&url)
    };
    let graph = with(webhooks).await;
    let caller = Caller::new(&graph);
    for _ in 0..30 {
        caller.send(&text("+15550001234")).await;
    }
    told(&graph).await;
    let words = words(&got);
    assert_eq!(words.len(), 30);
    for words in words.values() {
        assert_eq!(words.len(), 6);
        for word in NATURAL {
            assert_eq!(words.iter().filter(|other| *other == word).count(), 2);
        }
        let firsts: Vec<_> = NATURAL
            .iter()
            .map(|word| words.iter().position(|other| other == word))
            .collect();
        assert!(!firsts.is_sorted(), "{words:?}");
    }
    let updates = |value: &Value| value["statuses"].as_array().unwrap().len();
    assert!(values(&got).iter().all(|value| updates(value) <= 7));
}

#[tokio::test]
async fn some_fail_and_reactions_are_only_sent() {
    let (url, got) = receiver(0).await;
    let webhooks = WebhookSettings {
        failed: 1.0,
        failed_code: 131_047,
        at_once: 1,
        ..quick(&url)
    };
    let graph = with(webhooks).await;
    let caller = Caller::new(&graph);
    let failed = caller
        .send(&ours("+15550001234", Uuid::nil()))
        .await
        .wamid();
    let reaction = json!({
        "messaging_product": "whatsapp", "to": "+15550001234", "type": "reaction",
        "reaction": {"message_id": "wamid.x", "emoji": "👍"},
    });
    let reaction = caller.send(&reaction).await.wamid();
    told(&graph).await;
    let words = words(&got);
    assert_eq!(words[&failed], ["sent", "failed"]);
    assert_eq!(words[&reaction], ["sent"]);
    let status = statuses(&got)
        .into_iter()
        .find(|status| status["status"] == "failed")
        .unwrap();
    assert_eq!(status["errors"][0]["code"], 131_047);
    assert_eq!(status["errors"][0]["title"], status["errors"][0]["message"]);
    assert!(status["recipient_user_id"].is_null());
    assert_eq!(
        status["biz_opaque_callback_data"],
        format!("wp:{}", Uuid::nil())
    );
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_its_echo_unless_it_is_silent() {
    let (url, got) = receiver(0).await;
    let graph = with(quick(&url)).await;
    let caller = Caller::new(&graph);
    let (told_of, silent) = (Uuid::from_u128(1), Uuid::from_u128(2));
    graph.set_faults(vec![Fault::always(Effect::ResetAfter)]);
    assert!(
        caller
            .try_send(&ours("+15550001234", told_of))
            .await
            .is_err()
    );
    graph.set_faults(vec![Fault::always(Effect::ResetAfter).silent()]);
    assert!(
        caller
            .try_send(&ours("+15550001234", silent))
            .await
            .is_err()
    );
    assert_eq!(graph.accepted_by_id(silent).len(), 1);
    told(&graph).await;
    let statuses = statuses(&got);
    assert_eq!(statuses.len(), 3);
    for status in statuses {
        assert_eq!(status["biz_opaque_callback_data"], format!("wp:{told_of}"));
        assert_eq!(status["id"], graph.accepted()[0].wamid);
    }
}

#[tokio::test]
async fn webhooks_are_sent_until_they_are_taken() {
    let (url, got) = receiver(3).await;
    let webhooks = WebhookSettings {
        retry: Retry::LikeMeta {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(10),
            give_up: Duration::from_secs(60),
        },
        at_once: 1,
        ..quick(&url)
    };
    let graph = with(webhooks).await;
    let wamid = Caller::new(&graph)
        .send(&text("+15550001234"))
        .await
        .wamid();
    told(&graph).await;
    let words = &words(&got)[&wamid];
    assert!(words.len() > 3, "{words:?}");
    assert_eq!(words[0], "sent");
    assert_eq!(words[words.len() - 1], "read");
}

#[tokio::test]
async fn what_may_wait_is_bounded_and_nothing_is_forgotten() {
    let (url, got) = receiver(0).await;
    let webhooks = WebhookSettings {
        delay: Duration::from_millis(20)..Duration::from_millis(30),
        most_pending: 1,
        ..quick(&url)
    };
    let graph = with(webhooks).await;
    let caller = Caller::new(&graph);
    let body = text("+15550001234");
    let sends = (0..300).map(|_| caller.send(&body));
    futures_util::future::join_all(sends).await;
    told(&graph).await;
    assert_eq!(words(&got).len(), 300);
}

#[tokio::test]
async fn people_write_to_the_business() {
    let (url, got) = receiver(0).await;
    let graph = with(quick(&url)).await;
    let caller = Caller::new(&graph);
    let inbound = json!({"from": "+15551000003", "phone_number_id": "42", "text": "Grüße / é"});
    let reply = caller
        .control(Method::POST, "inbound", &inbound)
        .await
        .json();
    told(&graph).await;
    let value = &values(&got)[0];
    let message = &value["messages"][0];
    assert_eq!(message["id"], reply["id"]);
    assert_eq!(message["text"]["body"], "Grüße / é");
    assert_eq!(message["from"], "15551000003");
    assert_eq!(value["metadata"]["phone_number_id"], "42");
    // The composer gives this phone number the same user id.
    assert_eq!(value["contacts"][0]["user_id"], "US.3000000000000003");
    let id = graph.inbound("15551000003", "42", "again");
    assert_ne!(id.as_deref(), reply["id"].as_str());
    told(&graph).await;
    assert_eq!(got.lock().unwrap().len(), 2);
}
