//! Who has the largest backlog is told at a cost that does not grow with the numbers.

use std::time::Duration;

use waypost_harness::{AppendFsync, eventually, private_redis};
use waypost_queue::OutboxSettings;

use crate::common::*;

const NUMBERS: usize = 3_000;

/// How often Redis has run a command since the last time.
async fn calls(url: &str, command: &str) -> u64 {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut connection)
        .await
        .unwrap();
    let mut reset = redis::cmd("CONFIG");
    reset.arg("RESETSTAT");
    reset.exec_async(&mut connection).await.unwrap();
    let name = format!("cmdstat_{command}:calls=");
    let line = info.lines().find_map(|line| line.strip_prefix(&*name));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn many_numbers_cost_no_more_than_few_and_what_is_wrong_is_mended_piece_by_piece() {
    let server = private_redis(AppendFsync::EverySec).await;
    let url = server.url();
    let lanes = lanes_at(&url, "t:", free(), OutboxSettings::default()).await;
    let all: Vec<_> = (0..NUMBERS)
        .map(|number| (message(&(1_000 + number).to_string(), "1"), None))
        .collect();
    for answer in lanes.acceptor.accept_all(all).await {
        answer.unwrap();
    }
    lanes.put_many("2500", "2", 2).await;
    lanes.put_many("3999", "2", 1).await;
    let busiest = async || {
        let busy = lanes.outbox.busy_numbers(3).await.unwrap();
        let told = busy.into_iter().map(|n| (n.phone_number_id, n.backlog));
        told.collect::<Vec<_>>()
    };
    let expected = [("2500", 3), ("3999", 2), ("1000", 1)].map(|(id, n)| (id.to_owned(), n));
    assert_eq!(busiest().await, expected);

    // As an older version leaves it: the first one who asks gets them all, and Redis is not held up by it.
    for key in ["backlogs", "backlogs:checked"] {
        lanes.command("DEL", key, &[]).await;
    }
    lanes.command("SADD", "busy", &["1000"]).await;
    calls(&url, "hget").await;
    assert_eq!(busiest().await, expected);
    assert!(calls(&url, "evalsha").await > 5, "many small scripts");
    assert_eq!(busiest().await, expected);
    assert_eq!(calls(&url, "hget").await, 0, "nothing to check for a while");

    // An older version changes a backlog behind our back; the check is due.
    lanes
        .command("HSET", "number:1234", &["backlog", "9"])
        .await;
    lanes
        .command("HSET", "number:3999", &["backlog", "0"])
        .await;
    lanes
        .command("HSET", "backlogs:checked", &["ended", "1"])
        .await;
    eventually(Duration::from_secs(10), "it is made good", async || {
        calls(&url, "hget").await;
        let busy = busiest().await;
        assert!(calls(&url, "hget").await < 600, "one slice at a time");
        busy[..2] == [("1234".to_owned(), 9), ("2500".to_owned(), 3)]
    })
    .await;
}

#[tokio::test]
async fn a_full_redis_tells_all_the_same() {
    let server = private_redis(AppendFsync::EverySec).await;
    let lanes = lanes_at(&server.url(), "t:", free(), OutboxSettings::default()).await;
    lanes.put_many("1", "1", 2).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut full = redis::cmd("CONFIG");
    full.arg("SET").arg("maxmemory").arg(1);
    full.exec_async(&mut connection).await.unwrap();
    let busy = lanes.outbox.busy_numbers(3).await.unwrap();
    assert_eq!((busy.len(), busy[0].backlog), (1, 2));
    assert_eq!(lanes.outbox.numbers().await.unwrap().len(), 1);
}
