//! A webhook and a send are one trace each, over all services, from the request to the browser.

mod expected;

use std::collections::BTreeMap;

use uuid::Uuid;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::eventually;
use waypost_harness::otlp::{Receiver, Span};
use waypost_sandbox::graph::{Effect, Fault, Filter};

use crate::SOON;
use crate::system::{System, ask, told_to, trace_of, tree};
use expected::{ATTRIBUTES, BATCH, COMMON, METRICS, SEND, SENT_BY_ANOTHER, STATUS, WEBHOOK};

const PERSON: &str = "15551000001";
/// Those of a sender and of an operator who have traces of their own.
const SENDER: (&str, &str) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
const OPERATOR: (&str, &str) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");

/// What was done, by the ids of requests and messages.
struct Done {
    webhook: Uuid,
    send: Uuid,
    statuses: Vec<Uuid>,
    another: Uuid,
    status_of_another: Uuid,
}

fn traceparent((trace, span): (&str, &str)) -> String {
    format!("00-{trace}-{span}-01")
}

async fn run(system: &System) -> Done {
    let page = system.page().await;
    let client = system.ingress.client();
    let body = messages(&[text("wamid.ONE", Some(PERSON), None, NOON, "Hello")]);
    let webhook = system.webhook(&client, body).await;
    let twice = Filter {
        first: Some(2),
        ..Filter::default()
    };
    system
        .graph
        .set_faults(vec![Fault::when(twice, Effect::code(131_016))]);
    let send = system.send(PERSON, "It is.", &[]).await;
    // Stored before Meta tells of it, so that what it tells is known to be about this message.
    system.reaches(send, "sent").await;
    let mut statuses = Vec::new();
    for word in ["sent", "delivered", "read"] {
        statuses.push(system.tell(send, word, PERSON).await);
    }
    let brought = [("traceparent", &*traceparent(SENDER))];
    let another = system.send(PERSON, "Another", &brought).await;
    system.reaches(another, "sent").await;
    let status_of_another = system.tell(another, "sent", PERSON).await;
    // A message; another, with its three attempts and three statuses; a third, with one of each.
    eventually(SOON, "the page has heard of it all", async || {
        page.look(|record| record.distinct()) == 1 + 7 + 3
    })
    .await;
    ask_the_monitor(system).await;
    Done {
        webhook,
        send,
        statuses,
        another,
        status_of_another,
    }
}

