//! Every fault, as a client sees it and as the log tells it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;
use support::{Caller, NUMBER, TOKEN, eventually, ours, start, text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;
use waypost_sandbox::graph::{Effect, ErrorAnswer, Fault, Filter};
use waypost_sandbox::{Graph, GraphSettings};

/// Sends a message over a connection of its own; gives what came until the end, and how it ended.
async fn raw(graph: &Graph) -> (String, Option<ErrorKind>) {
    let address = graph.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = text("+15550001234").to_string();
    let request = format!(
        "POST /v25.0/{NUMBER}/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    let end = stream.read_to_end(&mut got).await;
    let text = String::from_utf8(got).unwrap();
    (text, end.err().map(|error| error.kind()))
}

fn first(count: u64, what: Effect) -> Fault {
    let when = Filter {
        first: Some(count),
        ..Filter::default()
    };
    Fault::when(when, what)
}

#[tokio::test]
async fn refusals_accept_nothing() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let own_words = ErrorAnswer {
        status: Some(429),
        subcode: Some(2_494_055),
        message: Some("Slow down".to_owned()),
        retry_after: Some(7),
        ..ErrorAnswer::code(130_429)
    };
    for (effect, code, retry_after) in [
        (Effect::code(131_056), (400, 131_056), None),
        (Effect::code(131_057), (500, 131_057), None),
        (Effect::code(2), (503, 2), None),
        (Effect::code(132_001), (404, 132_001), None),
        (Effect::code(987_654), (400, 987_654), None),
        (Effect::Error(own_words), (429, 130_429), Some("7")),
        (Effect::TokenExpired, (401, 190), None),
        (
            Effect::Bare429 {
                retry_after: Some(3),
            },
            (429, 0),
            Some("3"),
        ),
        (Effect::Bare429 { retry_after: None }, (429, 0), None),
        (Effect::ServerError(502), (502, 0), None),
    ] {
        graph.set_faults(vec![Fault::always(effect.clone())]);
        let reply = caller.send(&text("+15550001234")).await;
        assert_eq!(reply.code(), code, "{effect:?}");
        let header = reply.headers.get("retry-after");
        assert_eq!(header.map(|value| value.to_str().unwrap()), retry_after);
        if effect == Effect::TokenExpired {
            assert_eq!(reply.json()["error"]["error_subcode"], 463);
        }
        if retry_after == Some("7") {
            assert_eq!(reply.json()["error"]["message"], "Slow down");
        }
    }
    assert_eq!(graph.accepted_count(), 0);
    graph.clear_faults();
    assert_eq!(caller.send(&text("+15550001234")).await.status, 200);
    assert_eq!(graph.answers()["502"], 1);
}

#[tokio::test]
async fn connections_are_reset_before_and_after_accepting() {
    let graph = start(GraphSettings::default()).await;
    for (effect, accepted, answer) in [
        (Effect::ResetBefore, 0, "reset_before"),
        (Effect::ResetAfter, 1, "reset_after"),
    ] {
        graph.set_faults(vec![Fault::always(effect)]);
        let (got, end) = raw(&graph).await;
        assert_eq!((got.as_str(), end), ("", Some(ErrorKind::ConnectionReset)));
        assert_eq!(graph.accepted_count(), accepted);
        assert_eq!(graph.answers()[answer], 1);
    }
    assert!(!graph.accepted()[0].answered);
}

#[tokio::test]
async fn over_http2_only_the_stream_is_reset() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::http2(&graph);
    caller.send(&text("+15550001234")).await;
    for effect in [Effect::ResetAfter, Effect::TruncatedAnswer] {
        graph.set_faults(vec![first(1, effect)]);
        assert!(caller.try_send(&text("+15550001234")).await.is_err());
        assert_eq!(caller.send(&text("+15550001234")).await.status, 200);
    }
    assert_eq!(graph.accepted_count(), 5);
}

#[tokio::test]
async fn an_answer_ends_in_the_middle() {
    let graph = start(GraphSettings::default()).await;
    graph.set_faults(vec![Fault::always(Effect::TruncatedAnswer)]);
    let (got, end) = raw(&graph).await;
    assert_eq!(end, None, "closed in order");
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    assert!(!graph.accepted()[0].answered);
    let error = Caller::new(&graph).try_send(&text("+15550001234")).await;
    assert!(error.is_err());
}

#[tokio::test]
async fn slow_answers_come_late_and_hanging_ones_never() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let pause = Duration::from_millis(120);
    graph.set_faults(vec![Fault::always(Effect::Slow(pause))]);
    let began = Instant::now();
    let body = text("+15550001234");
    let call = caller.send(&body);
    let (reply, ()) = tokio::join!(
        call,
        eventually("it is accepted at once", || { graph.accepted_count() == 1 })
    );
    assert!(reply.status == 200 && began.elapsed() >= pause);
    eventually("it is marked", || graph.accepted()[0].answered).await;

    graph.set_faults(vec![Fault::always(Effect::HangAfterAccept)]);
    let hanging = tokio::time::timeout(pause, caller.send(&body)).await;
    assert!(hanging.is_err());
    assert_eq!(graph.accepted_count(), 2);
    assert!(!graph.accepted()[1].answered);
}

