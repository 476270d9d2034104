//! Stopping with work in hand, and the limit on connections.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::local_redis::{LocalRedis, eventually};
use crate::raw::{answer, exchange, header, is_closed, post_with, signed, status};
use crate::service::Service;

/// A request whose body is awaited: its sender has been told to go on.
async fn in_flight(service: &Service, body: &[u8]) -> TcpStream {
    let whole = signed(body);
    let text = String::from_utf8(whole).unwrap();
    let head = text.replace("content-type", "expect: 100-continue\r\ncontent-type");
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream
        .write_all(&head.as_bytes()[..head.len() - body.len()])
        .await
        .unwrap();
    assert_eq!(status(&answer(&mut stream).await), 100);
    stream
}

#[tokio::test]
async fn bodies_in_flight_are_taken_before_the_end_and_readiness_goes_first() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[("ingress.body_timeout", "30s")]).await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(in_flight(&service, b"{\"entry\":[]}").await);
    }
    let mut idle = TcpStream::connect(service.address).await.unwrap();
    idle.write_all(&signed(b"{}")).await.unwrap();
    assert_eq!(status(&answer(&mut idle).await), 200);

    let (admin, address) = (service.admin, service.address);
    let stopping = tokio::spawn(service.stop());
    eventually("the service is not ready", || async {
        let text = exchange(
            admin,
            b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .await;
        text.ends_with("draining\n")
    })
    .await;
    assert!(is_closed(&mut idle).await);
    // A server that another test starts at this moment shares the socket until it has become a program of its own.
    eventually("the port is closed", || async {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    for stream in &mut streams {
        stream.write_all(b"{\"entry\":[]}").await.unwrap();
        let text = answer(stream).await;
        assert_eq!(status(&text), 200, "{text}");
        assert_eq!(header(&text, "connection"), Some("close"));
    }
    timeout(Duration::from_secs(5), stopping)
        .await
        .expect("the drain hangs")
        .unwrap()
        .unwrap();
    assert_eq!(redis.waiting().await, 6);
}

#[tokio::test]
async fn a_body_that_never_comes_holds_the_drain_no_longer_than_its_deadline() {
    let redis = LocalRedis::start().await;
    let settings = [
        ("ingress.body_timeout", "60s"),
        ("ingress.drain_deadline", "500ms"),
    ];
    let service = Service::ready(&redis.url(), &settings).await;
    let mut stream = in_flight(&service, b"{}").await;
    timeout(Duration::from_secs(5), service.stop())
        .await
        .expect("the drain hangs")
        .unwrap();
    assert!(is_closed(&mut stream).await);
    assert_eq!(redis.waiting().await, 0);
}

#[tokio::test]
async fn beyond_the_limit_connections_wait_and_are_served_when_there_is_a_place() {
    let redis = LocalRedis::start().await;
    let settings = [
        ("ingress.max_connections", "2"),
        ("ingress.body_timeout", "30s"),
    ];
    let service = Service::ready(&redis.url(), &settings).await;
    let mut first = in_flight(&service, b"{}").await;
    let _second = in_flight(&service, b"{}").await;
    let mut third = TcpStream::connect(service.address).await.unwrap();
    third.write_all(&post_with("", b"")).await.unwrap();
    let early = timeout(Duration::from_millis(300), answer(&mut third)).await;
    assert!(early.is_err(), "served beyond the limit: {early:?}");
    first.write_all(b"{}").await.unwrap();
    assert_eq!(status(&answer(&mut first).await), 200);
    drop(first);
    assert_eq!(status(&answer(&mut third).await), 401);
}
