//! A token sees its own alone: bad tokens open nothing, good ones show nothing of others.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use waypost_e2e::webhook::{NOON, WABA, change, status, text, webhook};
use waypost_harness::{Client, eventually};
use waypost_realtime_tests::feed::{NUMBERS, change_of};
use waypost_realtime_tests::{
    Dial, Follower, Item, Record, SOON, Site, SocketIo, Sse, Transport, message, tokens,
};
use waypost_token::Scope;

use crate::{MACHINE, NUMBER};

const TOLD: Duration = Duration::from_secs(30);
const OTHER: &str = NUMBERS[1];
/// Two people; the first writes to both numbers.
const XENIA: &str = "15550000101";
const YURI: &str = "15550000102";

#[tokio::test]
async fn what_is_no_token_opens_nothing_and_is_not_shown() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    for (what, token) in tokens::forged(NUMBER) {
        for transport in Transport::BOTH {
            let refused = transport.connect(&realtime.dial(&token)).await;
            let refused = refused
                .err()
                .unwrap_or_else(|| panic!("{what}, over {transport:?}"));
            let text = refused.to_string();
            assert!(token.len() < 10 || !text.contains(&token), "{what}: {text}");
            assert!(refused.sentence().len() > 10, "{what}: {text}");
            let code = refused.code();
            match transport {
                Transport::Sse => assert_eq!(code, "401", "{what}: {text}"),
                Transport::SocketIo => assert!(!code.is_empty(), "{what}: {text}"),
            }
        }
        let log = realtime.process.log();
        assert!(
            token.len() < 10 || !log.contains(&token),
            "{what} is in the log"
        );
    }
}

#[tokio::test]
async fn an_expired_token_is_called_expired() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    for transport in Transport::BOTH {
        let dial = realtime.dial(tokens::expired(NUMBER));
        let refused = transport.connect(&dial).await.unwrap_err();
        assert!(refused.sentence().contains("expired"), "{refused}");
    }
}

#[tokio::test]
async fn without_a_token_there_is_nothing() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    let mut dial = realtime.dial("");
    dial.token = None;
    for transport in Transport::BOTH {
        let refused = transport.connect(&dial).await.unwrap_err();
        assert!(refused.sentence().contains("token"), "{refused}");
    }
    // Whatever a stranger puts there.
    for auth in [
        json!(null),
        json!([]),
        json!("token"),
        json!({"token": 7}),
        json!({"token": null}),
        json!({"token": ["a"]}),
    ] {
        assert!(
            SocketIo::connect_with(&dial, &auth).await.is_err(),
            "{auth}"
        );
    }
}

#[tokio::test]
async fn a_token_in_the_header_counts_too_and_a_page_needs_leave() {
    let _machine = MACHINE.read().await;
    let site = Site::new()
        .await
        .with("realtime.origins", "https://inbox.example");
    let realtime = site.realtime().await;
    let bearer = format!("Bearer {}", tokens::of_numbers(&[NUMBER]));
    let mut dial = realtime.dial("");
    let ask = |path: &str| {
        http::Request::get(path)
            .header("host", "localhost")
            .header("authorization", &bearer)
    };
    let sse = Sse::ask(&dial, ask("/v1/events")).await.unwrap();
    let cache = sse.headers()["cache-control"].to_str().unwrap();
    assert!(cache.contains("no-store"), "{cache}");
    assert_eq!(sse.headers().get("access-control-allow-origin"), None);
    dial = dial.from_page("https://inbox.example");
    let sse = Sse::ask(&dial, ask("/v1/events")).await.unwrap();
    assert_eq!(
        sse.headers()["access-control-allow-origin"],
        "https://inbox.example"
    );
    for strange in ["https://inbox.example.evil", "http://inbox.example", "null"] {
        dial = dial.from_page(strange);
        let refused = Sse::ask(&dial, ask("/v1/events")).await.unwrap_err();
        assert_eq!(refused.code(), "403", "{strange}");
        dial.token = Some(tokens::of_numbers(&[NUMBER]));
        assert!(SocketIo::connect(&dial).await.is_err(), "{strange}");
    }
}

