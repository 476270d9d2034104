//! Where a client goes on: after what it has, or where the stream still begins, and then it is told.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use waypost_harness::eventually;
use waypost_queue::Position;
use waypost_realtime_tests::{
    Connection, Follower, Heard, Item, Realtime, Resync, SOON, Site, SocketIo, Sse, Transport,
    message, tokens,
};

use crate::{MACHINE, NUMBER};

/// What the streams keep that are to forget: Redis lets go of whole pieces of a hundred.
const KEEP: u64 = 100;

/// Exactly these come next, and nothing else between them but positions.
async fn comes(connection: &mut Connection, expected: &[Heard]) {
    for event in expected {
        assert_eq!(connection.news().await, Item::Event(event.clone()));
    }
}

fn after(told: &[Heard], position: Position) -> &[Heard] {
    &told[told.partition_point(|event| event.position <= position)..]
}

/// What a client must be told that comes back with `position` when the stream begins later.
fn gap(resync: &Resync, position: Position, first: Position) {
    let since = OffsetDateTime::parse(&resync.since, &Rfc3339).unwrap();
    assert_eq!(
        since,
        OffsetDateTime::from(position.time()),
        "{resync:?} of {position}"
    );
    assert!(
        resync.since.ends_with('Z') && resync.since.len() == 24,
        "{resync:?}"
    );
    assert!(resync.position < first, "{resync:?} leaves out {first}");
}

/// Waits until the service has come to the end of the stream.
async fn at_the_end(site: &Site, realtime: &Realtime) {
    let end = site.stream.last().await;
    let follower = Follower::start(Transport::Sse, realtime.dial(tokens::of_everything()));
    eventually(SOON, "the service is at the end", async || {
        follower.look(|record| record.position) >= Some(end)
    })
    .await;
}

#[tokio::test]
async fn whoever_comes_back_gets_what_it_missed_and_then_what_happens() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    // More than a page of history, and more than the service holds in memory.
    site.stream.messages(NUMBER, 0..6_000).await;
    let told = site.stream.told().await;
    for transport in Transport::BOTH {
        for at in [0, 1, 700, 5_000, 5_998, 5_999] {
            let position = told[at].position;
            let dial = realtime.dial(tokens::of_everything()).after(&position);
            let mut connection = transport.connect(&dial).await.unwrap();
            comes(&mut connection, after(&told, position)).await;
            let live = message(NUMBER, &format!("wamid.{transport:?}{at}"), json!({}));
            site.stream.publish(&[live]).await;
            let last = site
                .stream
                .told_after(told[5_999].position)
                .await
                .pop()
                .unwrap();
            let mut heard = connection.news().await;
            while heard != Item::Event(last.clone()) {
                // Those of the rounds before, which are behind this position too.
                assert!(
                    matches!(&heard, Item::Event(event) if event.position < last.position),
                    "{heard:?}"
                );
                heard = connection.news().await;
            }
        }
    }
}

#[tokio::test]
async fn whoever_slept_longer_than_the_stream_keeps_is_told_once() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await.keeping(KEEP);
    let realtime = site.realtime().await;
    site.stream.messages(NUMBER, 0..50).await;
    let slept_from = site.stream.told().await[20].position;
    site.stream.messages(NUMBER, 50..1_500).await;
    let first = site.stream.first().await;
    assert!(first > slept_from, "nothing was trimmed");
    let told = site.stream.told().await;
    at_the_end(&site, &realtime).await;
    for transport in Transport::BOTH {
        // The service still has them in memory: then there is no gap at all, and that is as good.
        let dial = realtime.dial(tokens::of_everything()).after(&slept_from);
        let mut connection = transport.connect(&dial).await.unwrap();
        match connection.news().await {
            Item::Resync(resync) => {
                gap(&resync, slept_from, first);
                comes(&mut connection, &told).await;
            }
            Item::Event(event) => assert_eq!(event.key(), "wamid.21"),
            item => panic!("{item:?}"),
        }
    }
}

#[tokio::test]
async fn a_service_that_has_not_seen_it_says_what_is_gone_and_goes_on() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await.keeping(KEEP);
    site.stream.messages(NUMBER, 0..50).await;
    let slept_from = site.stream.told().await[20].position;
    site.stream.messages(NUMBER, 50..1_500).await;
    let realtime = site.realtime().await;
    for transport in Transport::BOTH {
        let (first, told) = (site.stream.first().await, site.stream.told().await);
        assert!(first > slept_from, "nothing was trimmed");
        let dial = realtime.dial(tokens::of_everything()).after(&slept_from);
        let mut connection = transport.connect(&dial).await.unwrap();
        let Item::Resync(resync) = connection.news().await else {
            panic!("nobody says that there is a gap");
        };
        gap(&resync, slept_from, first);
        comes(&mut connection, &told).await;
        let wamid = format!("wamid.{transport:?}");
        site.stream
            .publish(&[message(NUMBER, &wamid, json!({}))])
            .await;
        assert!(matches!(connection.news().await, Item::Event(event) if event.key() == wamid));
        // From where it was sent on, it is no gap any more.
        let dial = realtime
            .dial(tokens::of_everything())
            .after(&resync.position);
        let mut connection = transport.connect(&dial).await.unwrap();
        comes(&mut connection, &told).await;
    }
}

