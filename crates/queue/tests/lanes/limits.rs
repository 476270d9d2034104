//! Limits: kept, lowered, climbing back, and nobody else's business.

use std::time::{Duration, Instant};

use waypost_queue::{LaneReserved, LaneSettings, LimitBy, NumberConfig, Slow};

use crate::common::*;

fn limited(number_limit: f64) -> LaneSettings {
    LaneSettings {
        number_limit,
        ..free()
    }
}

/// Takes and ends as fast as may be for a while; answers how many that were.
async fn run(lanes: &Lanes, seconds: f64) -> usize {
    let dispatcher = lanes.dispatcher().await;
    let mut waiter = dispatcher.waiter();
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < seconds {
        dispatcher.heartbeat().await.unwrap();
        match dispatcher.reserve(64).await.unwrap() {
            LaneReserved::Turns(turns) => {
                count += turns.len();
                done(&dispatcher, &turns).await;
            }
            LaneReserved::Empty(due) => waiter.wait(due).await.unwrap(),
            LaneReserved::Paused => panic!("paused"),
        }
    }
    count
}

async fn fill(lanes: &Lanes, number: &str, count: usize) {
    let all = (0..count).map(|i| (message(number, &i.to_string()), None));
    for answer in lanes.acceptor.accept_all(all.collect()).await {
        answer.unwrap();
    }
}

#[tokio::test]
async fn a_number_keeps_its_limit_and_uses_it() {
    let lanes = lanes(limited(100.0)).await;
    fill(&lanes, NUMBER, 1000).await;
    let start = Instant::now();
    let count = run(&lanes, 3.0).await as f64;
    let most = start.elapsed().as_secs_f64() * 100.0 + 11.0;
    assert!(count <= most, "{count} of at most {most}");
    assert!(count > 250.0, "{count}");
}

#[tokio::test]
async fn the_limit_of_an_operator_stands_above_metas_and_the_files() {
    let lanes = lanes(limited(1.0)).await;
    fill(&lanes, NUMBER, 500).await;
    let dispatcher = lanes.dispatcher().await;
    let config = NumberConfig {
        phone_number_id: NUMBER.to_owned(),
        account: None,
        limit: Some(100.0),
        token_fingerprint: "t".to_owned(),
    };
    assert_eq!(
        lanes
            .outbox
            .configure(std::slice::from_ref(&config))
            .await
            .unwrap(),
        1
    );
    assert_eq!(lanes.outbox.configure(&[config]).await.unwrap(), 0);
    assert_eq!(take(&dispatcher, 100).await.len(), 9);
    for (by, limit) in [(LimitBy::Meta, 1000.0), (LimitBy::Operator, 20.0)] {
        lanes
            .outbox
            .set_limit(NUMBER, by, Some(limit))
            .await
            .unwrap();
        let number = lanes.outbox.number(NUMBER).await.unwrap();
        assert_eq!(number.limit, Some(limit));
    }
}

