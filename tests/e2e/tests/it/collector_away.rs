//! The collector dies, and then hangs, while messages go both ways: no message notices.

use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::time::timeout;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::otlp::{Hanging, Receiver};
use waypost_harness::{Client, eventually};

use crate::LATER;
use crate::system::{System, figure, told_to};

/// Far longer than any answer takes, and shorter than a request to a collector that hangs.
const AT_ONCE: Duration = Duration::from_secs(3);
/// How long a service may take to end while the collector hangs.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// Webhooks, and messages sent, in each phase.
const EACH: usize = 120;
/// Under way at once.
const TOGETHER: usize = 8;
/// Services that have spans of every message, or of every webhook.
const BUSY: [&str; 4] = [
    "waypost-ingress",
    "waypost-worker",
    "waypost-dispatcher",
    "waypost-realtime",
];

/// Sends so many of both kinds, numbered from `phase * EACH`, and does `halfway` when half of them are taken. Each must be answered at
/// once, and be heard of in the browser in the end.
async fn all_goes_through(system: &System, phase: usize, halfway: impl FnOnce()) {
    let page = system.page().await;
    let client = system.ingress.client();
    let numbers: Vec<usize> = (phase * EACH..(phase + 1) * EACH).collect();
    let (first, second) = numbers.split_at(EACH / 2);
    sends(system, &client, first).await;
    halfway();
    sends(system, &client, second).await;
    // The message that came in; the message sent, and that it was.
    eventually(LATER, "all has gone through", async || {
        page.look(|record| record.distinct()) == 3 * EACH
    })
    .await;
    let stage = &system.site.stage;
    let came = "SELECT count(*) FROM messages WHERE direction = 'in'";
    let sent = "SELECT count(*) FROM messages WHERE state = 'sent'";
    let all = (phase + 1) * EACH;
    assert_eq!(stage.count(came).await as usize, all);
    assert_eq!(stage.count(sent).await as usize, all);
    assert_eq!(system.graph.accepted_count() as usize, all);
}

async fn sends(system: &System, client: &Client, numbers: &[usize]) {
    for some in numbers.chunks(TOGETHER) {
        let both = some
            .iter()
            .map(|n| join(receive(system, client, *n), send(system, *n)));
        join_all(both).await;
    }
}

async fn receive(system: &System, client: &Client, n: usize) {
    let (wamid, phone) = (format!("wamid.IN{n}"), format!("1555100{n:04}"));
    let body = messages(&[text(&wamid, Some(&phone), None, NOON, &wamid)]);
    let taken = timeout(AT_ONCE, system.webhook(client, body)).await;
    taken.unwrap_or_else(|_| panic!("webhook {n} was not answered within {AT_ONCE:?}"));
}

async fn send(system: &System, n: usize) {
    let taken = timeout(AT_ONCE, system.send(&format!("4915{n:08}"), "Hello", &[])).await;
    taken.unwrap_or_else(|_| panic!("message {n} was not answered within {AT_ONCE:?}"));
}

/// Spans that each of the busy services has dropped so far.
async fn dropped(system: &System) -> Vec<f64> {
    let mut dropped = Vec::new();
    for (name, process) in system.processes() {
        if BUSY.contains(&name) {
            let page = System::metrics(process).await;
            let spans = figure(&page, "waypost_telemetry_dropped_total{signal=\"traces\"} ");
            dropped.push(spans.unwrap_or_else(|| panic!("{name} does not count:\n{page}")));
        }
    }
    dropped
}

/// Waits until each of them has dropped more than this.
async fn more_dropped(system: &System, before: &[f64]) -> Vec<f64> {
    let mut now = Vec::new();
    eventually(LATER, "spans are dropped, and counted", async || {
        now = dropped(system).await;
        now.iter().zip(before).all(|(now, before)| now > before)
    })
    .await;
    now
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_waits_for_it() {
    let collector = Receiver::grpc();
    let address = collector.address();
    let system = System::start(told_to(Stage::new().await, address)).await;
    all_goes_through(&system, 0, || {}).await;
    for name in BUSY {
        let what = format!("a span of {name}");
        collector.span(&what, |span| span.service == name).await;
    }
    let before = dropped(&system).await;
    assert_eq!(before, [0.0; BUSY.len()], "nothing is dropped without need");

    all_goes_through(&system, 1, || drop(collector)).await;
    let before = more_dropped(&system, &before).await;

    let mut hanging = None;
    all_goes_through(&system, 2, || hanging = Some(Hanging::at(address))).await;
    more_dropped(&system, &before).await;
    assert!(hanging.is_some_and(|hanging| hanging.connections() >= BUSY.len()));

    for (name, process) in system.processes() {
        assert!(
            process.is_ready().await,
            "{name} is not ready without a collector"
        );
    }
    for (name, log) in system.stop_together(LAST_WORDS).await {
        assert!(log.contains("collector"), "{name} does not say why:\n{log}");
    }
}
