//! Dispatchers that die, come late or lose an answer.

use std::time::Duration;

use waypost_queue::{Cause, LaneSettings, QueueError, Settle};

use crate::common::*;

fn short_lease() -> LaneSettings {
    LaneSettings {
        lease: Duration::from_millis(300),
        ..free()
    }
}

#[tokio::test]
async fn what_a_dead_dispatcher_held_is_adopted_and_it_is_fenced() {
    let lanes = lanes(short_lease()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let (dead, alive) = (lanes.dispatcher().await, lanes.dispatcher().await);
    let held = take(&dead, 10).await;
    let adopted = until("an adoption", async || {
        alive.heartbeat().await.unwrap();
        let turns = alive.adopt(10).await.unwrap();
        (!turns.is_empty()).then_some(turns)
    })
    .await;
    assert_eq!(ids(&adopted), put[..1]);
    assert_eq!(causes(&adopted), [Cause::Orphaned]);
    assert_eq!(
        end(&dead, &held[0], waypost_queue::How::Done).await,
        Settle::Fenced
    );
    assert!(matches!(
        dead.heartbeat().await,
        Err(QueueError::Lapsed { .. })
    ));
    assert!(matches!(
        dead.reserve(1).await,
        Err(QueueError::Lapsed { .. })
    ));
    done(&alive, &adopted).await;
    assert_eq!(ids(&take(&alive, 10).await), put[1..]);
}

#[tokio::test]
async fn who_leaves_in_good_order_hands_over_at_once() {
    let lanes = lanes(free()).await;
    lanes.put_many(NUMBER, "1", 1).await;
    let (leaving, staying) = (lanes.dispatcher().await, lanes.dispatcher().await);
    take(&leaving, 10).await;
    assert_eq!(leaving.leave().await.unwrap(), 1);
    let adopted = until("an adoption", async || {
        let turns = staying.adopt(10).await.unwrap();
        (!turns.is_empty()).then_some(turns)
    })
    .await;
    assert_eq!(causes(&adopted), [Cause::Orphaned]);
}

#[tokio::test]
async fn an_ending_told_twice_counts_once() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    assert_eq!(
        end(&dispatcher, &turns[0], waypost_queue::How::Done).await,
        Settle::Done
    );
    assert_eq!(
        end(&dispatcher, &turns[0], waypost_queue::How::Done).await,
        Settle::Fenced
    );
    let next = take(&dispatcher, 10).await;
    assert_eq!(ids(&next), put[1..]);
    // Late, while the next one is out: the lane is the same, the lease is not.
    assert_eq!(
        end(&dispatcher, &turns[0], waypost_queue::How::Done).await,
        Settle::Fenced
    );
    done(&dispatcher, &next).await;
    assert_eq!(lanes.outbox.stats().await.unwrap().completed, 2);
}

#[tokio::test]
async fn a_reservation_whose_answer_was_lost_is_answered_again() {
    let lanes = lanes(free()).await;
    lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    // Given up before the answer can have come, and perhaps before Redis has seen it: both must end the same way.
    let lost = tokio::time::timeout(Duration::from_micros(300), dispatcher.reserve(10)).await;
    let turns = match lost {
        Ok(Ok(waypost_queue::LaneReserved::Turns(turns))) => turns,
        _ => take(&dispatcher, 10).await,
    };
    assert_eq!(turns.len(), 1);
    done(&dispatcher, &turns).await;
}
