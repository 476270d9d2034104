//! The Send API: what is taken, and that it is in the outbox then.

use std::collections::HashSet;

use serde_json::{Value, json};
use uuid::Uuid;
use waypost_model::{OnUnknown, Priority};

use crate::local_redis::{LocalRedis, eventually};
use crate::sender::{NUMBER, Sender, TO, facts, heads, ready, text};
use crate::service::Service;

/// A body of each type, ours.
fn every_type() -> Vec<Value> {
    let media = json!({ "link": "https://example.com/a" });
    let body = json!({ "text": "Which one?" });
    [
        json!({ "type": "text", "text": { "body": "Hello", "preview_url": true } }),
        json!({ "text": { "body": "a type that goes without saying" } }),
        json!({ "type": "image", "image": media }),
        json!({ "type": "video", "video": { "id": "1", "caption": "c" } }),
        json!({ "type": "audio", "audio": { "id": "1", "voice": true } }),
        json!({ "type": "document", "document": { "id": "1", "filename": "a.pdf" } }),
        json!({ "type": "sticker", "sticker": media }),
        json!({ "type": "location", "location": { "latitude": 52.5, "longitude": 13.4 } }),
        json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Ada", "first_name": "Ada" } }] }),
        json!({ "type": "reaction", "reaction": { "message_id": "wamid.A", "emoji": "👍" } }),
        json!({ "type": "interactive", "interactive": { "type": "button", "body": body, "action": { "buttons": [
            { "type": "reply", "reply": { "id": "y", "title": "Yes" } }] } } }),
        json!({ "type": "interactive", "interactive": { "type": "list", "body": body, "action": { "button": "Show", "sections": [
            { "title": "S", "rows": [{ "id": "1", "title": "One" }] }] } } }),
        json!({ "type": "interactive", "interactive": { "type": "cta_url", "body": body, "action": {
            "name": "cta_url", "parameters": { "display_text": "Go", "url": "https://example.com" } } } }),
        json!({ "type": "template", "template": { "name": "hello_world", "language": { "code": "en_US" } } }),
        json!({ "type": "a_type_of_tomorrow", "a_type_of_tomorrow": { "x": 1 } }),
    ]
    .into_iter()
    .map(|mut message| {
        message["from"] = NUMBER.into();
        message["to"] = TO.into();
        message
    })
    .collect()
}

#[tokio::test]
async fn a_message_is_in_its_lane_and_in_the_facts_when_it_is_answered() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let mut message = text("Hello");
    message["priority"] = "high".into();
    message["on_unknown"] = "hold".into();
    message["biz_opaque_callback_data"] = "mine".into();
    message["expires_at"] = "2999-01-01T00:00:00+01:00".into();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let reply = sender
        .post(
            "/v1/messages",
            message.to_string(),
            &[("traceparent", trace)],
        )
        .await;
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.body["state"], "accepted");
    let id = reply.id();
    assert_eq!(
        reply.header("location"),
        Some(&*format!("/v1/messages/{id}"))
    );
    assert_eq!(reply.header("idempotent-replayed"), None);

    let facts = facts(&redis).await;
    assert_eq!(facts.len(), 1);
    let outgoing = &facts[0];
    assert_eq!(heads(&redis).await, facts);
    assert_eq!(outgoing.id.to_string(), id);
    assert_eq!(outgoing.id.get_version_num(), 7);
    assert_eq!(outgoing.phone_number_id, NUMBER);
    assert_eq!(outgoing.recipient.lane(), "16505551234");
    assert_eq!(
        (outgoing.priority, outgoing.on_unknown),
        (Priority::High, OnUnknown::Hold)
    );
    assert_eq!(outgoing.callback_data.as_deref(), Some("mine"));
    assert_eq!(
        (&*outgoing.key_name, &*outgoing.traceparent),
        ("backend", trace)
    );
    assert_eq!(
        outgoing.request_id.to_string(),
        reply.header("x-request-id").unwrap()
    );
    let body: Value = serde_json::from_slice(&outgoing.body).unwrap();
    assert_eq!(
        body,
        json!({ "messaging_product": "whatsapp", "to": TO, "type": "text", "text": { "body": "Hello" } })
    );
    service.stop().await.unwrap();
}

#[tokio::test]
async fn every_type_is_taken_marking_as_read_and_scheduled_ones_too() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let mut messages = every_type();
    messages.push(json!({ "from": NUMBER, "status": "read", "message_id": "wamid.A", "typing_indicator": { "type": "text" } }));
    messages.push(json!({ "from": NUMBER, "recipient": "US.13491208655302741918", "text": { "body": "to a user id" } }));
    messages.push(json!({ "from": NUMBER, "to": "Y2FwaV9ncm91cA", "recipient_type": "group", "text": { "body": "x" } }));
    for message in &messages {
        let reply = sender.send(message).await;
        assert_eq!(reply.status, 202, "{message}: {reply:?}");
    }
    let mut later = text("later");
    let at = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    let seconds = at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    later["send_at"] = seconds.into();
    later["to"] = "+491701234567".into();
    let reply = sender.send(&later).await;
    assert_eq!(
        (reply.status, &reply.body["state"]),
        (202, &json!("scheduled"))
    );

    let facts = facts(&redis).await;
    assert_eq!(facts.len(), messages.len() + 1);
    let links: Vec<_> = facts.iter().filter(|outgoing| outgoing.by_link).collect();
    assert_eq!(links.len(), 2);
    // One conversation each with the phone, the user, the group and the message marked as read.
    assert_eq!(heads(&redis).await.len(), 4);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn the_account_comes_from_the_file_of_numbers() {
    let redis = LocalRedis::start().await;
    let numbers = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        numbers.path(),
        format!("[{NUMBER}]\naccount = \"102290129340398\"\n"),
    )
    .unwrap();
    let path = numbers.path().display().to_string();
    let (service, sender, file) = ready(&redis, &[("numbers.file", &path)]).await;
    assert_eq!(sender.send(&text("1")).await.status, 202);
    let mut unlisted = text("2");
    unlisted["from"] = "99".into();
    assert_eq!(
        sender.with_key(&file.other).send(&unlisted).await.status,
        202
    );
    let accounts: Vec<_> = facts(&redis).await.into_iter().map(|o| o.account).collect();
    assert_eq!(accounts, ["102290129340398", ""]);
    service.stop().await.unwrap();
}

