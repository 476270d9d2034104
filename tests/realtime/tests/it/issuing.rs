//! Tokens for a front end: who gets one, for what, for how long.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use waypost_harness::{Client, Reply};
use waypost_realtime::new_key;
use waypost_realtime_tests::feed::NUMBERS;
use waypost_realtime_tests::{Item, Realtime, Site, Sse, Transport, message, tokens};
use waypost_settings::ExposeSecret;

use crate::{MACHINE, NUMBER};

const PATH: &str = "/v1/realtime/tokens";

/// A service that issues tokens, and keys for one number and for all.
struct Desk {
    site: Site,
    realtime: Realtime,
    one: String,
    all: String,
    client: Client,
    _files: TempDir,
}

impl Desk {
    async fn open() -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = files.path().join("keys.toml");
        let (one, all) = (
            new_key("one", &[NUMBER]).unwrap(),
            new_key("all", &["*"]).unwrap(),
        );
        std::fs::write(&file, format!("{}\n{}", one.table, all.table)).unwrap();
        let site = Site::new()
            .await
            .with("realtime.keys_file", file.display().to_string());
        let realtime = site.realtime().await;
        Self {
            client: Client::new(realtime.tokens, ""),
            site,
            realtime,
            one: one.key.expose_secret().to_owned(),
            all: all.key.expose_secret().to_owned(),
            _files: files,
        }
    }

    async fn ask(&self, key: &str, body: impl Into<String>) -> Reply {
        let bearer = format!("Bearer {key}");
        let body: String = body.into();
        let reply = self
            .client
            .post_to(PATH, body, &[("authorization", &bearer)])
            .await;
        reply.unwrap()
    }

    /// A token, and when it ends.
    async fn token(&self, key: &str, body: Value) -> (String, OffsetDateTime) {
        let reply = self.ask(key, body.to_string()).await;
        assert_eq!(reply.status, 200, "{body}: {reply:?}");
        let json = parse(&reply);
        let ends = OffsetDateTime::parse(json["expires_at"].as_str().unwrap(), &Rfc3339);
        (json["token"].as_str().unwrap().to_owned(), ends.unwrap())
    }
}

fn parse(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("no JSON: {reply:?}"))
}

/// A problem with a sentence, which quotes nothing that was sent.
fn problem(reply: &Reply, status: u16, what: &str) {
    assert_eq!(reply.status, status, "{what}: {reply:?}");
    assert_eq!(
        reply.headers["content-type"], "application/problem+json",
        "{what}"
    );
    let json = parse(reply);
    assert_eq!(json["status"], status, "{what}");
    assert!(
        json["detail"]
            .as_str()
            .is_some_and(|detail| detail.len() > 10),
        "{what}: {json}"
    );
}

#[tokio::test]
async fn a_token_that_was_issued_opens_what_it_says() {
    let _machine = MACHINE.read().await;
    let desk = Desk::open().await;
    let (token, ends) = desk
        .token(&desk.one, json!({"number": NUMBER, "subject": "tab"}))
        .await;
    let lasts = ends - OffsetDateTime::from(SystemTime::now());
    assert!(
        (870..=900).contains(&lasts.whole_seconds()),
        "15 minutes, not {lasts}"
    );
    let (everything, _) = desk.token(&desk.all, json!({"numbers": ["*"]})).await;
    for transport in Transport::BOTH {
        let mut own = transport
            .connect(&desk.realtime.dial(&token))
            .await
            .unwrap();
        let mut all = transport
            .connect(&desk.realtime.dial(&everything))
            .await
            .unwrap();
        let wamid = |number: &str| format!("wamid.{number}{transport:?}");
        for number in [NUMBERS[1], NUMBER] {
            let event = message(number, &wamid(number), json!({}));
            desk.site.stream.publish(&[event]).await;
        }
        for (connection, numbers) in [(&mut own, &[NUMBER][..]), (&mut all, &[NUMBERS[1], NUMBER])]
        {
            for number in numbers {
                let news = connection.news().await;
                assert!(
                    matches!(&news, Item::Event(event) if event.key() == wamid(number)),
                    "{news:?}"
                );
            }
        }
    }
    let log = desk.realtime.process.log();
    for secret in [&token, &everything, &desk.one, &desk.all, tokens::SECRET] {
        assert!(!log.contains(secret), "a secret is in the log");
    }
}

#[tokio::test]
async fn a_key_issues_for_its_own_numbers_alone() {
    let _machine = MACHINE.read().await;
    let desk = Desk::open().await;
    let (other, contact) = (NUMBERS[1], tokens::nobody());
    for body in [
        json!({"number": other}),
        json!({"numbers": [NUMBER, other]}),
        json!({"numbers": ["*"]}),
        json!({"number": other, "contact": contact}),
        json!({"number": NUMBER, "account": "100000000000001"}),
    ] {
        problem(
            &desk.ask(&desk.one, body.to_string()).await,
            403,
            &body.to_string(),
        );
        desk.token(&desk.all, body).await;
    }
    desk.token(&desk.one, json!({"number": NUMBER, "contact": contact}))
        .await;
}

