//! Spans, their parents and their links.

use opentelemetry_proto::tonic::trace::v1::Span;
use uuid::Uuid;
use waypost_telemetry::trace::Context;

use crate::collector::{attribute, hex, is_child, is_linked, span, span_at, spans};
use crate::stage::{NUMBER, Stage, message, status, webhook};

const SENDER: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The span that the first link of this one leads to.
async fn linked(span: &Span) -> Span {
    let link = span.links.first().expect("a link");
    span_at(&link.trace_id, &link.span_id).await
}

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

    let post = span(&trace, "POST /webhook").await;
    let publish = span(&trace, "inbox publish").await;
    let process = span(&trace, "inbox process").await;
    let persist = span(&trace, "persist").await;
    let told = span(&trace, "event publish").await;
    assert!(post.parent_span_id.is_empty());
    for (child, parent) in [
        (&publish, &post),
        (&process, &publish),
        (&persist, &process),
        (&told, &process),
    ] {
        assert!(
            is_child(child, parent),
            "{} below {}",
            child.name,
            parent.name
        );
    }
    assert!(event.traceparent.contains(&hex(&told.span_id)));
    assert_eq!(attribute(&post, "http.response.status_code"), "200");
    assert_eq!(
        attribute(&process, "messaging.message.id"),
        request.to_string()
    );
    assert_eq!(attribute(&process, "waypost.number"), NUMBER);
    assert!(
        attribute(&process, "waypost.waited_ms")
            .parse::<u64>()
            .unwrap()
            < 60_000
    );

    let batch = linked(&process).await;
    assert_eq!(batch.name, "inbox batch");
    assert!(batch.parent_span_id.is_empty() && batch.trace_id != process.trace_id);
    assert!(is_linked(&batch, &publish));
    let (stored, sent) = (linked(&persist).await, linked(&told).await);
    assert_eq!(
        (&*stored.name, &*sent.name),
        ("persist batch", "events publish")
    );
    let of_batch = hex(&batch.trace_id);
    let mut steps = vec![stored, sent];
    for name in ["inbox reserve", "parse", "inbox settle"] {
        steps.push(span(&of_batch, name).await);
    }
    assert!(steps.iter().all(|step| is_child(step, &batch)));
    // SERVER, PRODUCER, CONSUMER, CLIENT, PRODUCER.
    let kinds = [&post, &publish, &process, &persist, &told].map(|span| span.kind);
    assert_eq!(kinds, [2, 4, 5, 3, 4]);
    stage.stop().await;
}

#[tokio::test]
async fn a_status_and_the_send_that_it_speaks_of_lead_to_each_other() {
    let stage = Stage::set(&[]).await;
    for traceparent in [String::new(), format!("00-{SENDER}-00f067aa0ba902b7-01")] {
        let id = stage.accept(&traceparent).await;
        let trace = match traceparent.is_empty() {
            true => id.simple().to_string(),
            false => SENDER.to_owned(),
        };
        let row = format!("SELECT max(trace_id) FROM messages WHERE id = '{id}'");
        let facts = span(&trace, "facts process").await;
        assert_eq!(stage.text(&row).await.as_ref(), Some(&trace));
        assert_eq!(linked(&facts).await.name, "facts batch");
        assert_eq!(attribute(&facts, "messaging.message.id"), id.to_string());

        stage
            .post(&webhook("statuses", &[status(id, "delivered", 5)]))
            .await;
        let heard = span(&trace, "status delivered").await;
        let process = linked(&heard).await;
        assert_eq!(process.name, "inbox process");
        assert_ne!(process.trace_id, heard.trace_id);
        assert_eq!(attribute(&heard, "messaging.message.id"), id.to_string());
        let first = Context::of(id, Some(&trace)).traceparent();
        let leads_back = |link: &opentelemetry_proto::tonic::trace::v1::span::Link| {
            first.contains(&format!("{}-{}", hex(&link.trace_id), hex(&link.span_id)))
        };
        assert!(process.links.iter().any(leads_back), "no link to {first}");
        assert!(first.contains(&hex(&heard.parent_span_id)));
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
    let tries = spans(&trace.to_string(), "inbox process", 2).await;
    assert_eq!(tries.len(), 2);
    let (first, second) = match is_child(&tries[1], &tries[0]) {
        true => (&tries[0], &tries[1]),
        false => (&tries[1], &tries[0]),
    };
    assert!(is_child(second, first));
    for failed in [first, second] {
        assert_eq!(attribute(failed, "error.type"), "malformed");
        assert!(!failed.status.as_ref().unwrap().message.is_empty());
    }
    stage.stop().await;
}
