//! Dead letters of messages, and what somebody decides about unknown outcomes.

use uuid::Uuid;
use waypost_model::{DeadClass, SendState};
use waypost_queue::{AttemptError, DeadOutgoingFilter, Echo, How, Progress};

use crate::common::*;

fn refused_with(code: i64) -> How {
    let mut progress = Progress {
        attempts: 1,
        made: 1,
        ..Progress::default()
    };
    for code in [Some(1), Some(code)] {
        progress.note(AttemptError {
            attempt: 1,
            at: std::time::SystemTime::now(),
            verdict: "never".to_owned(),
            code,
            http_status: Some(400),
            message: "m".to_owned(),
        });
    }
    How::Bury {
        class: DeadClass::Rejected,
        reason: "because".to_owned(),
        progress,
    }
}

#[tokio::test]
async fn pages_over_partitions_and_filters() {
    let lanes = parted(3).await;
    let numbers = ["11", "22", "33", "44", "55"];
    for number in numbers {
        lanes.put_many(number, "1", 20).await;
    }
    for partition in 0..3 {
        let dispatcher = lanes.dispatcher_of(partition).await;
        loop {
            let turns = take(&dispatcher, 10).await;
            if turns.is_empty() {
                break;
            }
            for (i, turn) in turns.iter().enumerate() {
                let code = if i % 2 == 0 { 131_026 } else { 131_047 };
                end(&dispatcher, turn, refused_with(code)).await;
            }
        }
    }
    assert_eq!(lanes.outbox.dead_count().await.unwrap(), 100);
    let walk = async |filter: &DeadOutgoingFilter| {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = lanes.outbox.dead_page(filter, after, 9).await.unwrap();
            all.extend(page);
            match next {
                Some(next) => after = Some(next),
                None => return all,
            }
        }
    };
    let all = walk(&DeadOutgoingFilter::default()).await;
    assert!(all.is_sorted_by_key(|letter| (letter.buried_at, letter.outgoing.id)));
    assert_eq!(all.len(), 100);
    assert_eq!(&all[0].outgoing.body[..], b"{\"type\":\"text\"}");
    let of_one = DeadOutgoingFilter {
        phone_number_id: Some("33".to_owned()),
        class: Some(DeadClass::Rejected),
        ..DeadOutgoingFilter::default()
    };
    assert_eq!(walk(&of_one).await.len(), 20);
    // The latest error counts, not the one before.
    for (code, some) in [(131_026, true), (131_047, true), (1, false)] {
        let with_code = DeadOutgoingFilter {
            error_code: Some(code),
            ..DeadOutgoingFilter::default()
        };
        assert_eq!(!walk(&with_code).await.is_empty(), some, "{code}");
    }
    let listed = DeadOutgoingFilter {
        limit: 37,
        ..DeadOutgoingFilter::default()
    };
    assert_eq!(lanes.outbox.dead_letters(&listed).await.unwrap().len(), 37);
}

#[tokio::test]
async fn one_that_is_held_is_given_up_when_somebody_says_so_and_its_echo_still_counts() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    assert!(
        !lanes.outbox.give_up(NUMBER, put[0]).await.unwrap(),
        "under way"
    );
    end(&dispatcher, &turns[0], unknown(None)).await;
    lanes.facts().await;
    assert!(!lanes.outbox.give_up(NUMBER, Uuid::now_v7()).await.unwrap());
    assert!(
        !lanes.outbox.give_up(NUMBER, put[1]).await.unwrap(),
        "waits"
    );
    assert!(lanes.outbox.give_up(NUMBER, put[0]).await.unwrap());
    assert!(!lanes.outbox.give_up(NUMBER, put[0]).await.unwrap());
    let letter = lanes.outbox.dead_letter(put[0]).await.unwrap().unwrap();
    assert_eq!(
        (letter.class, letter.progress.made),
        (DeadClass::Unknown, 1)
    );
    let facts = lanes.facts().await;
    assert_eq!((facts.len(), facts[0].state), (1, SendState::Dead));
    assert_eq!(
        (facts[0].class, facts[0].attempt),
        (Some(DeadClass::Unknown), 1)
    );
    // The next one goes.
    assert_eq!(ids(&take(&dispatcher, 10).await), put[1..]);
    let echo = Echo {
        id: put[0],
        phone_number_id: NUMBER.to_owned(),
    };
    assert_eq!(lanes.outbox.echo(&[echo]).await.unwrap(), 1);
    assert_eq!(lanes.outbox.dead_count().await.unwrap(), 0);
}