async fn ask_the_monitor(system: &System) {
    let url = format!("http://{}/v1/queues/stats", system.plane());
    let headers = [("traceparent", &*traceparent(OPERATOR))];
    assert_eq!(ask("GET", &url, &headers, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_request_to_the_browser() {
    let collector = Receiver::grpc();
    let stage = told_to(Stage::new().await, collector.address());
    let stage = stage.with(
        "telemetry.otlp_headers",
        "authorization=Bearer%20of-the-collector",
    );
    let system = System::start(stage).await;
    let done = run(&system).await;
    metrics_arrive(&collector).await;
    system.stop().await;

    let spans = collector.spans();
    let tree = |trace: &str| tree(&spans, trace);
    assert_eq!(tree(&trace_of(done.webhook)), WEBHOOK);
    assert_eq!(tree(&trace_of(done.send)), SEND);
    for status in &done.statuses {
        assert_eq!(tree(&trace_of(*status)), STATUS);
    }
    assert_eq!(tree(SENDER.0), SENT_BY_ANOTHER);
    assert_eq!(
        tree(&trace_of(done.another)),
        "",
        "the sender's trace is the message's"
    );
    assert_eq!(tree(&trace_of(done.status_of_another)), STATUS);
    let call = "below b7ad6b7169203331: waypost.v1.QueueService/GetStats [monitor server]\n";
    assert_eq!(tree(OPERATOR.0), call);
    let process = one_of(&spans, &trace_of(done.webhook), "inbox process");
    assert_eq!(tree(&process.links[0].trace), BATCH);
    links_lead_to(&spans, &done);
    attempts_tell_their_verdicts(&spans, &trace_of(done.send));
    attributes_are_there(&spans);
    all_is_documented(&spans);
    assert_eq!(collector.credentials(), ["Bearer of-the-collector"]);
}

/// Metrics of each service arrive.
async fn metrics_arrive(collector: &Receiver) {
    let services: Vec<&str> = METRICS.iter().map(|(service, _)| *service).collect();
    let common = services
        .iter()
        .flat_map(|service| COMMON.map(|metric| (*service, metric)));
    for (service, metric) in METRICS.iter().copied().chain(common) {
        eventually(SOON, &format!("{metric} of {service}"), async || {
            collector.metric(service, metric).is_some()
        })
        .await;
    }
}

fn one_of<'a>(spans: &'a [Span], trace: &str, name: &str) -> &'a Span {
    let mut found = spans
        .iter()
        .filter(|span| span.name == name && span.trace == trace);
    let one = found
        .next()
        .unwrap_or_else(|| panic!("no {name} in {trace}"));
    assert!(found.next().is_none(), "two {name} in {trace}");
    one
}

/// The names of what links lead to are in the trees; here, that it is the right one of that name.
fn links_lead_to(spans: &[Span], done: &Done) {
    let send = one_of(spans, &trace_of(done.send), "POST /v1/messages");
    for (word, status) in ["sent", "delivered", "read"].iter().zip(&done.statuses) {
        let told = one_of(spans, &trace_of(done.send), &format!("status {word}"));
        let process = one_of(spans, &trace_of(*status), "inbox process");
        assert!(told.links[0].leads_to(process));
        let back = process.is_linked_to(send);
        assert!(back, "the webhook of {word} leads to another send");
    }
    let another = one_of(spans, SENDER.0, "POST /v1/messages");
    let process = one_of(spans, &trace_of(done.status_of_another), "inbox process");
    assert!(process.is_linked_to(another));
    let publish = one_of(spans, SENDER.0, "outbox publish");
    assert_eq!(publish.trace, another.trace);
}

fn attempts_tell_their_verdicts(spans: &[Span], trace: &str) {
    let turns = spans.iter();
    let turns = turns.filter(|span| span.name == "outbox process" && span.trace == trace);
    let told = ["waypost.verdict", "waypost.state", "error.type"];
    let told: BTreeMap<&str, [&str; 3]> = turns
        .map(|turn| {
            let told = told.map(|name| turn.attribute(name));
            (turn.attribute("waypost.attempt"), told)
        })
        .collect();
    let expected = [
        ("1", ["retry", "retrying", "131016"]),
        ("2", ["retry", "retrying", "131016"]),
        ("3", ["done", "sent", ""]),
    ];
    assert_eq!(told, BTreeMap::from(expected));
}

fn attributes_are_there(spans: &[Span]) {
    for (name, wanted) in ATTRIBUTES {
        let named = spans.iter().filter(|span| span.name == *name);
        let mut seen = 0;
        for span in named {
            let all = &span.attributes;
            for (key, value) in *wanted {
                let found = all.get(*key).map(String::as_str);
                let fits = found.is_some_and(|found| *value == "*" || found == *value);
                assert!(fits, "{name}: {key} is {found:?}, not {value:?}");
            }
            let is_error = span.error.is_some();
            assert_eq!(is_error, all.contains_key("error.type"), "{name}: {all:?}");
            seen += 1;
        }
        assert!(seen > 0, "no span is called {name}");
    }
}

/// Whoever builds on names finds each of them in the documentation.
fn all_is_documented(spans: &[Span]) {
    let page = include_str!("../../../../../docs/TRACES.md");
    for span in spans {
        // Those of the monitor are the names of its methods.
        let names = (!span.name.starts_with("waypost.v1.")).then_some(&*span.name);
        let attributes = span.attributes.keys().map(String::as_str);
        for name in names.into_iter().chain(attributes) {
            assert!(
                page.contains(&format!("`{name}`")),
                "TRACES.md has no `{name}`"
            );
        }
    }
}
