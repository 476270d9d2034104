//! What the metrics say of clients and events. Metrics belong to the process, so there is one test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod common;
#[allow(dead_code, reason = "made for other tests")]
#[path = "socket_io/raw.rs"]
mod raw;

use std::time::{Duration, SystemTime};

use common::{NUMBER, PATIENCE, SECRET, Service, Stream, events, log, number_token, numbers};
use raw::Raw;
use serde_json::json;
use waypost_harness::{AppendFsync, eventually, private_redis};
use waypost_model::{EffectKey, Event, EventKind};
use waypost_settings::SecretString;
use waypost_telemetry::metrics;
use waypost_telemetry::metrics::label::{EndReason, Transport};
use waypost_telemetry::metrics::realtime::{CLIENTS, DELIVERIES, ENDED, EVENTS};
use waypost_token::{Claims, TTL, Tokens};

/// A polling client: a session that has connected.
struct Poller {
    http: reqwest::Client,
    url: String,
}

impl Poller {
    async fn connect(service: &Service) -> Self {
        let (http, url) = (
            common::client(),
            service.url("/socket.io/?EIO=4&transport=polling"),
        );
        let open = http.get(&url).send().await.unwrap().text().await.unwrap();
        let open: serde_json::Value =
            serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        let url = format!("{url}&sid={}", open["sid"].as_str().unwrap());
        let auth = json!({ "token": number_token() });
        let said = http.post(&url).body(format!("40{auth}")).send();
        assert_eq!(said.await.unwrap().status(), 200);
        let poller = Self { http, url };
        // A heartbeat may come first.
        while !poller.poll().await.contains("40{") {}
        poller
    }

    async fn poll(&self) -> String {
        let polled = self.http.get(&self.url).send().await.unwrap();
        polled.text().await.unwrap()
    }

    async fn leave(self) {
        let said = self.http.post(&self.url).body("1").send();
        assert_eq!(said.await.unwrap().status(), 200);
    }
}

async fn there(transport: Transport, clients: f64) {
    let what = format!("{clients} clients by {}", transport.as_str());
    eventually(PATIENCE, &what, async || {
        CLIENTS.of(transport).get() == Some(clients)
    })
    .await;
}

async fn gone(reason: EndReason, clients: u64) {
    let what = format!("{clients} have ended: {}", reason.as_str());
    eventually(PATIENCE, &what, async || ENDED.of(reason).get() == clients).await;
}

/// How all have ended.
fn ended() -> Vec<(&'static str, u64)> {
    let ended = |reason: &EndReason| (reason.as_str(), ENDED.of(*reason).get());
    EndReason::ALL.iter().map(ended).collect()
}

async fn listen(service: &Service) -> Stream {
    let mut stream = service.listen(&number_token(), None).await;
    stream.next().await;
    stream
}

#[tokio::test]
async fn clients_events_and_ends_are_told() {
    // Emptied at the end.
    let redis = private_redis(AppendFsync::EverySec).await;
    let log = log(&redis.url(), "t:", 1_000_000).await;
    let settings = [
        ("realtime.queue", "50"),
        ("realtime.drain_spread", "0s"),
        ("realtime.heartbeat", "500ms"),
    ];
    let service = Service::start(&redis.url(), "t:", &settings).await;

    let mut streams = [listen(&service).await, listen(&service).await];
    let websocket = Raw::connect(&service, &number_token(), None).await;
    let poller = Poller::connect(&service).await;
    there(Transport::Sse, 2.0).await;
    there(Transport::Websocket, 1.0).await;
    there(Transport::Polling, 1.0).await;

    log.publish(&events(NUMBER, 0..5)).await.unwrap();
    log.publish(&events("777", 0..3)).await.unwrap();
    for stream in &mut streams {
        assert_eq!(stream.numbers(5).await, Vec::from_iter(0..5));
    }
    eventually(PATIENCE, "all events have been read", async || {
        EVENTS.get() == 8
    })
    .await;
    eventually(PATIENCE, "each client was given its own", async || {
        DELIVERIES.get() == 20
    })
    .await;
    let page = metrics::prometheus();
    assert!(
        page.contains("\nwaypost_realtime_events_total 8\n"),
        "{page}"
    );
    assert!(page.contains("\nwaypost_realtime_lag_seconds_count 8\n"));
    // Somebody may have slept, but not for so long.
    assert!(page.contains("\nwaypost_realtime_lag_seconds_bucket{le=\"10\"} 8\n"));

    poller.leave().await;
    drop(streams);
    there(Transport::Sse, 0.0).await;
    there(Transport::Polling, 0.0).await;
    gone(EndReason::Left, 3).await;

    expires(&service).await;
    gone(EndReason::Expired, 1).await;

    // It does not read any more.
    while CLIENTS.of(Transport::Websocket).get() == Some(1.0) {
        let before = EVENTS.get();
        log.publish(&[large()]).await.unwrap();
        eventually(PATIENCE, "it has been read", async || EVENTS.get() > before).await;
    }
    gone(EndReason::Slow, 1).await;
    drop(websocket);

    behind(&redis.url(), &service).await;
    gone(EndReason::Behind, 1).await;

    let _stream = listen(&service).await;
    service.drain();
    gone(EndReason::Draining, 1).await;
    there(Transport::Sse, 0.0).await;
    let expected = [
        ("left", 3),
        ("slow", 1),
        ("expired", 1),
        ("draining", 1),
        ("behind", 1),
    ];
    assert_eq!(ended(), expected);
}

/// An event that fills a socket soon.
fn large() -> Event {
    let id = EffectKey::message(NUMBER, "large");
    let body = json!({ "n": 0, "text": "x".repeat(256 << 10) });
    Event::new(id, EventKind::Message, NUMBER, &body).unwrap()
}

async fn expires(service: &Service) {
    let mut claims = Claims::new("test", numbers(&[NUMBER]), TTL);
    claims.expires = SystemTime::now() + Duration::from_secs(2);
    let tokens = Tokens::new(&[SecretString::from(SECRET)]).unwrap();
    let mut stream = service.listen(&tokens.issue(&claims), None).await;
    let (name, _) = stream.event().await;
    assert_eq!(name, "bye");
}

/// The stream is emptied under a client.
async fn behind(url: &str, service: &Service) {
    let mut stream = listen(service).await;
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHALL")
        .query_async(&mut connection)
        .await
        .unwrap();
    // The connection that waits for news is told nothing by that; a cut makes it look again.
    let () = redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .query_async(&mut connection)
        .await
        .unwrap();
    let (name, bye) = stream.event().await;
    assert_eq!((name.as_str(), &bye["reason"]), ("bye", &json!("behind")));
}
