//! What is answered to whoever may not, asks wrongly, or comes too often; and tokens from the private listener.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod common;

use std::time::Duration;

use common::{NUMBER, SECRET, Service, Told, client, events, log, number_token, numbers, token};
use http::header::ORIGIN;
use serde_json::{Value, json};
use waypost_harness::{eventually, redis};
use waypost_realtime::new_key;
use waypost_settings::{ExposeSecret, SecretString};
use waypost_token::{Claims, Scope, TTL, Tokens};

async fn status(service: &Service, token: &str) -> (u16, Value) {
    let request = client().get(service.url("/v1/events")).bearer_auth(token);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    match status {
        200 => (status, Value::Null),
        _ => {
            assert_eq!(
                response.headers()["content-type"],
                "application/problem+json"
            );
            let text = response.text().await.unwrap();
            (status, serde_json::from_str(&text).unwrap())
        }
    }
}

#[tokio::test]
async fn only_a_good_token_opens() {
    let redis = redis().await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let good = number_token();
    let other = SecretString::from("fedcba9876543210fedcba9876543210");
    let claims = Claims::new("test", numbers(&[NUMBER]), TTL);
    let foreign = Tokens::new(&[other]).unwrap().issue(&claims);
    let mut old = claims.clone();
    old.expires = std::time::SystemTime::now() - Duration::from_secs(1);
    let ours = Tokens::new(&[SecretString::from(SECRET)]).unwrap();
    assert_eq!(status(&service, &good).await.0, 200);
    for (bad, kind) in [
        (foreign.as_str(), "invalid-token"),
        (&good[..good.len() - 1], "invalid-token"),
        ("x.y.z", "invalid-token"),
        (&ours.issue(&old), "expired-token"),
    ] {
        let (status, problem) = status(&service, bad).await;
        assert_eq!(status, 401);
        assert_eq!(problem["type"], format!("urn:waypost:problem:{kind}"));
        assert!(!problem.to_string().contains(bad), "{problem}");
    }
    let bare = client()
        .get(service.url("/v1/events"))
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 401);
    assert_eq!(bare.headers()["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_token_sees_its_own_and_nothing_else() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let mut mine = service.listen(&number_token(), Some("0-0")).await;
    let mut both = service
        .listen(&token(numbers(&[NUMBER, "777"])), Some("0-0"))
        .await;
    let mut all = service.listen(&token(Scope::Everything), Some("0-0")).await;
    for n in 0..50 {
        for number in ["777", NUMBER, "888"] {
            log.publish(&events(number, n..n + 1)).await.unwrap();
        }
    }
    let expected: Vec<u64> = (0..50).collect();
    assert_eq!(mine.numbers(50).await, expected);
    let twice = |times: usize| {
        expected
            .iter()
            .flat_map(|&n| vec![n; times])
            .collect::<Vec<_>>()
    };
    assert_eq!(both.numbers(100).await, twice(2));
    assert_eq!(all.numbers(150).await, twice(3));
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let redis = redis().await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let mut claims = Claims::new("test", numbers(&[NUMBER]), TTL);
    claims.expires = std::time::SystemTime::now() + Duration::from_secs(2);
    let tokens = Tokens::new(&[SecretString::from(SECRET)]).unwrap();
    let mut stream = service.listen(&tokens.issue(&claims), None).await;
    let (name, bye) = stream.event().await;
    assert_eq!((name.as_str(), &bye["reason"]), ("bye", &json!("expired")));
    assert_eq!(stream.next().await, Told::End);
}

#[tokio::test]
async fn places_are_limited_and_free_again() {
    let redis = redis().await;
    let settings = [
        ("realtime.max_per_token", "2"),
        ("realtime.max_per_address", "3"),
    ];
    let service = Service::start(&redis.url, &redis.prefix, &settings).await;
    let (first, second, third) = (number_token(), number_token(), number_token());
    let one = service.listen(&first, None).await;
    let _two = service.listen(&first, None).await;
    let (refused, problem) = status(&service, &first).await;
    assert_eq!(
        (refused, &problem["title"]),
        (429, &json!("Too many connections"))
    );
    let _three = service.listen(&second, None).await;
    assert_eq!(status(&service, &third).await.0, 429, "the address is full");
    drop(one);
    eventually(
        Duration::from_secs(5),
        "the place is free again",
        async || status(&service, &third).await.0 == 200,
    )
    .await;
}

#[tokio::test]
async fn pages_of_other_origins_may_not_unless_named() {
    let redis = redis().await;
    let settings = [("realtime.origins", "https://inbox.example")];
    let service = Service::start(&redis.url, &redis.prefix, &settings).await;
    let token = number_token();
    let ask = async |origin: &str| {
        let request = client().get(service.url("/v1/events")).bearer_auth(&token);
        request.header(ORIGIN, origin).send().await.unwrap()
    };
    let allowed = ask("https://inbox.example").await;
    assert_eq!(allowed.status(), 200);
    let told = &allowed.headers()["access-control-allow-origin"];
    assert_eq!(told, "https://inbox.example");
    let refused = ask("https://evil.example").await;
    assert_eq!(refused.status(), 403);
    assert!(
        !refused
            .headers()
            .contains_key("access-control-allow-origin")
    );
    let preflight = client()
        .request(reqwest::Method::OPTIONS, service.url("/v1/events"))
        .header(ORIGIN, "https://inbox.example")
        .header("access-control-request-method", "GET")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 204);
    let headers = &preflight.headers()["access-control-allow-headers"];
    assert!(headers.to_str().unwrap().contains("last-event-id"));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said() {
    let redis = redis().await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let token = number_token();
    for (method, path, expected) in [
        ("GET", "/v1/events?after=yesterday", 400),
        ("GET", "/v1/events?tokn=1", 400),
        ("POST", "/v1/events", 405),
        ("GET", "/v1/event", 404),
        ("GET", "/", 404),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = client()
            .request(method, service.url(path))
            .bearer_auth(&token);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), expected, "{path}");
        assert!(response.headers().contains_key("x-request-id"));
        let text = response.text().await.unwrap();
        assert!(
            text.contains("detail") && !text.contains("yesterday"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_backend_gets_tokens_for_its_own_numbers() {
    let redis = redis().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let key = new_key("backend", &[NUMBER]).unwrap();
    std::fs::write(&file, &key.table).unwrap();
    let settings = [("realtime.keys_file", file.to_str().unwrap())];
    let service = Service::start(&redis.url, &redis.prefix, &settings).await;
    let url = format!("http://{}/v1/realtime/tokens", service.tokens.unwrap());
    let ask = async |key: &str, body: Value| {
        let request = client().post(&url).bearer_auth(key).body(body.to_string());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_str::<Value>(&response.text().await.unwrap()).unwrap(),
        )
    };
    let key = key.key.expose_secret();
    let (good, answer) = ask(key, json!({ "number": NUMBER })).await;
    assert_eq!(good, 200, "{answer}");
    let token = answer["token"].as_str().unwrap();
    assert_eq!(status(&service, token).await.0, 200);
    assert!(answer["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(ask("wpk_wrong", json!({ "number": NUMBER })).await.0, 401);
    assert_eq!(ask(key, json!({ "number": "777" })).await.0, 403);
    assert_eq!(
        ask(key, json!({ "number": NUMBER, "ttl_seconds": 1 }))
            .await
            .0,
        400
    );
    let long = json!({ "number": NUMBER, "subject": "x".repeat(20_000) });
    assert_eq!(ask(key, long).await.0, 413);
    let other = client().get(&url).send().await.unwrap();
    assert_eq!(other.status(), 405);
    // The public listener issues none.
    let public = client().post(service.url("/v1/realtime/tokens"));
    assert_eq!(public.send().await.unwrap().status(), 404);
}
