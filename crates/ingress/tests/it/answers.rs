//! The table of answers.

use uuid::Uuid;
use waypost_whatsapp::signature::sign;

use crate::local_redis::LocalRedis;
use crate::raw::{exchange, header, post, post_with, signed, status};
use crate::service::{SECOND_SECRET, SECRET, Service};

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn a_signed_webhook_is_in_redis_under_its_request_id_when_it_is_answered() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    let answer = exchange(service.address, &signed(body)).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let id: Uuid = header(&answer, "x-request-id").unwrap().parse().unwrap();
    let envelopes = redis.take().await;
    assert_eq!(envelopes.len(), 1);
    assert_eq!((envelopes[0].id, &envelopes[0].body[..]), (id, &body[..]));
    service.stop().await.unwrap();
}

#[tokio::test]
async fn every_answer_has_its_status_and_a_request_id() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let body = b"{}";
    let by_second = sign(SECOND_SECRET.as_bytes(), body);
    let sent_by_stranger = sign(b"another secret", body);
    let cases: &[(&str, Vec<u8>, u16)] = &[
        ("signed", signed(body), 200),
        ("signed with the second secret", post(&by_second, body), 200),
        ("empty, signed", signed(b""), 200),
        ("not JSON, signed", signed(&[0xff, 0, 0xfe]), 200),
        ("no signature", post_with("", body), 401),
        (
            "signed with a strange secret",
            post(&sent_by_stranger, body),
            401,
        ),
        (
            "handshake, first token",
            get("/webhook?hub.mode=subscribe&hub.challenge=42&hub.verify_token=token+one"),
            200,
        ),
        (
            "handshake, second token",
            get("/webhook?hub.verify_token=token-two&hub.mode=subscribe&hub.challenge=x"),
            200,
        ),
        (
            "handshake, wrong token",
            get("/webhook?hub.mode=subscribe&hub.challenge=42&hub.verify_token=token"),
            403,
        ),
        (
            "handshake, wrong mode",
            get("/webhook?hub.mode=x&hub.challenge=42&hub.verify_token=token-two"),
            403,
        ),
        ("handshake, nothing", get("/webhook"), 403),
        ("elsewhere", get("/"), 404),
        ("nearly there", get("/webhook/"), 404),
        ("admin paths are not public", get("/readyz"), 404),
        (
            "other method",
            b"DELETE /webhook HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
            405,
        ),
        (
            "made-up method",
            b"BREW /webhook HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
            405,
        ),
    ];
    for (name, request, expected) in cases {
        let answer = exchange(service.address, request).await;
        assert_eq!(status(&answer), *expected, "{name}: {answer}");
        let id: Uuid = header(&answer, "x-request-id")
            .expect(name)
            .parse()
            .expect(name);
        assert_eq!(id.get_version_num(), 7, "{name}");
        assert!(!answer.contains(SECRET), "{name}");
    }
    assert_eq!(
        redis.waiting().await,
        4,
        "only what was answered 200 may be there"
    );
    service.stop().await.unwrap();
}

#[tokio::test]
async fn the_challenge_comes_back_raw_and_405_says_what_is_allowed() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let handshake =
        get("/webhook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=token-two");
    let answer = exchange(service.address, &handshake).await;
    assert!(answer.ends_with("\r\n\r\n1158201444"), "{answer}");
    assert!(
        header(&answer, "content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    let answer = exchange(
        service.address,
        b"PUT /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(header(&answer, "allow"), Some("GET, POST"));
    service.stop().await.unwrap();
}

#[tokio::test]
async fn http2_takes_webhooks_on_the_same_port() {
    use bytes::Bytes;
    use http_body_util::Full;
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let io = TokioIo::new(
        tokio::net::TcpStream::connect(service.address)
            .await
            .unwrap(),
    );
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let large = vec![b' '; 300_000];
    for (body, expected) in [
        (b"{}".to_vec(), 200),
        (large, 200),
        (vec![b' '; 3 * 1024 * 1024 + 1], 413),
    ] {
        let request = http::Request::post("http://x/webhook")
            .header("x-hub-signature-256", sign(SECRET.as_bytes(), &body))
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), expected);
        assert!(response.headers().contains_key("x-request-id"));
    }
    let unsigned = http::Request::post("http://x/webhook")
        .body(Full::new(Bytes::new()))
        .unwrap();
    assert_eq!(sender.send_request(unsigned).await.unwrap().status(), 401);
    assert_eq!(redis.waiting().await, 2);
    drop(sender);
    service.stop().await.unwrap();
}
