//! Clients that may not, or do not keep to the protocol.

use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::time::Instant;
use waypost_harness::redis;
use waypost_settings::SecretString;
use waypost_token::{Claims, TTL, Tokens};

use crate::common::{self, NUMBER, SECRET, Service, client, log, number_token};
use crate::node::Node;
use crate::raw::Raw;
use crate::{TRANSPORTS, publish};

#[tokio::test]
async fn a_bad_token_is_refused_and_told_why() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    publish(&log, 0..10, 10).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let claims = Claims::new("test", common::numbers(&[NUMBER]), TTL);
    let other = SecretString::from("fedcba9876543210fedcba9876543210");
    let foreign = Tokens::new(&[other]).unwrap().issue(&claims);
    let mut old = claims.clone();
    old.expires = SystemTime::now() - Duration::from_secs(1);
    let ours = Tokens::new(&[SecretString::from(SECRET)]).unwrap();
    let bad = [
        (json!(foreign), "invalid-token"),
        (json!("x.y.z"), "invalid-token"),
        (json!(ours.issue(&old)), "expired-token"),
        (json!(""), "no-token"),
        (json!(null), "no-token"),
        (json!(7), "invalid"),
    ];
    for (at, (token, code)) in bad.into_iter().enumerate() {
        let transports = TRANSPORTS[at % 3];
        let url = service.url("");
        let mut node = Node::resume(&url, transports, token.clone(), Some("0-0")).await;
        let (name, refused) = node.news().await;
        assert_eq!((&*name, &refused["code"]), ("refused", &json!(code)));
        let message = refused["message"].as_str().unwrap();
        assert!(message.ends_with('.') && message.len() > 10, "{message}");
        let token = token.as_str().unwrap_or_default();
        assert!(token.is_empty() || !message.contains(token), "{message}");
    }
}

#[tokio::test]
async fn only_our_own_namespace_and_true_positions_are_there() {
    let redis = redis().await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let token = json!(number_token());
    let mut node = Node::connect(&service.url("/admin"), TRANSPORTS[0], token.clone()).await;
    let (name, refused) = node.news().await;
    let expected = ("refused", &json!("Invalid namespace"));
    assert_eq!((&*name, &refused["message"]), expected);
    let url = service.url("");
    let mut node = Node::resume(&url, TRANSPORTS[0], token, Some("yesterday")).await;
    let (name, refused) = node.news().await;
    assert_eq!((&*name, &refused["code"]), ("refused", &json!("invalid")));
    assert!(!refused.to_string().contains("yesterday"), "{refused}");
}

#[tokio::test]
async fn who_says_nonsense_is_cut_and_nobody_else() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let token = number_token();
    let mut good = Raw::connect(&service, &token, Some("0-0")).await;
    let large = format!("42[\"hello\",\"{}\"]", "x".repeat(17 << 10));
    for nonsense in [
        "", "x", "4", "49", "44{}", "451-[]", "é", "0{}", "6", &large,
    ] {
        let mut bad = Raw::connect(&service, &token, None).await;
        bad.say(nonsense).await;
        let (events, bye) = bad.rest().await;
        assert!(events.is_empty() && bye.is_none(), "{nonsense}");
    }
    let mut bad = Raw::connect(&service, &token, None).await;
    bad.say_binary(b"\x00\xff").await;
    bad.rest().await;
    // What a well-behaved client may well say, and nobody listens to.
    for fine in ["42[\"hello\"]", "421[\"hello\"]", "431[]", "40{}", "41/x,"] {
        good.say(fine).await;
    }
    publish(&log, 0..5, 10).await;
    let mut came = 0;
    while came < 5 {
        let packet = good.next().await.expect("it goes on");
        came += usize::from(packet.starts_with("42[\"message\""));
    }
    // A client that leaves.
    good.say("41").await;
    assert_eq!(good.rest().await, (vec![], None));
}

#[tokio::test]
async fn who_asks_for_a_thousand_namespaces_and_reads_no_answer_is_cut() {
    let redis = redis().await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let mut bad = Raw::connect(&service, &number_token(), None).await;
    let name = "n".repeat(100);
    for _ in 0..200_000 {
        bad.say(&format!("40/{name},")).await;
    }
    while bad.next().await.is_some() {}
}

#[tokio::test]
async fn who_does_not_connect_is_not_waited_for() {
    let redis = redis().await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let begun = Instant::now();
    let mut silent = Raw::open(&service).await;
    while silent.next().await.is_some() {}
    let took = begun.elapsed();
    let expected = Duration::from_secs(9)..Duration::from_secs(15);
    assert!(expected.contains(&took), "{took:?}");
    // Nor does it keep a server from ending.
    let mut silent = Raw::open(&service).await;
    let begun = Instant::now();
    service.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    while silent.next().await.is_some() {}
}

#[tokio::test]
async fn requests_that_are_none_of_the_protocol_are_answered() {
    let redis = redis().await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let get = async |query: &str| {
        let url = service.url(&format!("/socket.io/?{query}"));
        let response = client().get(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let (status, open) = get("EIO=4&transport=polling&t=1").await;
    assert_eq!(status, 200);
    let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
    assert_eq!(open["upgrades"], json!(["websocket"]));
    for query in [
        "",
        "EIO=4",
        "EIO=3&transport=polling",
        "EIO=4&transport=smoke",
        "EIO=4&transport=websocket",
        "EIO=4&transport=polling&sid=",
        "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA",
        // It would begin a session, and nobody would have counted it.
        "EIO=4&transport=polling&%73id=AAAAAAAAAAAAAAAA",
    ] {
        let (status, text) = get(query).await;
        assert_eq!(status, 400, "{query}: {text}");
        assert!(!text.is_empty(), "{query}");
    }
    // A body larger than a client has any use for ends the session, and no other.
    let sid = open["sid"].as_str().unwrap();
    let url = service.url(&format!("/socket.io/?EIO=4&transport=polling&sid={sid}"));
    let post = client().post(&url).body("4".repeat(17 << 10));
    assert!(post.send().await.unwrap().status().is_client_error());
    assert_eq!(client().get(&url).send().await.unwrap().status(), 400);
}