#[tokio::test]
async fn whoever_has_no_key_gets_no_token() {
    let _machine = MACHINE.read().await;
    let desk = Desk::open().await;
    let body = json!({"number": NUMBER}).to_string();
    let token = tokens::of_everything();
    let cut = &desk.one[..desk.one.len() - 1];
    for key in ["", "abc", cut, &token, tokens::SECRET] {
        let reply = desk.ask(key, body.clone()).await;
        problem(&reply, 401, "a key that is none");
        assert!(reply.headers.contains_key("www-authenticate"));
    }
    let reply = desk.client.post_to(PATH, body.clone(), &[]).await.unwrap();
    problem(&reply, 401, "no key");
    let basic = format!("Basic {}", desk.one);
    let reply = desk
        .client
        .post_to(PATH, body.clone(), &[("authorization", &basic)])
        .await
        .unwrap();
    problem(&reply, 401, "another scheme");
    // A key is no token, and the public listener issues none.
    let refused = Sse::connect(&desk.realtime.dial(&desk.all))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "401");
    let public = Client::new(desk.realtime.address, "");
    let bearer = format!("Bearer {}", desk.all);
    let reply = public
        .post_to(PATH, body, &[("authorization", &bearer)])
        .await
        .unwrap();
    problem(&reply, 404, "the public listener");
}

#[tokio::test]
async fn what_cannot_be_issued_is_refused_with_a_sentence() {
    let _machine = MACHINE.read().await;
    let desk = Desk::open().await;
    let many: Vec<String> = (1..=65).map(|n| n.to_string()).collect();
    for body in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "\u{1}".to_owned(),
        "{}".to_owned(),
        json!({"numbers": []}).to_string(),
        json!({"number": 1}).to_string(),
        json!({"number": "+49 170"}).to_string(),
        json!({"number": ""}).to_string(),
        json!({"numbers": "1"}).to_string(),
        json!({"numbers": ["*", "1"]}).to_string(),
        json!({"numbers": many}).to_string(),
        json!({"number": "1", "numbers": ["1"]}).to_string(),
        json!({"number": "1", "contact": "somebody"}).to_string(),
        json!({"numbers": ["1", "2"], "contact": tokens::nobody()}).to_string(),
        json!({"numbers": ["*"], "contact": tokens::nobody()}).to_string(),
        json!({"number": "1", "contact": tokens::nobody(), "account": "7"}).to_string(),
        json!({"number": "1", "account": "x"}).to_string(),
        json!({"number": "1", "ttl_seconds": 59}).to_string(),
        json!({"number": "1", "ttl_seconds": 86_401}).to_string(),
        json!({"number": "1", "ttl_seconds": 0}).to_string(),
        json!({"number": "1", "ttl_seconds": -60}).to_string(),
        json!({"number": "1", "ttl_seconds": "900"}).to_string(),
        json!({"number": "1", "ttl_seconds": 1e300}).to_string(),
        json!({"number": "1", "subject": "a\nb"}).to_string(),
        json!({"number": "1", "subject": "a".repeat(129)}).to_string(),
        json!({"number": "1", "scope": "*"}).to_string(),
    ] {
        problem(&desk.ask(&desk.all, body.clone()).await, 400, &body);
    }
    let large = json!({"number": "1", "subject": "a".repeat(20_000)}).to_string();
    problem(&desk.ask(&desk.all, large).await, 413, "a large body");
    let wrong = desk.client.get(PATH).await.unwrap();
    problem(&wrong, 405, "another method");
    assert_eq!(wrong.headers["allow"], "POST");
    problem(
        &desk.client.get("/v1/other").await.unwrap(),
        404,
        "another path",
    );
}

#[tokio::test]
async fn a_token_lasts_from_a_minute_to_a_day() {
    let _machine = MACHINE.read().await;
    let desk = Desk::open().await;
    for seconds in [60, 86_400] {
        let (token, ends) = desk
            .token(&desk.one, json!({"number": NUMBER, "ttl_seconds": seconds}))
            .await;
        let lasts = ends - OffsetDateTime::from(SystemTime::now());
        assert!(
            (seconds - 10..=seconds).contains(&lasts.whole_seconds()),
            "{seconds}, not {lasts}"
        );
        Sse::connect(&desk.realtime.dial(&token)).await.unwrap();
    }
}

/// One replica issues, another believes; and what an old secret signed is good until it is taken away.
#[tokio::test]
async fn secrets_can_be_rotated() {
    let _machine = MACHINE.read().await;
    let new = "a new secret of tests with 32 bytes and more";
    let rotated = Site::new()
        .await
        .with("realtime.secrets", format!("{new},{}", tokens::SECRET));
    let realtime = rotated.realtime().await;
    let lasts = Duration::from_secs(60);
    for secret in [new, tokens::SECRET] {
        let token = tokens::signed_with(secret, tokens::numbers_of(&[NUMBER]), lasts);
        Sse::connect(&realtime.dial(&token)).await.unwrap();
    }
    let token = tokens::signed_with(
        "a secret of nobody here that is long enough",
        tokens::numbers_of(&[NUMBER]),
        lasts,
    );
    assert_eq!(
        Sse::connect(&realtime.dial(&token))
            .await
            .unwrap_err()
            .code(),
        "401"
    );
}
