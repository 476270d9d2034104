//! Clearing takes what waited at a moment, all of it and nothing else, and tells of each.

use std::time::{Duration, SystemTime};

use waypost_model::{DeadClass, SendState};
use waypost_queue::{Accepted, Echo, Idempotency, LaneSettings};

use crate::common::*;

#[tokio::test]
async fn what_is_under_way_unknown_dead_or_younger_stays() {
    let lanes = lanes(free()).await;
    // Each to a person of his own, and one behind it.
    let mut put = Vec::new();
    for person in ["held", "parked", "resent", "retried", "dead", "waits"] {
        put.push(lanes.put_many(NUMBER, person, 2).await);
    }
    let mut scheduled = message(NUMBER, "9");
    scheduled.send_at = Some(SystemTime::now() + Duration::from_secs(60));
    lanes.put(scheduled).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 5).await;
    end(&dispatcher, &turns[1], unknown(None)).await;
    let doubtful = waypost_queue::How::Later {
        delay: Duration::from_secs(60),
        progress: waypost_queue::Progress {
            attempts: 1,
            made: 1,
            unknown: true,
            ..Default::default()
        },
    };
    end(&dispatcher, &turns[2], doubtful).await;
    let tried = waypost_queue::How::Later {
        delay: Duration::from_secs(60),
        progress: waypost_queue::Progress {
            attempts: 2,
            made: 2,
            ..Default::default()
        },
    };
    end(&dispatcher, &turns[3], tried).await;
    end(&dispatcher, &turns[4], bury(DeadClass::Rejected, false)).await;
    let until = SystemTime::now();
    let mut younger = message(NUMBER, "waits");
    younger.accepted_at = until + Duration::from_millis(5);
    let younger = lanes.put(younger).await;
    lanes.facts().await;

    // Six that stand behind, the one that was tried, the one that waits, and the scheduled one.
    for _ in 0..2 {
        assert_eq!(lanes.outbox.would_clear(None, until).await.unwrap(), 9);
    }
    assert_eq!(lanes.outbox.would_clear(Some("7"), until).await.unwrap(), 0);
    assert_eq!(
        lanes.outbox.clear(Some("7"), until, "ann").await.unwrap(),
        0
    );
    assert_eq!(
        lanes
            .outbox
            .clear(Some(NUMBER), until, "ann")
            .await
            .unwrap(),
        9
    );
    assert_eq!(lanes.outbox.clear(None, until, "ann").await.unwrap(), 0);
    let stats = lanes.stats().await;
    assert_eq!((stats.backlog, stats.cleared, stats.dead), (4, 9, 1));
    assert_eq!((stats.active, stats.parked, stats.delayed), (1, 1, 1));
    assert_eq!((stats.scheduled, stats.waiting), (0, 1));

    let facts = lanes.facts().await;
    assert_eq!(facts.len(), 9);
    for fact in &facts {
        assert_eq!(
            (fact.state, fact.class),
            (SendState::Dead, Some(DeadClass::Cleared))
        );
        assert_eq!(fact.error_message.as_deref(), Some("cleared by ann"));
        // Later than what is known of the attempts.
        let tried = fact.message_id == put[3][0];
        assert_eq!(fact.attempt, if tried { 2 } else { 0 });
    }
    // What stayed goes its way.
    assert_eq!(ids(&take(&dispatcher, 10).await), [younger]);
    done(&dispatcher, &turns[..1]).await;
    let echoes = [put[1][0], put[2][0]].map(|id| Echo {
        id,
        phone_number_id: NUMBER.to_owned(),
    });
    assert_eq!(lanes.outbox.echo(&echoes).await.unwrap(), 2);
    assert_eq!(lanes.stats().await.backlog, 1);
}

#[tokio::test]
async fn a_lane_that_was_emptied_is_like_new() {
    let lanes = lanes(free()).await;
    let dispatcher = lanes.dispatcher().await;
    for _ in 0..3 {
        lanes.put_many(NUMBER, "1", 3).await;
        assert_eq!(
            lanes
                .outbox
                .clear(None, SystemTime::now(), "ann")
                .await
                .unwrap(),
            3
        );
        assert!(take(&dispatcher, 10).await.is_empty());
        let put = lanes.put_many(NUMBER, "1", 2).await;
        let turns = take(&dispatcher, 10).await;
        assert_eq!(ids(&turns), put[..1], "one at a time");
        done(&dispatcher, &turns).await;
        let turns = take(&dispatcher, 10).await;
        assert_eq!(ids(&turns), put[1..]);
        done(&dispatcher, &turns).await;
    }
    assert!(lanes.stats().await.is_drained());
}

