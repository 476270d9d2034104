//! Statuses come late, early, twice and in any order, and a message only ever moves forward.

use serde_json::Value;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, echo, echoes, status, statuses};

use crate::SOON;

const TO: &str = "15551000001";

/// Posts bodies one after the other, each handled before the next comes.
async fn in_turn(stage: &Stage, bodies: Vec<bytes::Bytes>) {
    let ingress = stage.services.ingress().await;
    let client = ingress.client();
    for body in bodies {
        assert_eq!(client.post(body).await.unwrap(), 200);
        stage.drained(SOON).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn early_ones_wait_for_their_message() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    let heard = |word, at| statuses(&[status("wamid.OUT", word, at, TO)]);
    in_turn(
        &stage,
        vec![
            heard("read", NOON + 30),
            heard("sent", NOON + 10),
            heard("read", NOON + 30),
        ],
    )
    .await;
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, 0);
    assert_eq!(
        stage.count("SELECT count(*) FROM message_statuses").await,
        2
    );
    in_turn(
        &stage,
        vec![
            echoes(&[echo("wamid.OUT", TO, NOON)]),
            heard("delivered", NOON + 20),
        ],
    )
    .await;

    let row = "SELECT concat_ws(' ', direction, status, extract(epoch FROM delivered_at)::bigint, extract(epoch FROM read_at)::bigint)
               FROM messages";
    let expected = format!("out read {} {}", NOON + 20, NOON + 30);
    assert_eq!(stage.texts(row).await, [expected]);
    let events = stage.events_of("status").await;
    let words: Vec<_> = events.iter().map(|event| event.text("status")).collect();
    assert_eq!(words, ["read", "sent", "delivered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_terminal_and_keeps_its_code() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    let mut failed = status("wamid.OUT", "failed", NOON + 1, TO);
    failed["errors"] = serde_json::json!([{"code": 131_026, "title": "Message undeliverable"}]);
    in_turn(
        &stage,
        vec![
            echoes(&[echo("wamid.OUT", TO, NOON)]),
            statuses(&[failed]),
            statuses(&[status("wamid.OUT", "read", NOON + 2, TO)]),
        ],
    )
    .await;
    let row = "SELECT concat_ws(' ', status, error_code) FROM messages";
    assert_eq!(stage.texts(row).await, ["failed 131026"]);
}

/// Sixty messages with every order of echo and three statuses, all at once over two workers.
#[tokio::test(flavor = "multi_thread")]
async fn any_order_at_once_ends_alike() {
    let stage = Stage::new().await;
    let _workers = (stage.services.worker().await, stage.services.worker().await);
    let ingress = stage.services.ingress().await;
    let client = ingress.client();
    let mut posts = Vec::new();
    for step in 0..4 {
        for n in 0..60_usize {
            let wamid = format!("wamid.OUT{n:02}");
            // Each message starts elsewhere and goes round, half of them backwards.
            let turn = if n % 2 == 0 { n + step } else { n + 4 - step };
            let news = |word: &str, at| statuses(&[status(&wamid, word, at, TO)]);
            posts.push(match (turn / 2) % 4 {
                0 => echoes(&[echo(&wamid, TO, NOON)]),
                1 => news("sent", NOON + 1),
                2 => news("delivered", NOON + 2),
                _ => news("read", NOON + 3),
            });
            // What `turn` leaves out comes all the same.
            if step == 3 {
                posts.push(echoes(&[echo(&wamid, TO, NOON)]));
                let all = ["read", "delivered", "sent"];
                let all: Vec<Value> = all
                    .iter()
                    .zip([3, 2, 1])
                    .map(|(word, at)| status(&wamid, word, NOON + at, TO))
                    .collect();
                posts.push(statuses(&all));
            }
        }
    }
    let posts = posts.into_iter().map(|body| client.post(body));
    let answers = futures_util::future::try_join_all(posts).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == 200));
    stage.drained(SOON).await;

    let behind = format!(
        "SELECT count(*) FROM messages WHERE status <> 'read' OR extract(epoch FROM delivered_at) <> {} OR extract(epoch FROM read_at) <> {}",
        NOON + 2,
        NOON + 3
    );
    assert_eq!(stage.count(&behind).await, 0);
    let summary = stage.summary().await;
    assert_eq!((summary.message_total(), summary.status_total()), (60, 180));
}
