//! What the metrics say after a run. They belong to the process, and other tests run in it: so they are at least so high.

use std::collections::BTreeMap;
use std::time::Duration;

use waypost_harness::eventually;
use waypost_telemetry::metrics::prometheus;

use crate::stage::{Stage, message, status, webhook};

fn figures() -> BTreeMap<String, f64> {
    let text = prometheus();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (series, value) = line.rsplit_once(' ')?;
        Some((series.to_owned(), value.parse().ok()?))
    };
    lines.filter_map(read).collect()
}

const RISEN: [&str; 26] = [
    "waypost_webhooks_total{result=\"accepted\"}",
    "waypost_webhook_bytes_total",
    "waypost_webhook_duration_seconds_count",
    "waypost_enqueue_group_entries_count",
    "waypost_enqueue_duration_seconds_count",
    "waypost_batches_total{result=\"committed\"}",
    "waypost_batch_entries_count",
    "waypost_batch_duration_seconds_count{stage=\"reserve\"}",
    "waypost_batch_duration_seconds_count{stage=\"parse\"}",
    "waypost_batch_duration_seconds_count{stage=\"persist\"}",
    "waypost_batch_duration_seconds_count{stage=\"publish\"}",
    "waypost_batch_duration_seconds_count{stage=\"settle\"}",
    "waypost_items_total{kind=\"message\",result=\"new\"}",
    "waypost_items_total{kind=\"message\",result=\"duplicate\"}",
    "waypost_items_total{kind=\"message\",result=\"window\"}",
    "waypost_items_total{kind=\"message\",result=\"failed\"}",
    "waypost_items_total{kind=\"status\",result=\"new\"}",
    "waypost_items_total{kind=\"send\",result=\"new\"}",
    "waypost_dedup_total{level=\"memory\"}",
    "waypost_dedup_total{level=\"window\"}",
    "waypost_committed_latency_seconds_count",
    "waypost_delivered_latency_seconds_count",
    "waypost_events_published_total{kind=\"message\"}",
    "waypost_events_published_total{kind=\"status\"}",
    "waypost_failed_webhooks_total",
    "waypost_postgres_pool{state=\"idle\"}",
];

#[tokio::test]
async fn a_run_shows_in_every_figure() {
    let stage = Stage::set(&[("worker.attempts", "1")]).await;
    let before = figures();
    let id = stage.accept("").await;
    let one = webhook("messages", &[message("wamid.one")]);
    stage.post(&one).await;
    stage.events(2).await;
    // Delivered again, repeated under another id, and one that cannot be understood.
    stage.post(&one).await;
    let mut again = message("wamid.two");
    again["text"]["body"] = "wamid.one".into();
    let mut poison = message("wamid.bad");
    poison["text"]["body"] = "\0".into();
    stage.post(&webhook("messages", &[again, poison])).await;
    let steps = [status(id, "sent", 9), status(id, "delivered", 3)];
    stage.post(&webhook("statuses", &steps)).await;
    stage.events(5).await;
    eventually(
        Duration::from_secs(30),
        "every figure has risen",
        async || {
            let now = figures();
            let old = |series: &str| before.get(series).copied().unwrap_or(0.0);
            let risen = |series: &&str| {
                let is_level = series.starts_with("waypost_postgres_pool");
                let now = now.get(*series).copied().unwrap_or(0.0);
                now > if is_level { 0.0 } else { old(series) }
            };
            let still: Vec<_> = RISEN.iter().filter(|series| !risen(series)).collect();
            if !still.is_empty() {
                eprintln!("not yet: {still:?}");
            }
            still.is_empty()
        },
    )
    .await;
    assert!(figures().contains_key("waypost_postgres_errors_total"));
    assert!(figures().contains_key("waypost_redis_errors_total"));
    stage.stop().await;
}
