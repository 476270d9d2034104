//! What it tells Prometheus: how the queues stand, which nobody else does, and its own calls.

use std::time::{Duration, SystemTime};

use waypost_e2e::Stage;
use waypost_e2e::sends::{outgoing, text_to};
use waypost_e2e::webhook::{NOON, NUMBER, messages, text};
use waypost_harness::{Client, eventually, services::Spawned};
use waypost_queue::{Acceptor, Outbox, OutboxSettings};

use crate::SOON;

const STATS: &str = "/api/queue-monitor/stats";
const PAUSE: &str = "/api/queue-monitor/pause";

/// `/metrics` of an admin plane, now.
async fn page(monitor: &Spawned) -> String {
    let admin = monitor.process.admin().unwrap();
    let reply = Client::new(admin, "").get("/metrics").await.unwrap();
    String::from_utf8(reply.body.to_vec()).unwrap()
}

/// The value of a series, if it is there.
fn value(page: &str, series: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(series))?;
    line.strip_prefix(' ')?.parse().ok()
}

/// Waits until series have these values; they are read every few seconds.
async fn say(monitor: &Spawned, wanted: &[(&str, f64)]) {
    for (series, wanted) in wanted {
        let what = format!("{series} is {wanted}");
        eventually(SOON, &what, async || {
            value(&page(monitor).await, series) == Some(*wanted)
        })
        .await;
    }
}

/// Three webhooks, two messages, and one for tomorrow; nobody takes them.
async fn fill(stage: &Stage) {
    let ingress = stage.services.ingress().await;
    for n in 0..3 {
        let message = text(
            &format!("wamid.{n}"),
            Some("15550001111"),
            None,
            NOON,
            "hello",
        );
        assert_eq!(
            ingress.client().post(messages(&[message])).await.unwrap(),
            200
        );
    }
    let (acceptor, task) = Acceptor::start(stage.redis.clone(), &OutboxSettings::default());
    for n in 0..3 {
        let mut message = outgoing(&format!("4915550000{n}"), &text_to("+49", "hello"));
        if n == 2 {
            message.send_at = Some(SystemTime::now() + Duration::from_secs(86_400));
        }
        acceptor.accept(message, None).await.unwrap();
    }
    drop(acceptor);
    task.finished().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_how_every_queue_stands_whether_or_not_anybody_watches() {
    let stage = Stage::new().await;
    fill(&stage).await;
    let monitor = stage.services.monitor_process().await;
    say(
        &monitor,
        &[
            (
                r#"waypost_queue_entries{queue="inbox",state="waiting",partition="0"}"#,
                3.0,
            ),
            (
                r#"waypost_queue_entries{queue="inbox",state="active",partition="0"}"#,
                0.0,
            ),
            (
                r#"waypost_queue_entries{queue="outbox",state="waiting",partition="0"}"#,
                2.0,
            ),
            (
                r#"waypost_queue_entries{queue="outbox",state="scheduled",partition="0"}"#,
                1.0,
            ),
            (
                r#"waypost_queue_entries{queue="outbox",state="delayed",partition="0"}"#,
                0.0,
            ),
            (
                &format!(r#"waypost_number_entries{{number="{NUMBER}",state="waiting"}}"#),
                3.0,
            ),
            (r#"waypost_consumers{queue="inbox"}"#, 0.0),
            (r#"waypost_queue_paused{queue="inbox"}"#, 0.0),
            // That they were accepted.
            (
                r#"waypost_queue_entries{queue="facts",state="waiting",partition="0"}"#,
                3.0,
            ),
            ("waypost_memory_ids", 0.0),
        ],
    )
    .await;
    let shown = page(&monitor).await;
    let oldest = value(
        &shown,
        r#"waypost_queue_oldest_seconds{queue="inbox",partition="0"}"#,
    );
    assert!(
        oldest.is_some_and(|age| age > 0.0 && age < 600.0),
        "{shown}"
    );
    let drain = r#"waypost_queue_drain_seconds{queue="inbox"}"#;
    assert_eq!(value(&shown, drain), None, "it does not get shorter");

    let outbox = Outbox::new(&stage.redis, &OutboxSettings::default());
    outbox.pause("ann", "a test").await.unwrap();
    let gone = outbox.clear(None, SystemTime::now(), "ann").await.unwrap();
    assert_eq!(gone, 3);
    eventually(SOON, "a number that has nothing is not shown", async || {
        !page(&monitor).await.contains(NUMBER)
    })
    .await;
    let worker = stage.services.worker_process().await;
    say(
        &monitor,
        &[
            (
                r#"waypost_queue_entries{queue="inbox",state="waiting",partition="0"}"#,
                0.0,
            ),
            (
                r#"waypost_queue_oldest_seconds{queue="inbox",partition="0"}"#,
                0.0,
            ),
            (drain, 0.0),
            (r#"waypost_consumers{queue="inbox"}"#, 1.0),
            (r#"waypost_consumers{queue="facts"}"#, 1.0),
            (r#"waypost_consumers{queue="outbox"}"#, 0.0),
            (r#"waypost_queue_paused{queue="outbox"}"#, 1.0),
        ],
    )
    .await;
    eventually(SOON, "the memory knows the messages", async || {
        value(&page(&monitor).await, "waypost_memory_ids").is_some_and(|ids| ids >= 3.0)
    })
    .await;
    worker.stop().await;
    monitor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_calls_by_method_and_how_they_ended() {
    let stage = Stage::new().await;
    let monitor = stage.services.monitor_process().await;
    let plane = Client::new(monitor.address(), "");
    for _ in 0..2 {
        assert_eq!(plane.get(STATS).await.unwrap().status, 200);
    }
    let post = async |body: &'static str| {
        let reply = plane.post_to(PAUSE, body, &[]).await;
        reply.unwrap().status
    };
    assert_eq!(post(r#"{"queue":"webhook"}"#).await, 200);
    assert_eq!(post(r#"{"queue":"nothing"}"#).await, 400);
    assert_eq!(post("no JSON").await, 400);
    // Over gRPC, a method that does not exist: there is no series for what anybody makes up.
    let grpc = [("content-type", "application/grpc"), ("te", "trailers")];
    for path in ["/waypost.v1.QueueService/Empty", "/x.Y/Z"] {
        plane.post_to(path, "", &grpc).await.unwrap();
    }
    let calls = |method: &str, code: &str| {
        format!(r#"waypost_rpc_requests_total{{method="{method}",code="{code}"}}"#)
    };
    say(
        &monitor,
        &[
            (&calls("QueueService/GetStats", "ok"), 2.0),
            (&calls("QueueService/Pause", "ok"), 1.0),
            (&calls("QueueService/Pause", "invalid_argument"), 2.0),
            (&calls("QueueService/Pause", "internal"), 0.0),
            (
                r#"waypost_rpc_duration_seconds_count{method="QueueService/Pause"}"#,
                3.0,
            ),
            (r#"waypost_queue_paused{queue="inbox"}"#, 1.0),
        ],
    )
    .await;
    let shown = page(&monitor).await;
    assert!(
        !shown.contains("Empty") && !shown.contains("Y/Z"),
        "{shown}"
    );
    monitor.stop().await;
}
