//! The messages endpoint: Meta's answers, errors and limits.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use support::{Caller, NUMBER, TOKEN, eventually, ours, start, text};
use uuid::Uuid;
use waypost_sandbox::GraphSettings;
use waypost_sandbox::graph::{Limits, PairRate, Rate};
use waypost_whatsapp::signature::sign;

#[tokio::test]
async fn a_message_is_accepted_and_logged_by_our_id() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let id = Uuid::from_u128(7);
    let reply = caller.send(&ours("+1 (555) 000-1234", id)).await;
    let body = reply.json();
    assert_eq!(body["messaging_product"], "whatsapp");
    let contact = json!({"input": "+1 (555) 000-1234", "wa_id": "15550001234"});
    assert_eq!(body["contacts"], json!([contact]));
    assert!(reply.wamid().starts_with("wamid.HBg"));

    let [message] = &graph.accepted_by_id(id)[..] else {
        panic!("exactly one");
    };
    assert_eq!(message.wamid, reply.wamid());
    assert_eq!((message.seq, message.answered), (1, true));
    assert_eq!(message.phone_number_id, NUMBER);
    assert_eq!(message.kind, "text");
    assert_eq!(graph.accepted(), graph.accepted_by_id(id));
    assert_eq!((graph.accepted_count(), graph.requests()), (1, 1));
    assert!(graph.accepted_by_id(Uuid::from_u128(8)).is_empty());
    let shown = format!("{message:?}");
    assert!(
        !shown.contains("555") && !shown.contains("wamid."),
        "{shown}"
    );
}

#[tokio::test]
async fn user_ids_templates_and_marks_are_answered_in_their_way() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let mut to_user = text("");
    to_user.as_object_mut().unwrap().remove("to");
    to_user["recipient"] = json!("US.123abc");
    let body = caller.send(&to_user).await.json();
    assert_eq!(
        body["contacts"],
        json!([{"input": "US.123abc", "user_id": "US.123abc"}])
    );
    let template = json!({
        "messaging_product": "whatsapp", "to": "+15550001234", "type": "template",
        "template": {"name": "hello", "language": {"code": "en_US"}},
    });
    let body = caller.send(&template).await.json();
    assert_eq!(body["messages"][0]["message_status"], "accepted");
    let mark = json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x",
        "typing_indicator": {"type": "text"},
    });
    assert_eq!(caller.send(&mark).await.json(), json!({"success": true}));
    assert_eq!((graph.accepted_count(), graph.marked_read()), (2, 1));
}

#[tokio::test]
async fn wrong_requests_get_metas_errors() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let without = |part: &str| {
        let mut body = text("+15550001234");
        body.as_object_mut().unwrap().remove(part);
        body
    };
    let with = |part: &str, value: Value| {
        let mut body = text("+15550001234");
        body[part] = value;
        body
    };
    for (body, code) in [
        (json!("no object"), 100),
        (without("messaging_product"), 100),
        (without("to"), 100),
        (without("text"), 131_008),
        (with("to", json!("nobody")), 131_009),
        (with("to", json!(15_550_001_234_u64)), 100),
        (with("type", json!("telegram")), 100),
        (with("type", json!("image")), 131_008),
        (with("text", json!({})), 131_008),
        (with("text", json!({"body": "é".repeat(4_097)})), 100),
        (
            with("biz_opaque_callback_data", json!("x".repeat(513))),
            100,
        ),
        (
            json!({"messaging_product": "whatsapp", "status": "read"}),
            100,
        ),
        (
            json!({"messaging_product": "whatsapp", "status": "seen", "message_id": "x"}),
            100,
        ),
    ] {
        let reply = caller.send(&body).await;
        assert_eq!(reply.code(), (400, code), "{body}");
        let error = &reply.json()["error"];
        for part in ["message", "type", "fbtrace_id"] {
            assert!(error[part].is_string(), "{part}: {error}");
        }
        assert_eq!(error["error_data"]["messaging_product"], "whatsapp");
    }
    for body in [
        with("text", json!({"body": "é".repeat(4_096)})),
        with("biz_opaque_callback_data", json!("x".repeat(512))),
        with("type", Value::Null),
    ] {
        assert_eq!(caller.send(&body).await.code(), (200, 0));
    }
    let nowhere = caller
        .call(Method::GET, "/v25.0/1/2/3", Some(TOKEN), "text/plain", "")
        .await;
    assert_eq!(nowhere.unwrap().code(), (400, 2_500));
    assert_eq!(graph.accepted_count(), 3);
}

#[tokio::test]
async fn every_type_is_accepted() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let types = [
        "image",
        "video",
        "audio",
        "document",
        "sticker",
        "location",
        "contacts",
        "reaction",
        "interactive",
        "template",
    ];
    for kind in types {
        let mut body = json!({"messaging_product": "whatsapp", "to": "+15550001234", "type": kind});
        body[kind] = json!({"id": "1"});
        assert_eq!(caller.send(&body).await.code(), (200, 0), "{kind}");
    }
    let Ok(folder) = std::env::var("WAYPOST_EXTRA_FIXTURES") else {
        return;
    };
    let file = format!("{folder}/meta-openapi-send-requests.jsonl");
    let lines = std::fs::read_to_string(file).unwrap();
    assert_eq!(lines.lines().count(), 50);
    for line in lines.lines() {
        let mut request: Value = serde_json::from_str(line).unwrap();
        // Some have a blank to fill in.
        let to = &mut request["body"]["to"];
        if to.as_str().is_some_and(|to| !to.contains(char::is_numeric)) {
            *to = json!("+15550001234");
        }
        let reply = caller.send(&request["body"]).await;
        assert_eq!(reply.code(), (200, 0), "{}", request["name"]);
    }
}

