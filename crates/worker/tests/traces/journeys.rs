//! Spans, their parents and their links.

use uuid::Uuid;
use waypost_harness::otlp::Link;
use waypost_telemetry::trace::Context;

use crate::stage::{NUMBER, Stage, message, status, webhook};

const SENDER: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn a_webhook_is_one_trace_from_its_post_to_its_event() {
    let stage = Stage::set(&[]).await;
    stage
        .post(&webhook("messages", &[message("wamid.a")]))
        .await;
    let event = stage.events(1).await.remove(0);
    let context = Context::parse(&event.traceparent);
    let trace = context.trace_id().expect("a trace").to_string();

    let row = "SELECT trace_id FROM messages WHERE wamid = 'wamid.a'";
    assert_eq!(stage.text(row).await.as_ref(), Some(&trace));
    let row = "SELECT request_id::text FROM messages WHERE wamid = 'wamid.a'";
    let request: Uuid = stage.text(row).await.unwrap().parse().unwrap();
    assert_eq!(trace, request.simple().to_string());

    let (trace, spans) = (&*trace, stage.collector);
    let post = spans.one(trace, "POST /webhook").await;
    let publish = spans.one(trace, "inbox publish").await;
    let process = spans.one(trace, "inbox process").await;
    let persist = spans.one(trace, "persist").await;
    let told = spans.one(trace, "event publish").await;
    assert!(post.parent.is_empty());
    for (child, parent) in [
        (&publish, &post),
        (&process, &publish),
        (&persist, &process),
        (&told, &process),
    ] {
        assert!(
            child.is_child_of(parent),
            "{} below {}",
            child.name,
            parent.name
        );
    }
    assert!(event.traceparent.contains(&told.id));
    assert_eq!(post.attribute("http.response.status_code"), "200");
    assert_eq!(
        process.attribute("messaging.message.id"),
        request.to_string()
    );
    assert_eq!(process.attribute("waypost.number"), NUMBER);
    assert!(
        process
            .attribute("waypost.waited_ms")
            .parse::<u64>()
            .unwrap()
            < 60_000
    );

    let batch = spans.linked(&process).await;
    assert_eq!(batch.name, "inbox batch");
    assert!(batch.parent.is_empty() && batch.trace != process.trace);
    assert!(batch.is_linked_to(&publish));
    let (stored, sent) = (spans.linked(&persist).await, spans.linked(&told).await);
    assert_eq!(
        (&*stored.name, &*sent.name),
        ("persist batch", "events publish")
    );
    let mut steps = vec![stored, sent];
    for name in ["inbox reserve", "parse", "inbox settle"] {
        steps.push(spans.one(&batch.trace, name).await);
    }
    assert!(steps.iter().all(|step| step.is_child_of(&batch)));
    let kinds = [&post, &publish, &process, &persist, &told].map(|span| &*span.kind);
    let expected = ["server", "producer", "consumer", "client", "producer"];
    assert_eq!(kinds, expected);
    stage.stop().await;
}

#[tokio::test]
async fn a_status_and_the_send_that_it_speaks_of_lead_to_each_other() {
    let stage = Stage::set(&[]).await;
    let spans = stage.collector;
    for traceparent in [String::new(), format!("00-{SENDER}-00f067aa0ba902b7-01")] {
        let id = stage.accept(&traceparent).await;
        let trace = match traceparent.is_empty() {
            true => id.simple().to_string(),
            false => SENDER.to_owned(),
        };
        let row = format!("SELECT max(trace_id) FROM messages WHERE id = '{id}'");
        let facts = spans.one(&trace, "facts process").await;
        assert_eq!(stage.text(&row).await.as_ref(), Some(&trace));
        assert_eq!(spans.linked(&facts).await.name, "facts batch");
        assert_eq!(facts.attribute("messaging.message.id"), id.to_string());

        stage
            .post(&webhook("statuses", &[status(id, "delivered", 5)]))
            .await;
        let heard = spans.one(&trace, "status delivered").await;
        let process = spans.linked(&heard).await;
        assert_eq!(process.name, "inbox process");
        assert_ne!(process.trace, heard.trace);
        assert_eq!(heard.attribute("messaging.message.id"), id.to_string());
        let first = Context::of(id, Some(&trace)).traceparent();
        let leads_back = |link: &Link| first.contains(&format!("{}-{}", link.trace, link.id));
        assert!(process.links.iter().any(leads_back), "no link to {first}");
        assert!(first.contains(&heard.parent));
    }
    stage.stop().await;
}

#[tokio::test]
async fn what_fails_and_is_tried_again_stays_in_its_trace() {
    let settings = [("worker.attempts", "2"), ("worker.backoff", "1ms")];
    let stage = Stage::set(&settings).await;
    let mut poison = message("wamid.bad");
    poison["text"]["body"] = "\0".into();
    stage
        .post(&webhook("messages", &[poison, message("wamid.good")]))
        .await;
    let event = stage.events(1).await.remove(0);
    let trace = Context::parse(&event.traceparent).trace_id().unwrap();
    let trace = trace.to_string();
    let tries = stage.collector.all(&trace, "inbox process", 2).await;
    assert_eq!(tries.len(), 2);
    let (first, second) = match tries[1].is_child_of(&tries[0]) {
        true => (&tries[0], &tries[1]),
        false => (&tries[1], &tries[0]),
    };
    assert!(second.is_child_of(first));
    for failed in [first, second] {
        assert_eq!(failed.attribute("error.type"), "malformed");
        assert!(!failed.error.as_ref().unwrap().is_empty());
    }
    stage.stop().await;
}
