//! Order within a conversation, fairness between them.

use std::collections::BTreeMap;

use uuid::Uuid;
use waypost_model::{DeadClass, Priority};
use waypost_queue::{AcceptError, Accepted, Idempotency, Settle};

use crate::common::*;

#[tokio::test]
async fn a_conversation_leaves_in_order_one_at_a_time_across_retries() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 3).await;
    let dispatcher = lanes.dispatcher().await;
    let first = take(&dispatcher, 10).await;
    assert_eq!(ids(&first), put[..1]);
    assert!(take(&dispatcher, 10).await.is_empty(), "the head is out");
    assert_eq!(end(&dispatcher, &first[0], later(0)).await, Settle::Done);
    for id in put {
        let turns = take(&dispatcher, 10).await;
        assert_eq!(ids(&turns), [id]);
        done(&dispatcher, &turns).await;
    }
    assert!(lanes.outbox.stats().await.unwrap().is_drained());
}

#[tokio::test]
async fn conversations_take_turns() {
    let lanes = lanes(free()).await;
    for phone in ["1", "2", "3"] {
        lanes.put_many(NUMBER, phone, 2).await;
    }
    let dispatcher = lanes.dispatcher().await;
    let mut order = Vec::new();
    for _ in 0..6 {
        let turns = take(&dispatcher, 1).await;
        order.push(turns[0].lane.rsplit('|').next().unwrap().to_owned());
        done(&dispatcher, &turns).await;
    }
    assert_eq!(order, ["1", "2", "3", "1", "2", "3"]);
}

#[tokio::test]
async fn priorities_share_by_weight_and_low_never_starves() {
    let lanes = lanes(free()).await;
    for (priority, letter) in [
        (Priority::High, "a"),
        (Priority::Normal, "b"),
        (Priority::Low, "c"),
    ] {
        for phone in 0..300 {
            let mut outgoing = message(NUMBER, &format!("{letter}{phone}"));
            outgoing.priority = priority;
            lanes.put(outgoing).await;
        }
    }
    let dispatcher = lanes.dispatcher().await;
    let mut counts: BTreeMap<Priority, u32> = BTreeMap::new();
    for _ in 0..210 {
        let turns = take(&dispatcher, 1).await;
        *counts
            .entry(turns[0].outgoing.as_ref().unwrap().priority)
            .or_default() += 1;
        done(&dispatcher, &turns).await;
    }
    let share = |priority| counts[&priority];
    assert!((150..=170).contains(&share(Priority::High)), "{counts:?}");
    assert!((35..=45).contains(&share(Priority::Normal)), "{counts:?}");
    assert!((8..=13).contains(&share(Priority::Low)), "{counts:?}");
}

#[tokio::test]
async fn numbers_take_turns() {
    let lanes = lanes(free()).await;
    for number in ["1", "2"] {
        for phone in 0..50 {
            lanes.put(message(number, &phone.to_string())).await;
        }
    }
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 40).await;
    let of = |number: &str| {
        turns
            .iter()
            .filter(|t| t.phone_number_id() == number)
            .count()
    };
    assert_eq!(turns.len(), 40);
    // Eight at a time.
    assert!(of("1").abs_diff(of("2")) <= 8, "{} {}", of("1"), of("2"));
}

#[tokio::test]
async fn the_same_key_and_request_is_the_same_message() {
    let lanes = lanes(free()).await;
    let key = |digest: u8| {
        Some(Idempotency {
            key: "k".to_owned(),
            digest: [digest; 32],
        })
    };
    let first = lanes.acceptor.accept(message(NUMBER, "1"), key(1)).await;
    let Ok(Accepted::New { id, .. }) = first else {
        panic!("{first:?}");
    };
    let again = lanes.acceptor.accept(message(NUMBER, "1"), key(1)).await;
    assert_eq!(again.unwrap(), Accepted::Known { id });
    let other = lanes.acceptor.accept(message(NUMBER, "1"), key(2)).await;
    assert!(matches!(other, Err(AcceptError::Conflict)));
    assert_eq!(lanes.outbox.stats().await.unwrap().backlog, 1);
}

#[tokio::test]
async fn a_number_over_its_backlog_costs_no_other() {
    let mut lanes = lanes(free()).await;
    lanes.settings.max_backlog = 2;
    let (acceptor, _task) = waypost_queue::Acceptor::start(lanes.redis.clone(), &lanes.settings);
    let all = (0..3).map(|_| (message("1", "1"), None));
    let all = all.chain([(message("2", "1"), None)]).collect();
    let answers = acceptor.accept_all(all).await;
    assert!(answers[0].is_ok() && answers[1].is_ok() && answers[3].is_ok());
    assert!(matches!(answers[2], Err(AcceptError::Backlog { limit: 2 })));
}

#[tokio::test]
async fn the_dead_are_listed_and_replayed_with_fresh_attempts_at_the_end() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 1).await;
    end(&dispatcher, &turns[0], bury(DeadClass::Rejected, false)).await;
    let dead = lanes
        .outbox
        .dead_letters(&Default::default())
        .await
        .unwrap();
    assert_eq!((dead.len(), dead[0].outgoing.id), (1, put[0]));
    assert_eq!(
        (dead[0].class, dead[0].progress.attempts),
        (DeadClass::Rejected, 2)
    );

    assert!(lanes.outbox.replay(put[0]).await.unwrap());
    assert!(!lanes.outbox.replay(put[0]).await.unwrap(), "only once");
    let turns = take(&dispatcher, 1).await;
    assert_eq!(ids(&turns), [put[1]]);
    done(&dispatcher, &turns).await;
    let turns = take(&dispatcher, 1).await;
    assert_eq!(ids(&turns), [put[0]]);
    let progress = &turns[0].progress;
    assert_eq!((progress.life, progress.attempts, progress.made), (1, 0, 2));
    done(&dispatcher, &turns).await;
    let stats = lanes.outbox.stats().await.unwrap();
    assert_eq!((stats.dead, stats.failed, stats.completed), (0, 0, 2));
    assert!(!lanes.outbox.purge(Uuid::now_v7()).await.unwrap());
}

#[tokio::test]
async fn numbers_take_turns_with_a_single_slot_too() {
    let lanes = lanes(free()).await;
    for number in ["1", "2", "3"] {
        for phone in 0..40 {
            lanes.put(message(number, &phone.to_string())).await;
        }
    }
    let dispatcher = lanes.dispatcher().await;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..90 {
        let turns = take(&dispatcher, 1).await;
        *counts
            .entry(turns[0].phone_number_id().to_owned())
            .or_default() += 1;
        done(&dispatcher, &turns).await;
    }
    assert!(counts.values().all(|count| *count == 30), "{counts:?}");
}
