//! Attempts in the trace of the request that brought the message, and what they tell nobody.

use waypost_harness::otlp::{Receiver, Span};
use waypost_model::{OnUnknown, SendState};
use waypost_queue::Outgoing;
use waypost_sandbox::GraphSettings;
use waypost_sandbox::graph::{Effect, Fault, Filter};

use crate::common::{NUMBER, Stage, graph, message};
use crate::meta::Meta;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const REQUEST: &str = "00f067aa0ba902b7";
const PHONE: &str = "4915000001";

/// A message that came with a request of which we know the trace.
fn traced(sampled: bool) -> Outgoing {
    Outgoing {
        traceparent: format!("00-{TRACE}-{REQUEST}-{:02}", u8::from(sampled)),
        on_unknown: OnUnknown::Resend,
        ..message(PHONE)
    }
}

fn once(what: Effect) -> Fault {
    let when = Filter {
        first: Some(1),
        ..Filter::default()
    };
    Fault::when(when, what)
}

async fn stage(graph_url: &str, collector: &Receiver) -> Stage {
    Stage::at(graph_url)
        .await
        .with("telemetry.otlp_endpoint", &collector.url())
        .with("telemetry.otlp_protocol", "http")
        .with("log.level", "info,waypost_dispatcher=debug")
        .with("log.format", "json")
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn attributes<'a, const N: usize>(span: &'a Span, names: [&str; N]) -> [&'a str; N] {
    names.map(|name| span.attribute(name))
}

#[tokio::test]
async fn every_attempt_is_in_the_trace_of_the_request() {
    let (graph, collector) = (graph(GraphSettings::default()).await, Receiver::http());
    graph.set_faults(vec![once(Effect::code(131_016)), once(Effect::ResetBefore)]);
    let stage = stage(graph.url(), &collector).await;
    let program = stage.program().await;
    let outgoing = traced(true);
    let request_id = outgoing.request_id;
    let id = stage.put(outgoing).await;
    let facts = stage.reaches(id, SendState::Sent).await;
    let log = program.stop().await;

    let spans = collector.trace(TRACE);
    let turns = named(&spans, "outbox process");
    let requests = named(&spans, "POST /{number}/messages");
    // The third decides to send again, and sends nothing.
    assert_eq!((turns.len(), requests.len(), spans.len()), (4, 3, 7));
    let told = [
        "waypost.attempt",
        "waypost.verdict",
        "waypost.state",
        "waypost.outcome",
        "waypost.meta_code",
    ];
    let expected = [
        ["1", "retry", "retrying", "", "131016"],
        ["2", "unknown", "unknown", "unknown", ""],
        ["2", "", "retrying", "", ""],
        ["3", "done", "sent", "", ""],
    ];
    for (turn, expected) in turns.iter().zip(expected) {
        assert_eq!(attributes(turn, told), expected);
        assert_eq!(turn.parent, REQUEST, "they are siblings");
        assert_eq!(turn.kind, "consumer");
        let about = ["waypost.number", "waypost.priority", "messaging.message.id"];
        assert_eq!(attributes(turn, about), [NUMBER, "normal", &id.to_string()]);
        assert!(!turn.attribute("waypost.waited_ms").is_empty());
    }
    assert_eq!(
        turns
            .iter()
            .map(|turn| turn.error.is_some())
            .collect::<Vec<_>>(),
        [true, true, false, false]
    );

    let told = ["http.response.status_code", "error.type"];
    let expected = [["500", "131016"], ["", "no_answer"], ["200", ""]];
    let attempts = [turns[0], turns[1], turns[3]];
    for ((request, turn), expected) in requests.iter().zip(attempts).zip(expected) {
        assert_eq!(request.parent, turn.id);
        assert_eq!(attributes(request, told), expected);
        assert_eq!(request.attribute("server.address"), "127.0.0.1");
        assert_eq!(request.kind, "client");
        assert!(request.end <= turn.end);
    }
    for (fact, turn) in facts.iter().zip(&turns) {
        assert_eq!(
            fact.traceparent,
            format!("00-{TRACE}-{}-01", turn.id),
            "what is told of an attempt goes on from it"
        );
    }

    let lines: Vec<&str> = log
        .lines()
        .filter(|l| l.contains("\"attempted\""))
        .collect();
    assert_eq!(lines.len(), 3, "{log}");
    for line in lines {
        for part in [
            format!("\"message_id\":\"{id}\""),
            format!("\"request_id\":\"{request_id}\""),
            format!("\"trace_id\":\"{TRACE}\""),
        ] {
            assert!(line.contains(&part), "{part} is not in {line}");
        }
    }
    let wamid = &graph.accepted_by_id(id)[0].wamid;
    let everything = collector.texts().concat() + &log;
    for secret in ["test-token", "Hello", PHONE, wamid] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
}

#[tokio::test]
async fn failures_are_kept_though_not_sampled_and_meta_learns_of_no_trace() {
    let meta = Meta::start(|place| match place {
        0 => (500, r#"{"error":{"code":131016,"message":"busy"}}"#),
        _ => (200, r#"{"messages":[{"id":"wamid.QQ=="}]}"#),
    })
    .await;
    let collector = Receiver::http();
    let stage = stage(&meta.url, &collector).await;
    let program = stage.program().await;
    let id = stage.put(traced(false)).await;
    let facts = stage.reaches(id, SendState::Sent).await;
    program.stop().await;

    let spans = collector.trace(TRACE);
    let [turn, request] = spans.as_slice() else {
        panic!("not those of the failure: {spans:?}");
    };
    assert_eq!(request.parent, turn.id);
    assert_eq!(attributes(turn, ["waypost.attempt"]), ["1"]);
    let sampled: Vec<bool> = facts
        .iter()
        .map(|fact| fact.traceparent.ends_with("-01"))
        .collect();
    assert_eq!(sampled, [true, false], "the fact of a failure is kept too");

    let heads = meta.heads();
    assert_eq!(heads.len(), 2);
    for head in heads {
        assert!(!head.headers.contains_key("traceparent"));
        assert!(!format!("{head:?}").contains(TRACE));
    }
}
