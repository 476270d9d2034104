//! Resuming: nothing is missing, in order, whatever has happened to the stream meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod common;

use std::time::Duration;

use common::{NUMBER, Service, Told, events, log, number_token};
use waypost_harness::{AppendFsync, eventually_some, private_redis, redis};

const KEEP: u64 = 1_000_000;

#[tokio::test]
async fn a_new_client_hears_where_it_stands_and_then_what_happens() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, KEEP).await;
    log.publish(&events(NUMBER, 0..10)).await.unwrap();
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let mut stream = service.listen(&number_token(), None).await;
    assert_eq!(stream.next().await, Told::Here);
    assert_eq!(
        stream.position,
        log.newest(1).await.unwrap().bounds.last.to_string()
    );
    log.publish(&events(NUMBER, 10..20)).await.unwrap();
    assert_eq!(stream.numbers(10).await, Vec::from_iter(10..20));
}

#[tokio::test]
async fn from_any_position_all_that_follows_comes_in_order_and_then_goes_on() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, KEEP).await;
    // More than a replica remembers, so that old positions need the stream itself.
    for start in (0..9_000).step_by(1_000) {
        log.publish(&events(NUMBER, start..start + 1_000))
            .await
            .unwrap();
    }
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let kept = log.after("-", 9_000).await.unwrap();
    let mut streams = Vec::new();
    for at in [0, 1, 2_500, 4_900, 8_998, 8_999] {
        let stream = service
            .listen(&number_token(), Some(&kept[at].position))
            .await;
        streams.push((at as u64, stream));
    }
    log.publish(&events(NUMBER, 9_000..9_500)).await.unwrap();
    for (at, stream) in &mut streams {
        let expected = Vec::from_iter(*at + 1..9_500);
        assert_eq!(stream.numbers(expected.len()).await, expected, "from {at}");
    }
}

#[tokio::test]
async fn who_resumes_while_events_pour_in_misses_none_and_gets_none_twice() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, KEEP).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let pouring = tokio::spawn({
        let log = log.clone();
        async move {
            for n in 0..3_000 {
                log.publish(&events(NUMBER, n..n + 1)).await.unwrap();
            }
        }
    });
    let mut stream = service.listen(&number_token(), Some("0-0")).await;
    let mut got = Vec::new();
    // Away and back again, at no particular moments.
    while got.len() < 3_000 {
        let some = 97.min(3_000 - got.len());
        got.extend(stream.numbers(some).await);
        let position = stream.position.clone();
        stream = service.listen(&number_token(), Some(&position)).await;
    }
    pouring.await.unwrap();
    assert_eq!(got, Vec::from_iter(0..3_000));
}

#[tokio::test]
async fn a_position_that_the_stream_has_let_go_of_gets_one_resync_and_then_what_is_left() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 100).await;
    log.publish(&events(NUMBER, 0..10)).await.unwrap();
    let old = log.after("-", 10).await.unwrap()[4].position.clone();
    log.publish(&events(NUMBER, 10..6_000)).await.unwrap();
    let left = log.after("-", 6_000).await.unwrap();
    assert!(left.len() < 1_000, "{}", left.len());

    // Afterwards: a replica that was there remembers some of what the stream has let go of.
    let service = Service::start(&redis.url, &redis.prefix, &[("events.keep", "100")]).await;
    let mut stream = service.listen(&number_token(), Some(&old)).await;
    let (name, data) = stream.event().await;
    assert_eq!(name, "resync");
    // It says since when: the moment of the position that was handed over.
    let millis: i128 = old.split('-').next().unwrap().parse().unwrap();
    let since = time::OffsetDateTime::parse(
        data["since"].as_str().unwrap(),
        &time::format_description::well_known::Rfc3339,
    )
    .unwrap();
    assert_eq!(since.unix_timestamp_nanos() / 1_000_000, millis);
    let first = 6_000 - left.len() as u64;
    assert_eq!(
        stream.numbers(left.len()).await,
        Vec::from_iter(first..6_000)
    );
    // Whoever was told once, and comes back from there, is not told again.
    let mut again = service
        .listen(&number_token(), Some(data["position"].as_str().unwrap()))
        .await;
    assert_eq!(again.numbers(left.len()).await.len(), left.len());
}