/// Meta's own examples, where the environment names a folder that has them.
#[tokio::test]
async fn the_request_bodies_of_metas_documentation_are_taken() {
    let own = every_type();
    let mut bodies: Vec<Value> = own;
    if let Some(folder) = std::env::var_os("WAYPOST_EXTRA_FIXTURES") {
        let file = std::path::Path::new(&folder).join("meta-openapi-send-requests.jsonl");
        let lines = std::fs::read_to_string(file).unwrap();
        let before = bodies.len();
        for line in lines.lines() {
            let mut body: Value = serde_json::from_str::<Value>(line).unwrap()["body"].take();
            if body.get("to").is_some() {
                body["to"] = TO.into();
            }
            body["from"] = NUMBER.into();
            bodies.push(body);
        }
        assert_eq!(bodies.len() - before, 50);
    }
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    for body in &bodies {
        let reply = sender.send(body).await;
        assert_eq!(reply.status, 202, "{body}: {reply:?}");
    }
    assert_eq!(facts(&redis).await.len(), bodies.len());
    service.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_key_and_body_is_one_message_and_another_body_a_conflict() {
    let redis = LocalRedis::start().await;
    let (service, sender, file) = ready(&redis, &[]).await;
    let once = [("idempotency-key", "order-1")];
    let body = text("1").to_string();
    let first = sender.post("/v1/messages", body.clone(), &once).await;
    let again = sender.post("/v1/messages", body.clone(), &once).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.body, again.body);
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let conflict = sender
        .post("/v1/messages", text("2").to_string(), &once)
        .await;
    assert_eq!(conflict.status, 409, "{conflict:?}");
    assert_eq!(
        conflict.body["type"],
        "urn:waypost:problem:idempotency-conflict"
    );
    // Somebody else's key of the same name is another.
    let theirs = sender.with_key(&file.other);
    let reply = theirs.post("/v1/messages", body, &once).await;
    assert_eq!(reply.status, 202);
    assert_ne!(reply.id(), first.id());
    assert_eq!(facts(&redis).await.len(), 2);
    for bad in ["", "a b", &"k".repeat(256)] {
        let reply = sender
            .post(
                "/v1/messages",
                text("1").to_string(),
                &[("idempotency-key", bad)],
            )
            .await;
        assert_eq!(reply.status, 400, "{bad}");
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn fifty_at_once_with_one_key_are_one_message() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let requests = (0..50).map(|_| {
        let sender = sender.clone();
        tokio::spawn(async move {
            let once = [("idempotency-key", "k")];
            sender
                .post("/v1/messages", text("1").to_string(), &once)
                .await
        })
    });
    let requests: Vec<_> = requests.collect();
    let (mut ids, mut new) = (HashSet::new(), 0);
    for request in requests {
        let reply = request.await.unwrap();
        assert_eq!(reply.status, 202, "{reply:?}");
        new += u32::from(reply.header("idempotent-replayed").is_none());
        ids.insert(reply.id());
    }
    assert_eq!((ids.len(), new), (1, 1));
    assert_eq!(facts(&redis).await.len(), 1);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_answered_survives_kill_9_of_redis() {
    let mut redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[("redis.timeout", "500ms")]).await;
    let mut accepted = Vec::new();
    for n in 0..50 {
        let reply = sender.send(&text(&n.to_string())).await;
        assert_eq!(reply.status, 202);
        accepted.push(reply.id().parse::<Uuid>().unwrap());
    }
    redis.stop();
    let reply = sender.send(&text("lost")).await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(reply.header("retry-after"), Some("5"));
    redis.resume().await;
    let facts: Vec<_> = facts(&redis).await.into_iter().map(|o| o.id).collect();
    assert_eq!(facts[..50], accepted);
    assert_eq!(heads(&redis).await[0].id, accepted[0]);
    eventually("messages are taken again", || async {
        sender.send(&text("again")).await.status == 202
    })
    .await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn redis_away_at_the_start_is_503_and_never_the_spool() {
    let mut redis = LocalRedis::stopped();
    let spool = tempfile::TempDir::new().unwrap();
    let file = crate::sender::KeyFile::new();
    let (keys, dir) = (file.path(), spool.path().display().to_string());
    let settings = [
        ("send.keys_file", &*keys),
        ("spool.dir", &dir),
        ("redis.timeout", "500ms"),
    ];
    let service = Service::start(&redis.url(), &settings).await;
    let sender = Sender::new(service.send, &file.key);
    for reply in [
        sender.send(&text("1")).await,
        sender.batch(&json!([text("1")]), &[]).await,
    ] {
        assert_eq!(reply.status, 503, "{reply:?}");
        assert_eq!(reply.header("retry-after"), Some("5"));
    }
    redis.resume().await;
    eventually("the service is ready", || service.is_ready()).await;
    assert_eq!(sender.send(&text("2")).await.status, 202);
    assert_eq!(facts(&redis).await.len(), 1);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn both_listeners_drain_together() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    assert_eq!(sender.send(&text("1")).await.status, 202);
    let address = service.send;
    service.stop().await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