#[tokio::test]
async fn a_pair_out_of_tokens_delays_only_itself() {
    let lanes = lanes(LaneSettings {
        pair_interval: Duration::from_millis(700),
        pair_burst: 3,
        ..free()
    })
    .await;
    lanes.put_many(NUMBER, "1", 5).await;
    let others = lanes.put_many(NUMBER, "2", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let (start, mut to_first) = (Instant::now(), Vec::new());
    let mut other = None;
    while to_first.len() < 5 || other.is_none() {
        for turn in await_turns(&dispatcher, 10).await {
            if turn.id() == others[0] {
                other = Some(start.elapsed());
            } else {
                to_first.push(start.elapsed());
            }
            done(&dispatcher, &[turn]).await;
        }
    }
    assert!(to_first[2] < Duration::from_millis(600), "{to_first:?}");
    // Three at once are paid back after three times as long; then there is a new burst.
    assert!(to_first[3] >= Duration::from_millis(2_100), "{to_first:?}");
    assert!(
        to_first[4] < to_first[3] + Duration::from_millis(600),
        "{to_first:?}"
    );
    assert!(other.unwrap() < Duration::from_millis(600));
}

#[tokio::test]
async fn a_pair_that_is_too_fast_waits_and_keeps_its_order() {
    let lanes = lanes(LaneSettings::default()).await;
    let put = lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    let wait = Duration::from_millis(1000);
    let mut too_fast = ending(&turns[0], later(1000));
    too_fast.slow = Some(Slow::Pair { wait });
    let start = Instant::now();
    dispatcher.settle(&[too_fast]).await.unwrap();
    lanes.put_many(NUMBER, "2", 1).await;
    assert_eq!(take(&dispatcher, 10).await.len(), 1, "others go");
    let again = await_turns(&dispatcher, 10).await;
    assert!(start.elapsed() >= Duration::from_millis(990));
    assert_eq!(ids(&again), put);
}

#[tokio::test]
async fn pushback_lowers_the_rate_once_a_second_and_it_climbs_back() {
    let lanes = lanes(LaneSettings {
        climb: 0.5,
        ..limited(100.0)
    })
    .await;
    fill(&lanes, NUMBER, 50).await;
    fill(&lanes, "2", 50).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 20).await;
    for turn in turns.iter().filter(|t| t.phone_number_id() == NUMBER) {
        slow(&dispatcher, turn, Slow::Number { after: None }).await;
    }
    let lowered = lanes.outbox.number(NUMBER).await.unwrap().lowered_rate;
    assert_eq!(lowered, Some(50.0), "halved once, not ten times");
    let other = lanes.outbox.number("2").await.unwrap().lowered_rate;
    assert_eq!(other, None);
    until("the rate to climb back", async || {
        take(&dispatcher, 1).await;
        dispatcher.heartbeat().await.unwrap();
        let number = lanes.outbox.number(NUMBER).await.unwrap();
        number.lowered_rate.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn pushback_on_an_account_slows_all_its_numbers_and_no_others() {
    let lanes = lanes(limited(1000.0)).await;
    for (number, account) in [("1", "a"), ("2", "a"), ("3", "b")] {
        let config = NumberConfig {
            phone_number_id: number.to_owned(),
            account: Some(account.to_owned()),
            limit: None,
            token_fingerprint: "t".to_owned(),
        };
        lanes.outbox.configure(&[config]).await.unwrap();
        fill(&lanes, number, 3).await;
    }
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 3).await;
    let after = Some(Duration::from_secs(30));
    let of_a = turns.iter().find(|t| t.phone_number_id() != "3").unwrap();
    slow(&dispatcher, of_a, Slow::Account { after }).await;
    let mut seen = 0;
    for turn in take(&dispatcher, 50).await {
        assert_eq!(turn.phone_number_id(), "3");
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
}

#[tokio::test]
async fn an_account_has_one_limit_for_all_its_numbers() {
    let lanes = lanes(LaneSettings {
        account_limit: 100.0,
        ..free()
    })
    .await;
    for (number, account) in [("1", "a"), ("2", "a"), ("3", "b")] {
        let config = NumberConfig {
            phone_number_id: number.to_owned(),
            account: Some(account.to_owned()),
            limit: None,
            token_fingerprint: "t".to_owned(),
        };
        lanes.outbox.configure(&[config]).await.unwrap();
        fill(&lanes, number, 50).await;
    }
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 150).await;
    let of = |number: &str| {
        turns
            .iter()
            .filter(|t| t.phone_number_id() == number)
            .count()
    };
    assert_eq!(of("1") + of("2"), 9, "one burst for both");
    assert_eq!(of("3"), 9);
}

#[tokio::test]
async fn numbers_of_a_limited_account_take_turns() {
    let lanes = lanes(LaneSettings {
        account_limit: 100.0,
        ..free()
    })
    .await;
    for number in ["1", "2", "3"] {
        let config = NumberConfig {
            phone_number_id: number.to_owned(),
            account: Some("a".to_owned()),
            limit: None,
            token_fingerprint: "t".to_owned(),
        };
        lanes.outbox.configure(&[config]).await.unwrap();
        fill(&lanes, number, 300).await;
    }
    let count = run(&lanes, 2.0).await;
    assert!(count > 150, "{count}");
    for number in ["1", "2", "3"] {
        let sent = lanes.outbox.number(number).await.unwrap().completed;
        assert!(sent as usize > count / 6, "{number} sent {sent} of {count}");
    }
}