#[tokio::test]
async fn a_position_of_another_stream_gets_a_resync() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, KEEP).await;
    log.publish(&events(NUMBER, 0..10)).await.unwrap();
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let mut stream = service
        .listen(&number_token(), Some("99999999999999-0"))
        .await;
    assert_eq!(stream.event().await.0, "resync");
    log.publish(&events(NUMBER, 10..12)).await.unwrap();
    assert_eq!(stream.numbers(2).await, [10, 11]);
}

#[tokio::test]
async fn the_service_outlives_redis() {
    let mut server = private_redis(AppendFsync::Always).await;
    let log = log(&server.url(), "t:", KEEP).await;
    let service = Service::start(&server.url(), "t:", &[]).await;
    log.publish(&events(NUMBER, 0..10)).await.unwrap();
    let mut stream = service.listen(&number_token(), Some("0-0")).await;
    assert_eq!(stream.numbers(10).await.len(), 10);

    server.kill().await.unwrap();
    // A client that has to read history waits, and is not turned away.
    let mut late = service.listen(&number_token(), Some("1-0")).await;
    server.restart().await.unwrap();
    eventually_some(
        Duration::from_secs(10),
        "events can be published",
        async || log.publish(&events(NUMBER, 10..11)).await.ok(),
    )
    .await;
    assert_eq!(stream.numbers(1).await, [10]);
    assert_eq!(late.numbers(11).await, Vec::from_iter(0..11));
}

#[tokio::test]
async fn an_emptied_redis_sends_everybody_back_to_what_there_is() {
    let server = private_redis(AppendFsync::EverySec).await;
    let log = log(&server.url(), "t:", KEEP).await;
    let service = Service::start(&server.url(), "t:", &[("realtime.drain_spread", "0s")]).await;
    log.publish(&events(NUMBER, 0..10)).await.unwrap();
    let mut stream = service.listen(&number_token(), Some("0-0")).await;
    assert_eq!(stream.numbers(10).await.len(), 10);
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = ::redis::cmd("FLUSHALL")
        .query_async(&mut connection)
        .await
        .unwrap();
    log.publish(&events(NUMBER, 10..12)).await.unwrap();
    assert_eq!(stream.numbers(2).await, [10, 11]);
}

#[tokio::test]
async fn draining_says_goodbye_and_when_to_come_back() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, KEEP).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let other = Service::start(&redis.url, &redis.prefix, &[]).await;
    let mut stream = service.listen(&number_token(), None).await;
    assert_eq!(stream.next().await, Told::Here);
    log.publish(&events(NUMBER, 0..1)).await.unwrap();
    assert_eq!(stream.numbers(1).await, [0]);
    service.drain();
    let (name, bye) = stream.event().await;
    assert_eq!((name.as_str(), &bye["reason"]), ("bye", &"draining".into()));
    let retry = bye["retry_ms"].as_u64().unwrap();
    assert!((100..=5_000).contains(&retry), "{retry}");
    assert_eq!(stream.next().await, Told::End);
    log.publish(&events(NUMBER, 1..3)).await.unwrap();
    service.ended().await;
    // Any replica will do.
    let mut stream = other.listen(&number_token(), Some(&stream.position)).await;
    assert_eq!(stream.numbers(2).await, [1, 2]);
}

#[tokio::test]
async fn a_quiet_client_is_told_where_it_stands() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, KEEP).await;
    let service = Service::start(
        &redis.url,
        &redis.prefix,
        &[("realtime.heartbeat", "100ms")],
    )
    .await;
    let mut stream = service.listen(&number_token(), None).await;
    assert_eq!(stream.next().await, Told::Here);
    // Another number's events are none of its business, but it need not read past them again.
    log.publish(&events("777", 0..5)).await.unwrap();
    let last = log.newest(1).await.unwrap().bounds.last.to_string();
    while stream.position != last {
        assert_eq!(stream.next().await, Told::Here);
    }
}
