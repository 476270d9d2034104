//! The stream of events: pages, its bounds, and what is missed by whoever stopped long ago.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::time::Duration;

use waypost_harness::redis;
use waypost_model::{EffectKey, Event, EventKind};
use waypost_queue::{Bounds, EventLog, EventSettings, EventTail, Position, Redis, RedisSettings};

fn events(range: std::ops::Range<u64>) -> Vec<Event> {
    let event = |n: u64| {
        let id = EffectKey::message("1", &n.to_string());
        Event::new(id, EventKind::Message, "1", &serde_json::json!({ "n": n })).unwrap()
    };
    range.map(event).collect()
}

async fn stream(keep: u64) -> (Redis, EventLog) {
    let corner = redis().await;
    let mut settings = RedisSettings::for_url(&corner.url);
    settings.prefix = corner.prefix;
    let redis = Redis::connect(&settings).await.unwrap();
    let log = EventLog::new(&redis, &EventSettings { keep });
    (redis, log)
}

fn at(text: &str) -> Position {
    text.parse().unwrap()
}

#[tokio::test]
async fn no_stream_is_an_empty_one() {
    let (redis, log) = stream(1_000_000).await;
    assert_eq!(log.bounds().await.unwrap(), Bounds::default());
    let page = log.page(Position::START, 10).await.unwrap();
    assert!(page.events.is_empty() && !page.bounds.miss(Position::START));
    assert!(
        page.bounds.miss(at("1-0")),
        "it cannot come from this stream"
    );
    let mut tail = EventTail::new(&redis);
    let none = tail.next(Position::START, 10, Duration::from_millis(10));
    assert!(none.await.unwrap().is_empty());
}

#[tokio::test]
async fn an_event_carries_its_trace_and_one_without_has_no_field_for_it() {
    let (redis, log) = stream(1_000_000).await;
    let mut events = events(0..2);
    events[1].traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
    log.publish(&events).await.unwrap();
    let wait = Duration::from_secs(5);
    let mut tail = EventTail::new(&redis);
    let tailed = tail.next(Position::START, 10, wait).await;
    for read in [tailed.unwrap(), log.after("-", 10).await.unwrap()] {
        let traces: Vec<_> = read.iter().map(|event| &*event.traceparent).collect();
        assert_eq!(traces, ["", &events[1].traceparent]);
        assert_eq!(read[1].data, events[1].data);
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_the_tail_goes_on() {
    let (redis, log) = stream(1_000_000).await;
    log.publish(&events(0..25)).await.unwrap();
    let mut position = Position::START;
    let mut bodies = Vec::new();
    loop {
        let page = log.page(position, 10).await.unwrap();
        assert!(!page.bounds.miss(position) && !page.bounds.trimmed);
        let Some(last) = page.events.last() else {
            break;
        };
        position = at(&last.position);
        bodies.extend(page.events.iter().map(|event| event.data.clone()));
    }
    let expected: Vec<String> = (0..25).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
    assert_eq!(bodies, expected);
    assert_eq!(log.newest(3).await.unwrap().events[0].data, r#"{"n":22}"#);

    let mut tail = EventTail::new(&redis);
    let waiting =
        tokio::spawn(async move { tail.next(position, 10, Duration::from_secs(20)).await });
    log.publish(&events(25..26)).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap()[0].data, r#"{"n":25}"#);
}

#[tokio::test]
async fn what_was_let_go_of_is_missed_by_who_has_not_seen_it_and_by_nobody_else() {
    let (_redis, log) = stream(100).await;
    log.publish(&events(0..1_000)).await.unwrap();
    let kept = log.after("-", 1_000).await.unwrap();
    assert!(kept.len() < 500, "{}", kept.len());
    let bounds = log.bounds().await.unwrap();
    assert!(bounds.trimmed);
    assert_eq!(bounds.first, Some(at(&kept[0].position)));
    assert!(bounds.miss(Position::START));
    assert!(bounds.miss(at(&kept[0].position).before().before()));
    assert!(!bounds.miss(at(&kept[0].position).before()));
    assert!(!bounds.miss(bounds.last));
    assert!(bounds.miss(at("99999999999999-0")));
}
