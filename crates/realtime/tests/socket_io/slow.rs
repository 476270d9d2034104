//! Clients that stop reading.

use waypost_harness::{eventually, redis};

use crate::common::{PATIENCE, Service, log, number_token};
use crate::raw::Raw;
use crate::{numbers, publish};

/// Waits until the token's only place is free.
async fn left(service: &Service, token: &str) {
    eventually(PATIENCE, "the client is let go", async || {
        let mut other = Raw::open(service).await;
        other.show(token, None).await.starts_with("40{")
    })
    .await;
}

#[tokio::test]
async fn who_does_not_read_is_ended_and_others_go_on() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    let settings = [("realtime.queue", "100"), ("realtime.max_per_token", "1")];
    let service = Service::start(&redis.url, &redis.prefix, &settings).await;
    let token = number_token();
    let mut slow = Raw::connect(&service, &token, None).await;
    let mut quick = Raw::connect(&service, &number_token(), None).await;
    for n in 0..1_000 {
        publish(&log, n..n + 1, 16 << 10).await;
        loop {
            let packet = quick.next().await.expect("it goes on");
            if packet.starts_with("42[\"message\"") {
                assert!(packet.contains(&format!("\"n\":{n},")));
                break;
            }
        }
    }
    left(&service, &token).await;
    // It has no gap, whatever it still gets, and is told if it reads in time.
    let (came, bye) = slow.rest().await;
    assert_eq!(came, numbers(0..came.len() as u64));
    assert!(came.len() < 1_000);
    if let Some(bye) = bye {
        assert_eq!(bye["reason"], "slow");
    }
}

/// Writing to a peer that takes nothing fails after a while; then nothing more may come, or it would come after a gap.
#[tokio::test]
async fn who_reads_again_too_late_has_no_gap() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    let settings = [
        ("realtime.queue", "100000"),
        ("realtime.write_timeout", "1s"),
        ("realtime.max_per_token", "1"),
    ];
    let service = Service::start(&redis.url, &redis.prefix, &settings).await;
    let token = number_token();
    publish(&log, 0..1_000, 16 << 10).await;
    let mut slow = Raw::connect(&service, &token, Some("0-0")).await;
    left(&service, &token).await;
    let (came, _) = slow.rest().await;
    assert_eq!(came, numbers(0..came.len() as u64));
    assert!(!came.is_empty() && came.len() < 1_000, "{}", came.len());
}
