//! The Send API: what is not taken, and how that is said.

use http::Method;
use serde_json::json;
use waypost_ingress::IngressError;
use waypost_ingress::send::new_key;
use waypost_settings::ExposeSecret;

use crate::local_redis::{LocalRedis, eventually};
use crate::sender::{KeyFile, NUMBER, Sender, facts, ready, text};
use crate::service::Service;

#[tokio::test]
async fn all_faults_are_told_at_once_with_their_places() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let reply = sender
        .send(&json!({ "to": "16505551234", "type": "interactive", "priority": "now", "send_at": "soon",
            "interactive": { "type": "button", "body": { "text": "x".repeat(1025) }, "action": { "buttons": [
                { "type": "reply", "reply": { "id": "1", "title": "x".repeat(21) } }] } } }))
        .await;
    assert_eq!(reply.status, 422);
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(reply.body["type"], "urn:waypost:problem:invalid-message");
    assert_eq!(reply.body["status"], 422);
    let instance = format!("urn:uuid:{}", reply.header("x-request-id").unwrap());
    assert_eq!(reply.body["instance"], instance);
    let pointers = reply.pointers();
    for wanted in [
        "/from",
        "/priority",
        "/send_at",
        "/to",
        "/interactive/body/text",
        "/interactive/action/buttons/0/reply/title",
    ] {
        assert!(
            pointers.contains(&wanted),
            "{wanted} is not in {pointers:?}"
        );
    }
    assert!(facts(&redis).await.is_empty());
    service.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_json_is_told_by_line_and_column_without_a_quote() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    for path in ["/v1/messages", "/v1/messages:batch"] {
        let reply = sender.post(path, "{\n \"secret\": tru}", &[]).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        let text = reply.body.to_string();
        assert!(text.contains("line 2, column"), "{text}");
        assert!(!text.contains("secret"), "{text}");
        for broken in ["", "{", "{\"a\":\"\\ud800\"", "\u{feff}{}"] {
            assert_eq!(sender.post(path, broken, &[]).await.status, 400, "{broken}");
        }
        let reply = sender.post(path, &b"{\"a\":\"\xff\"}"[..], &[]).await;
        assert_eq!(reply.status, 400, "{reply:?}");
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn who_has_no_key_or_not_for_this_number_is_refused() {
    let redis = LocalRedis::start().await;
    let (service, sender, file) = ready(&redis, &[]).await;
    let json = ("content-type", "application/json");
    let none = sender
        .request(Method::POST, "/v1/messages", text("1").to_string(), &[json])
        .await;
    assert_eq!(none.status, 401);
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    let unknown = sender.with_key("wpk_nobodys").send(&text("1")).await;
    assert_eq!(unknown.status, 401);
    assert!(
        unknown
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer")
    );
    let mut foreign = text("1");
    foreign["from"] = "107".into();
    let reply = sender.send(&foreign).await;
    assert_eq!(reply.status, 403, "{reply:?}");
    assert_eq!(
        sender.with_key(&file.other).send(&foreign).await.status,
        202
    );
    let reply = sender.batch(&json!([foreign, text("2")]), &[]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["results"][0]["problem"]["status"], 403);
    assert_eq!(reply.body["results"][1]["state"], "accepted");
    service.stop().await.unwrap();
}

#[tokio::test]
async fn sizes_media_types_methods_and_paths_have_their_codes() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[("send.body_limit", "1KiB")]).await;
    let large = sender.send(&text(&"x".repeat(2_000))).await;
    assert_eq!(large.status, 413);
    assert_eq!(sender.send(&text(&"x".repeat(800))).await.status, 202);
    for wrong in [
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", "text/json"),
        ("content-encoding", "gzip"),
    ] {
        let reply = sender
            .post("/v1/messages", text("1").to_string(), &[wrong])
            .await;
        assert_eq!(reply.status, 415, "{wrong:?}");
    }
    let charset = [("content-type", "Application/JSON; charset=utf-8")];
    let reply = sender
        .post("/v1/messages", text("1").to_string(), &charset)
        .await;
    assert_eq!(reply.status, 202);
    for path in [
        "/",
        "/webhook",
        "/v1/messages/",
        "/v1/messages/1",
        "/v1/message",
    ] {
        let reply = sender.post(path, "{}", &[]).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let reply = sender
            .request(method.clone(), "/v1/messages", "", &[])
            .await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_numbers_backlog_over_its_limit_is_429_and_costs_no_other_number() {
    let redis = LocalRedis::start().await;
    let (service, sender, file) = ready(&redis, &[("outbox.max_backlog", "3")]).await;
    let sender = sender.with_key(&file.other);
    for n in 0..3 {
        assert_eq!(sender.send(&text(&n.to_string())).await.status, 202);
    }
    let reply = sender.send(&text("4")).await;
    assert_eq!(reply.status, 429, "{reply:?}");
    assert_eq!(reply.header("retry-after"), Some("5"));
    let mut other = text("5");
    other["from"] = "99".into();
    let reply = sender.batch(&json!([text("6"), other]), &[]).await;
    assert_eq!(reply.body["results"][0]["problem"]["status"], 429);
    assert_eq!(reply.body["results"][0]["problem"]["retry_after"], 5);
    assert_eq!(reply.body["results"][1]["state"], "accepted");
    service.stop().await.unwrap();
}

#[tokio::test]
async fn keys_are_read_again_while_it_serves() {
    let redis = LocalRedis::start().await;
    let (service, sender, file) = ready(&redis, &[]).await;
    assert_eq!(sender.send(&text("1")).await.status, 202);
    let new = new_key("new", &[NUMBER]).unwrap();
    let newcomer = sender.with_key(new.key.expose_secret());
    assert_eq!(newcomer.send(&text("2")).await.status, 401);
    file.write(&new.table);
    eventually("the new key is known", || async {
        newcomer.send(&text("3")).await.status == 202
    })
    .await;
    assert_eq!(sender.send(&text("4")).await.status, 401);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_of_keys_that_is_wrong_at_the_start_ends_it_and_none_turns_it_off() {
    let redis = LocalRedis::start().await;
    let file = KeyFile::new();
    file.write("[a]\nsha256 = \"abc\"\nnumbers = [\"1\"]");
    let service = Service::start(&redis.url(), &[("send.keys_file", &file.path())]).await;
    let error = service.ended().await.unwrap_err();
    assert!(matches!(error, IngressError::Settings(_)), "{error}");
    assert!(error.to_string().contains("a.sha256"), "{error}");

    let service = Service::ready(&redis.url(), &[]).await;
    assert!(tokio::net::TcpStream::connect(service.send).await.is_err());
    service.stop().await.unwrap();
}

#[tokio::test]
async fn without_redis_a_batch_tells_each_message_so() {
    let mut redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[("redis.timeout", "500ms")]).await;
    assert_eq!(sender.send(&text("1")).await.status, 202);
    redis.stop();
    let reply = sender.batch(&json!([text("2"), {}]), &[]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["results"][0]["problem"]["status"], 503);
    assert_eq!(reply.body["results"][1]["problem"]["status"], 422);
    let sender = Sender::new(service.send, "wpk_nobodys");
    assert_eq!(sender.send(&text("3")).await.status, 401);
    service.stop().await.unwrap();
}