/// Who listens, with what token, and what of [`story`] each must be told.
fn audience(xenia: &str, yuri: &str) -> Vec<(&'static str, Scope, Vec<&'static str>)> {
    let numbers = |numbers: &[&str], account: Option<&str>| Scope::Numbers {
        numbers: numbers.iter().map(|&number| number.to_owned()).collect(),
        account: account.map(str::to_owned),
    };
    let with = |number: &str, contact: &str| Scope::Conversation {
        number: number.to_owned(),
        contact: contact.parse().unwrap(),
    };
    let xenia_here = vec!["X1", "X2", "OUT", "OUT sent", "OUT delivered", "OUT read"];
    let here = [&xenia_here[..], &["Y1", "Y2", "echoes"]].concat();
    let there = vec!["X3", "X4"];
    let account = vec!["review"];
    vec![
        (
            "all",
            Scope::Everything,
            [&here[..], &there, &account].concat(),
        ),
        ("one number", numbers(&[NUMBER], None), here.clone()),
        ("another number", numbers(&[OTHER], None), there.clone()),
        (
            "both",
            numbers(&[NUMBER, OTHER], None),
            [&here[..], &there].concat(),
        ),
        (
            "a number of nobody",
            numbers(&["299999999999999"], None),
            Vec::new(),
        ),
        (
            "with the account",
            numbers(&[OTHER], Some(WABA)),
            [&there[..], &account].concat(),
        ),
        (
            "another account",
            numbers(&[OTHER], Some("100000000000009")),
            there.clone(),
        ),
        ("a conversation", with(NUMBER, xenia), xenia_here),
        ("the same person elsewhere", with(OTHER, xenia), there),
        ("another person", with(NUMBER, yuri), vec!["Y1", "Y2"]),
        (
            "a conversation that never was",
            with(OTHER, yuri),
            Vec::new(),
        ),
        ("nobody", with(NUMBER, &tokens::nobody()), Vec::new()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_accounts_and_conversations_are_kept_apart() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let ingress = site.stage.services.ingress_process().await;
    let _worker = site.stage.services.worker_process().await;
    let realtime = site.realtime().await;
    let meta = ingress.client();
    let [xenia, yuri] = introduce(&site, &meta).await;
    let start = site.stream.last().await;
    let mut listening = Vec::new();
    for (name, scope, expected) in audience(&xenia, &yuri) {
        for transport in Transport::BOTH {
            let follower = Follower::start(transport, realtime.dial(tokens::of(scope.clone())));
            eventually(SOON, "all listen", async || {
                follower.look(|record| record.position.is_some())
            })
            .await;
            listening.push((name, transport, follower, expected.clone()));
        }
    }
    story(&site, &meta).await;
    // Whoever comes only now and catches up sees no more, and no less.
    for (name, scope, expected) in audience(&xenia, &yuri) {
        for transport in Transport::BOTH {
            let dial = realtime.dial(tokens::of(scope.clone())).after(&start);
            let follower = Follower::start(transport, dial);
            listening.push((name, transport, follower, expected.clone()));
        }
    }
    // Whoever has heard of the last position has heard all before it.
    let end = site.stream.last().await;
    for (name, transport, follower, expected) in listening {
        let what = format!("{name} has come to the end over {transport:?}");
        eventually(SOON, &what, async || {
            follower.look(|record| record.position >= Some(end))
        })
        .await;
        let record = follower.stop();
        record.went_well(name);
        let mut heard = keys(&record);
        let mut expected: Vec<String> = expected.iter().map(|&key| key.to_owned()).collect();
        heard.sort();
        heard.dedup();
        expected.sort();
        assert_eq!(heard, expected, "{name} over {transport:?}");
    }
}

/// The short names that [`story`] has for what was heard.
fn keys(record: &Record) -> Vec<String> {
    let keys = record.events.iter().map(|event| match event.kind.as_str() {
        "account" if event.number.is_empty() => "review".to_owned(),
        "account" => "echoes".to_owned(),
        _ => event.key().trim_start_matches("wamid.").to_owned(),
    });
    keys.collect()
}

/// Both have written to the first number before anybody listens; our ids of them.
async fn introduce(site: &Site, meta: &Client) -> [String; 2] {
    let hello = |wamid: &str, phone: &str| text(wamid, Some(phone), None, NOON, "Hello");
    let both = json!({"messages": [hello("wamid.X0", XENIA), hello("wamid.Y0", YURI)]});
    say(site, meta, &[change_of(NUMBER, both)], 2).await;
    let ids = "SELECT contact_id::text FROM messages WHERE direction = 'in' ORDER BY wamid";
    site.stage.texts(ids).await.try_into().unwrap()
}

/// What happens while they listen.
async fn story(site: &Site, meta: &Client) {
    let said = |wamid: &str, phone: &str| text(wamid, Some(phone), None, NOON + 1, "Well");
    let messages = |items: &[Value]| json!({"messages": items});
    let first = messages(&[said("wamid.X1", XENIA), said("wamid.Y1", YURI)]);
    let elsewhere = messages(&[said("wamid.X3", XENIA)]);
    say(
        site,
        meta,
        &[change_of(NUMBER, first), change_of(OTHER, elsewhere)],
        3,
    )
    .await;
    // The business answers from its phone, and the answer arrives and is read.
    let echo = waypost_e2e::webhook::echo("wamid.OUT", XENIA, NOON + 2);
    let mut echoed = change("smb_message_echoes", json!({"message_echoes": [echo]}));
    echoed["value"]["metadata"]["phone_number_id"] = json!(NUMBER);
    // Two: the message, and the change of the number that brought it.
    say(site, meta, &[echoed], 2).await;
    let statuses =
        ["sent", "delivered", "read"].map(|word| status("wamid.OUT", word, NOON + 3, XENIA));
    say(
        site,
        meta,
        &[change_of(NUMBER, json!({"statuses": statuses}))],
        3,
    )
    .await;
    // Of the account as a whole, at no number.
    let review = json!({"field": "account_review_update", "value": {"decision": "APPROVED"}});
    say(site, meta, &[review], 1).await;
    let last = messages(&[said("wamid.X2", XENIA), said("wamid.Y2", YURI)]);
    let elsewhere = messages(&[said("wamid.X4", XENIA)]);
    say(
        site,
        meta,
        &[change_of(OTHER, elsewhere), change_of(NUMBER, last)],
        3,
    )
    .await;
}

/// Posts changes and waits until the worker has told of as many things as they bring about.
async fn say(site: &Site, meta: &Client, changes: &[Value], events: usize) {
    let before = site.stream.told().await.len();
    assert_eq!(meta.post(webhook(changes)).await.unwrap(), 200);
    eventually(TOLD, "the worker has told", async || {
        site.stream.told().await.len() >= before + events
    })
    .await;
    site.stage.drained(TOLD).await;
    let told = site.stream.told().await.split_off(before);
    assert_eq!(told.len(), events, "{told:?}");
}

#[tokio::test]
async fn a_connection_ends_with_its_token() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    for transport in Transport::BOTH {
        let scope = tokens::numbers_of(&[NUMBER]);
        let lasts = Duration::from_secs(2);
        let ends = SystemTime::now() + lasts;
        let token = tokens::signed_with(tokens::SECRET, scope, lasts);
        let mut connection = transport.connect(&realtime.dial(&token)).await.unwrap();
        site.stream
            .publish(&[message(NUMBER, &format!("wamid.{transport:?}"), json!({}))])
            .await;
        assert!(matches!(connection.news().await, Item::Event(_)));
        let Item::Bye(bye) = connection.news().await else {
            panic!("no bye")
        };
        // Tokens end with a whole second.
        let early = Duration::from_secs(1);
        assert!(SystemTime::now() > ends - early, "{bye:?} came early");
        assert_eq!(bye.reason, "expired");
        assert_eq!(connection.next().await, None, "nothing comes after a bye");
        let again = transport.connect(&realtime.dial(&token)).await.unwrap_err();
        assert!(again.sentence().contains("expired"), "{again}");
    }
}

#[tokio::test]
async fn positions_of_others_tell_nothing_but_where_they_are() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    for transport in Transport::BOTH {
        let dial: Dial = realtime.dial(tokens::of_numbers(&[OTHER]));
        let mut connection = transport.connect(&dial).await.unwrap();
        site.stream.messages(NUMBER, 0..50).await;
        let end = site.stream.last().await;
        loop {
            match connection.soon().await {
                Item::Position(position) if position >= end => break,
                Item::Position(_) => {}
                item => panic!("{item:?} for another number"),
            }
        }
    }
}