#[tokio::test]
async fn one_behind_a_failed_one_that_is_gone_need_not_wait() {
    let lanes = lanes(free()).await;
    lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    end(&dispatcher, &turns[0], later(3_600_000)).await;
    let until = SystemTime::now();
    let mut next = message(NUMBER, "1");
    next.accepted_at = until + Duration::from_millis(5);
    let next = lanes.put(next).await;
    assert!(take(&dispatcher, 10).await.is_empty());
    assert_eq!(lanes.outbox.clear(None, until, "ann").await.unwrap(), 1);
    let turns = take(&dispatcher, 10).await;
    assert_eq!(ids(&turns), [next]);
    assert_eq!(turns[0].progress, waypost_queue::Progress::default());
}

#[tokio::test]
async fn the_limit_of_a_pair_still_holds_afterwards() {
    let lanes = lanes(LaneSettings {
        pair_interval: Duration::from_secs(3_600),
        pair_burst: 1,
        ..free()
    })
    .await;
    lanes.put_many(NUMBER, "1", 3).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    done(&dispatcher, &turns).await;
    assert!(take(&dispatcher, 10).await.is_empty(), "waits for its pair");
    assert_eq!(
        lanes
            .outbox
            .clear(None, SystemTime::now(), "ann")
            .await
            .unwrap(),
        2
    );
    lanes.put_many(NUMBER, "1", 1).await;
    assert!(take(&dispatcher, 10).await.is_empty());
    assert_eq!(lanes.stats().await.delayed, 1);
}

#[tokio::test]
async fn more_than_one_script_can_look_at() {
    let lanes = parted(2).await;
    let people = 700;
    for number in ["1", "2", "3"] {
        let all: Vec<_> = (0..people)
            .map(|person| (message(number, &person.to_string()), None))
            .collect();
        lanes.acceptor.accept_all(all).await;
        lanes.put_many(number, "many", 1_000).await;
    }
    let until = SystemTime::now();
    // Younger ones, at the end and in the middle of everything.
    let mut younger = Vec::new();
    for number in ["1", "2", "3"] {
        for person in (0..people).step_by(3) {
            let mut outgoing = message(number, &person.to_string());
            outgoing.accepted_at = until + Duration::from_secs(1);
            younger.push((outgoing, None));
        }
    }
    let stay = younger.len() as u64;
    lanes.acceptor.accept_all(younger).await;
    let total = 3 * (people + 1_000) as u64;
    assert_eq!(lanes.outbox.would_clear(None, until).await.unwrap(), total);
    assert_eq!(
        lanes.outbox.would_clear(Some("2"), until).await.unwrap(),
        total / 3
    );
    assert_eq!(
        lanes.outbox.clear(Some("2"), until, "ann").await.unwrap(),
        total / 3
    );
    assert_eq!(
        lanes.outbox.clear(None, until, "ann").await.unwrap(),
        total * 2 / 3
    );
    let stats = lanes.stats().await;
    assert_eq!(
        (stats.backlog, stats.cleared, stats.waiting),
        (stay, total, stay)
    );
    let mut sent = 0;
    for partition in 0..2 {
        let dispatcher = lanes.dispatcher_of(partition).await;
        loop {
            let turns = take(&dispatcher, 100).await;
            if turns.is_empty() {
                break;
            }
            sent += turns.len() as u64;
            done(&dispatcher, &turns).await;
        }
    }
    assert_eq!(sent, stay);
}

#[tokio::test]
async fn an_idempotency_key_stands_for_what_was_cleared() {
    let lanes = lanes(free()).await;
    let key = Idempotency {
        key: "k".to_owned(),
        digest: [1; 32],
    };
    let outgoing = message(NUMBER, "1");
    let accept = async || {
        lanes
            .acceptor
            .accept(outgoing.clone(), Some(key.clone()))
            .await
    };
    accept().await.unwrap();
    assert_eq!(
        lanes
            .outbox
            .clear(None, SystemTime::now(), "ann")
            .await
            .unwrap(),
        1
    );
    assert_eq!(accept().await.unwrap(), Accepted::Known { id: outgoing.id });
    assert!(lanes.stats().await.is_drained());
}