#[tokio::test]
async fn tokens_are_checked_and_can_be_changed() {
    let settings = GraphSettings {
        tokens: vec![TOKEN.to_owned()],
        ..GraphSettings::default()
    };
    let graph = start(settings).await;
    let caller = Caller::new(&graph);
    let body = text("+15550001234");
    let path = format!("/v25.0/{NUMBER}/messages");
    for token in [None, Some("another"), Some("")] {
        let reply = caller
            .call(
                Method::POST,
                &path,
                token,
                "application/json",
                body.to_string(),
            )
            .await;
        assert_eq!(reply.unwrap().code(), (401, 190), "{token:?}");
    }
    assert_eq!(caller.send(&body).await.status, 200);
    graph.set_tokens(vec!["a-new-one".to_owned()]);
    assert_eq!(caller.send(&body).await.code(), (401, 190));
    graph.set_tokens(Vec::new());
    assert_eq!(caller.send(&body).await.status, 200);
    assert_eq!(graph.answers()["401/190"], 4);
}

#[tokio::test]
async fn a_proof_is_asked_for_when_the_app_requires_it() {
    let settings = GraphSettings {
        app_secret: Some(support::SECRET.to_owned()),
        require_proof: true,
        ..GraphSettings::default()
    };
    let graph = start(settings).await;
    let caller = Caller::new(&graph);
    let right = sign(support::SECRET.as_bytes(), TOKEN.as_bytes());
    let right = right.trim_start_matches("sha256=");
    for (query, code) in [
        (String::new(), (400, 100)),
        ("?appsecret_proof=00".to_owned(), (400, 100)),
        (format!("?appsecret_proof={right}"), (200, 0)),
    ] {
        let path = format!("/v25.0/{NUMBER}/messages{query}");
        let body = text("+15550001234").to_string();
        let reply = caller
            .call(Method::POST, &path, Some(TOKEN), "application/json", body)
            .await;
        assert_eq!(reply.unwrap().code(), code, "{query}");
    }
}

#[tokio::test]
async fn limits_refuse_exactly_what_is_over_them() {
    let slow = |burst| Rate {
        per_second: 1,
        burst: Some(burst),
    };
    let mut limits = Limits {
        number: Some(slow(20)),
        pair: Some(PairRate::META),
        ..Limits::default()
    };
    limits
        .numbers
        .insert("200000000000002".to_owned(), slow(100));
    let settings = GraphSettings {
        limits: Some(limits),
        ..GraphSettings::default()
    };
    let graph = start(settings).await;
    let caller = Caller::new(&graph);
    let mut codes = Vec::new();
    for count in 0..21 {
        let reply = caller.send(&text(&format!("+1555000{count:04}"))).await;
        codes.push(reply.code());
    }
    assert_eq!(codes[..20], [(200, 0); 20]);
    assert_eq!(codes[20], (400, 130_429));
    codes.clear();
    for _ in 0..50 {
        let reply = caller
            .send_from("200000000000002", &text("+15550009999"))
            .await;
        codes.push(reply.unwrap().code());
    }
    assert_eq!(codes[..45], [(200, 0); 45]);
    assert_eq!(codes[45..], [(400, 131_056); 5]);
    assert_eq!(graph.accepted_count(), 65);
    let answers = graph.answers();
    assert_eq!((answers["400/130429"], answers["400/131056"]), (1, 5));
    graph.set_limits(None);
    assert_eq!(caller.send(&text("+15550009999")).await.status, 200);
}

#[tokio::test]
async fn many_at_once_have_one_order_and_ids_of_their_own() {
    let settings = GraphSettings {
        latency: Duration::from_millis(1)..Duration::from_millis(5),
        ..GraphSettings::default()
    };
    let graph = start(settings).await;
    for caller in [Caller::new(&graph), Caller::http2(&graph)] {
        let bodies: Vec<Value> = (0..200)
            .map(|count| ours("+15550001234", Uuid::from_u128(count)))
            .collect();
        let sends = bodies.iter().map(|body| caller.send(body));
        let replies = futures_util::future::join_all(sends).await;
        let ids: HashSet<String> = replies.iter().map(support::Reply::wamid).collect();
        assert_eq!(ids.len(), 200);
    }
    eventually("all are answered", || {
        graph.accepted().iter().all(|message| message.answered)
    })
    .await;
    let accepted = graph.accepted();
    assert!(
        accepted
            .iter()
            .zip(1..)
            .all(|(message, seq)| message.seq == seq)
    );
    assert!(accepted.is_sorted_by_key(|message| message.since_start));
    assert_eq!(graph.accepted_by_id(Uuid::from_u128(7)).len(), 2);
    assert_eq!(graph.accepted_after(390).len(), 10);
}

#[tokio::test]
async fn it_ends_and_frees_its_port() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    caller.send(&text("+15550001234")).await;
    let address = graph.url().trim_start_matches("http://").to_owned();
    graph.stop().await;
    let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
    let again = waypost_sandbox::Graph::start(listener, GraphSettings::default()).unwrap();
    assert_eq!(caller.send(&text("+15550001234")).await.status, 200);
    drop(again);
    eventually("the port is free", || {
        std::net::TcpListener::bind(&address).is_ok()
    })
    .await;
}