#[tokio::test]
async fn filters_choose_their_requests() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let id = Uuid::from_u128(9);
    let hit = |when: Filter| graph.set_faults(vec![Fault::when(when, Effect::code(1))]);
    let to = "+15550001234";
    let ask = async |times: usize| {
        let mut hits = String::new();
        for _ in 0..times {
            let reply = caller.send(&ours(to, id)).await;
            hits.push(if reply.status == 200 { '.' } else { 'x' });
        }
        hits
    };
    hit(Filter {
        number: Some(NUMBER.to_owned()),
        ..Filter::default()
    });
    assert_eq!(ask(2).await, "xx");
    hit(Filter {
        number: Some("1".to_owned()),
        ..Filter::default()
    });
    assert_eq!(ask(2).await, "..");
    hit(Filter {
        recipient: Some("15550001234".to_owned()),
        ..Filter::default()
    });
    assert_eq!(ask(1).await, "x");
    hit(Filter {
        recipient: Some("15550001235".to_owned()),
        ..Filter::default()
    });
    assert_eq!(ask(1).await, ".");
    hit(Filter {
        our_id: Some(id),
        ..Filter::default()
    });
    assert_eq!(ask(1).await, "x");
    hit(Filter {
        our_id: Some(Uuid::nil()),
        ..Filter::default()
    });
    assert_eq!(ask(1).await, ".");
    hit(Filter {
        token: Some("another".to_owned()),
        ..Filter::default()
    });
    assert_eq!(ask(1).await, ".");
    hit(Filter {
        nth: Some(3),
        ..Filter::default()
    });
    assert_eq!(ask(5).await, "..x..");
    hit(Filter {
        every: Some(2),
        ..Filter::default()
    });
    assert_eq!(ask(5).await, ".x.x.");
    hit(Filter {
        every: Some(2),
        first: Some(1),
        ..Filter::default()
    });
    assert_eq!(ask(5).await, ".x...");
    assert_eq!(graph.faults_acted(), [1]);
    hit(Filter {
        after_ms: Some(60_000),
        ..Filter::default()
    });
    assert_eq!(ask(1).await, ".");
    hit(Filter {
        until_ms: Some(60_000),
        ..Filter::default()
    });
    assert_eq!(ask(1).await, "x");
    let third = || Filter {
        probability: Some(0.3),
        ..Filter::default()
    };
    hit(third());
    let rolled = ask(200).await;
    let hits = rolled.matches('x').count();
    assert!((35..85).contains(&hits), "{hits}");
    hit(third());
    assert_eq!(ask(200).await, rolled, "the same seed, the same chances");
}

#[tokio::test]
async fn the_control_endpoint_takes_faults_and_limits_and_shows_the_log() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let faults = json!([
        {"when": {"number": NUMBER, "first": 1}, "what": {"error": {"code": 131_056, "retry_after": 3}}},
        {"when": {"nth": 1}, "what": {"server_error": 503}},
        {"when": {"nth": 1}, "what": {"bare_429": {}}, "silent": true},
        {"when": {"nth": 1}, "what": "token_expired"},
        {"when": {"probability": 1.0, "first": 1}, "what": {"slow_ms": 1}},
    ]);
    assert_eq!(
        caller.control(Method::PUT, "faults", &faults).await.status,
        200
    );
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(caller.send(&text("+15550001234")).await.code());
    }
    let expected = [
        (400, 131_056),
        (503, 0),
        (429, 0),
        (401, 190),
        (200, 0),
        (200, 0),
    ];
    assert_eq!(codes, expected);
    let limits =
        json!({"number": {"per_second": 1, "burst": 1}, "pair": {"every_ms": 6_000, "burst": 45}});
    assert_eq!(
        caller.control(Method::PUT, "limits", &limits).await.status,
        200
    );
    caller.send(&ours("+15550001234", Uuid::from_u128(1))).await;
    assert_eq!(
        caller.send(&text("+15550001234")).await.code(),
        (400, 130_429)
    );
    assert_eq!(
        caller
            .control(Method::PUT, "limits", &json!(null))
            .await
            .status,
        200
    );

    let stats = caller
        .control(Method::GET, "stats", &json!(null))
        .await
        .json();
    assert_eq!(
        (&stats["requests"], &stats["accepted"]),
        (&json!(8), &json!(3))
    );
    assert_eq!(stats["faults_acted"], json!([1, 1, 1, 1, 1]));
    let log = caller
        .control(Method::GET, "log?after=2", &json!(null))
        .await;
    let line: serde_json::Value = serde_json::from_slice(&log.bytes).unwrap();
    assert_eq!((&line["seq"], &line["answered"]), (&json!(3), &json!(true)));
    assert_eq!(line["our_id"], json!(Uuid::from_u128(1)));
    for (path, body) in [
        ("faults", json!([{"what": "explode"}])),
        ("faults", json!([{"wen": {}, "what": "reset_after"}])),
        ("limits", json!({"number": 80})),
    ] {
        assert_eq!(
            caller.control(Method::PUT, path, &body).await.status,
            400,
            "{body}"
        );
    }
    assert_eq!(
        caller
            .control(Method::GET, "else", &json!(null))
            .await
            .status,
        404
    );
}