#[tokio::test]
async fn a_service_that_slept_itself_does_not_hide_what_it_missed() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await.keeping(KEEP);
    let realtime = site.realtime().await;
    let followers = Transport::BOTH
        .map(|transport| Follower::start(transport, realtime.dial(tokens::of_everything())));
    for follower in &followers {
        eventually(SOON, "all listen", async || {
            follower.look(|record| record.position.is_some())
        })
        .await;
    }
    site.stream.messages(NUMBER, 0..10).await;
    for follower in &followers {
        eventually(SOON, "all are there", async || {
            follower.look(|record| record.distinct() == 10)
        })
        .await;
    }
    // Stopped like a process on a machine that stands still; meanwhile more comes than the stream keeps.
    realtime.process.signal("STOP");
    site.stream.messages(NUMBER, 10..1_000).await;
    let first = site.stream.first().await;
    realtime.process.signal("CONT");
    let told = site.stream.told().await;
    assert!(told.len() < 900, "nothing was trimmed");
    for follower in followers {
        eventually(SOON, "it has come to the end", async || {
            follower.look(|record| record.position) >= Some(told[told.len() - 1].position)
        })
        .await;
        let record = follower.stop();
        let kept = record.events.iter().filter(|event| event.position >= first);
        assert_eq!(kept.count(), told.len(), "what is there was told");
        assert_eq!(
            record.resyncs.len(),
            1,
            "{} events, and who says that there were more?",
            record.events.len()
        );
        // It may have been told of one more before the gap.
        let resync = &record.resyncs[0];
        let mut before = record
            .events
            .iter()
            .filter(|event| event.position <= resync.position);
        gap(resync, before.next_back().unwrap().position, first);
    }
}

#[tokio::test]
async fn a_position_that_never_was_gets_a_fresh_start() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    site.stream.messages(NUMBER, 0..20).await;
    for future in [
        "99999999999999-0",
        "18446744073709551615-18446744073709551615",
    ] {
        for transport in Transport::BOTH {
            let last = site.stream.last().await;
            let dial = realtime.dial(tokens::of_everything()).after(future);
            let mut connection = transport.connect(&dial).await.unwrap();
            let Item::Resync(resync) = connection.news().await else {
                panic!("nobody says that {future} is strange");
            };
            let since = OffsetDateTime::parse(&resync.since, &Rfc3339).unwrap();
            assert!(
                since <= OffsetDateTime::from(last.time()),
                "{resync:?}: that leaves out {last}"
            );
            let wamid = format!("wamid.{transport:?}{}", &future[..1]);
            site.stream
                .publish(&[message(NUMBER, &wamid, json!({}))])
                .await;
            loop {
                match connection.news().await {
                    Item::Event(event) if event.key() == wamid => break,
                    Item::Event(_) => {}
                    item => panic!("{item:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_position_is_refused_with_a_sentence() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    let token = tokens::of_everything();
    let dial = realtime.dial(&token);
    for text in [
        "abc",
        "1-",
        "-1",
        "1-2-3",
        "+1-0",
        "$",
        "0x10-1",
        "99999999999999999999999-0",
    ] {
        let refused = Sse::connect(&dial.clone().after(text)).await.unwrap_err();
        assert_eq!(refused.code(), "400", "{text}");
        assert!(refused.sentence().contains("position"), "{text}: {refused}");
        let request = http::Request::get(format!(
            "/v1/events?token={token}&after={}",
            text.replace('+', "%2B")
        ));
        let refused = Sse::ask(&dial, request.header("host", "localhost"))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "400", "{text}");
        let refused = SocketIo::connect(&dial.clone().after(text))
            .await
            .unwrap_err();
        assert!(refused.sentence().contains("position"), "{text}: {refused}");
    }
    for position in [json!(7), json!([]), json!({"a": 1}), json!(true)] {
        let auth = json!({"token": token, "position": position});
        let refused = SocketIo::connect_with(&dial, &auth).await.unwrap_err();
        assert!(
            refused.sentence().contains("position"),
            "{position}: {refused}"
        );
    }
    // A client that has none yet may well say so.
    let auth = json!({"token": token, "position": Value::Null});
    SocketIo::connect_with(&dial, &auth).await.unwrap();
}

#[tokio::test]
async fn the_header_of_a_browser_that_comes_back_wins() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    site.stream.messages(NUMBER, 0..20).await;
    let told = site.stream.told().await;
    let dial = realtime.dial("");
    let path = format!(
        "/v1/events?token={}&after={}",
        tokens::of_everything(),
        told[2].position
    );
    let ask = || http::Request::get(&path).header("host", "localhost");
    let mut sse = Sse::ask(&dial, ask()).await.unwrap();
    assert_eq!(sse.next().await, Some(Item::Event(told[3].clone())));
    let header = told[15].position.to_string();
    let mut sse = Sse::ask(&dial, ask().header("last-event-id", header))
        .await
        .unwrap();
    assert_eq!(sse.next().await, Some(Item::Event(told[16].clone())));
    assert!(
        sse.retry().is_some_and(|retry| retry <= 5_000),
        "{:?}",
        sse.retry()
    );
}