#[tokio::test]
async fn one_that_stands_behind_a_parked_one_does_not_set_that_free() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    end(&dispatcher, &turns[0], bury(DeadClass::Unknown, true)).await;
    let turns = take(&dispatcher, 10).await;
    assert_eq!(ids(&turns), put[1..]);
    end(&dispatcher, &turns[0], unknown(None)).await;
    // Back at the end of the lane, behind the one that is parked.
    assert!(lanes.outbox.replay(put[0]).await.unwrap());
    assert!(!lanes.outbox.resend(NUMBER, put[0]).await.unwrap());
    assert_eq!(lanes.stats().await.parked, 1);
    assert!(take(&dispatcher, 10).await.is_empty());
    assert!(lanes.outbox.resend(NUMBER, put[1]).await.unwrap());
    assert!(!lanes.outbox.resend(NUMBER, put[1]).await.unwrap());
    assert_eq!(ids(&take(&dispatcher, 10).await), put[1..]);
}

#[tokio::test]
async fn one_alone_is_told_as_in_the_list_and_many_are_thrown_away_and_counted() {
    let lanes = parted(3).await;
    let numbers = ["11", "22", "33", "44"];
    for number in numbers {
        for person in 0..100 {
            lanes.put(message(number, &person.to_string())).await;
        }
    }
    for partition in 0..3 {
        let dispatcher = lanes.dispatcher_of(partition).await;
        loop {
            let turns = take(&dispatcher, 100).await;
            if turns.is_empty() {
                break;
            }
            for turn in &turns {
                end(&dispatcher, turn, bury(DeadClass::Unknown, true)).await;
            }
        }
    }
    let outbox = &lanes.outbox;
    let listed = outbox
        .dead_letters(&DeadOutgoingFilter::default())
        .await
        .unwrap();
    for letter in listed.iter().step_by(7) {
        let alone = outbox.dead_letter(letter.outgoing.id).await.unwrap();
        assert_eq!(alone.unwrap().buried_at, letter.buried_at);
    }
    let (since, until) = (Some(listed[0].buried_at), Some(listed[399].buried_at));
    for (since, until) in [(None, None), (since, None), (None, until), (since, until)] {
        let expected = DeadOutgoingFilter {
            since,
            until,
            ..DeadOutgoingFilter::default()
        };
        let expected = outbox.dead_letters(&expected).await.unwrap().len() as u64;
        let counted = outbox.dead_count_between(since, until).await.unwrap();
        assert_eq!(counted, expected);
    }
    let mut gone: Vec<Uuid> = listed.iter().map(|letter| letter.outgoing.id).collect();
    let kept = gone.split_off(390);
    // One twice, and one that nobody knows.
    gone.extend([gone[0], Uuid::now_v7()]);
    assert_eq!(outbox.purge_many(&gone).await.unwrap(), 390);
    assert_eq!(outbox.purge_many(&gone).await.unwrap(), 0);
    assert_eq!(outbox.purge_many(&[]).await.unwrap(), 0);
    assert_eq!(outbox.dead_count().await.unwrap(), 10);
    assert_eq!(outbox.dead_count_between(None, None).await.unwrap(), 10);
    assert!(outbox.purge(kept[0]).await.unwrap());
    assert!(!outbox.purge(kept[0]).await.unwrap());
    // No echo raises what is gone.
    let echo = Echo {
        id: gone[0],
        phone_number_id: listed[0].outgoing.phone_number_id.clone(),
    };
    assert_eq!(outbox.echo(&[echo]).await.unwrap(), 0);
    let stats = lanes.stats().await;
    assert_eq!((stats.dead, stats.failed, stats.backlog), (9, 400, 0));
}
