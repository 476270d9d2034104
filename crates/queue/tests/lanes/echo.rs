//! Echoes settle what nobody knew, wherever the message is.

use uuid::Uuid;
use waypost_model::DeadClass;
use waypost_queue::{Cause, Echo, Settle};

use crate::common::*;

fn echo(id: Uuid) -> Echo {
    Echo {
        id,
        phone_number_id: NUMBER.to_owned(),
    }
}

#[tokio::test]
async fn a_parked_message_is_settled_and_the_next_one_goes() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    end(&dispatcher, &turns[0], unknown(None)).await;
    assert!(take(&dispatcher, 10).await.is_empty(), "the lane waits");
    assert_eq!(lanes.outbox.stats().await.unwrap().parked, 1);
    assert_eq!(lanes.outbox.echo(&[echo(put[0])]).await.unwrap(), 1);
    assert_eq!(lanes.outbox.echo(&[echo(put[0])]).await.unwrap(), 0);
    assert_eq!(ids(&take(&dispatcher, 10).await), put[1..]);
    let stats = lanes.outbox.stats().await.unwrap();
    assert_eq!((stats.parked, stats.echoed, stats.completed), (0, 1, 1));
}

#[tokio::test]
async fn an_echo_before_the_outcome_decides_it() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    assert_eq!(lanes.outbox.echo(&[echo(put[0])]).await.unwrap(), 0);
    assert_eq!(
        end(&dispatcher, &turns[0], unknown(None)).await,
        Settle::Echoed
    );
    assert_eq!(ids(&take(&dispatcher, 10).await), put[1..]);
}

#[tokio::test]
async fn an_echo_stops_a_message_that_waits_to_be_sent_again() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    for resend_after in [0, 60_000] {
        let turns = take(&dispatcher, 10).await;
        if turns.is_empty() {
            break;
        }
        end(&dispatcher, &turns[0], unknown(Some(0))).await;
        let overdue = await_turns(&dispatcher, 10).await;
        assert_eq!(causes(&overdue), [Cause::Overdue]);
        let again = waypost_queue::How::Later {
            delay: std::time::Duration::from_millis(resend_after),
            progress: overdue[0].progress.clone(),
        };
        end(&dispatcher, &overdue[0], again).await;
    }
    assert_eq!(lanes.outbox.echo(&[echo(put[0])]).await.unwrap(), 1);
    assert!(lanes.outbox.stats().await.unwrap().is_drained());
    assert!(take(&dispatcher, 10).await.is_empty());
}

#[tokio::test]
async fn one_given_up_as_unknown_is_raised_from_the_dead() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let dispatcher = lanes.dispatcher().await;
    for (id, unknown) in [(put[0], true), (put[1], false)] {
        let turns = take(&dispatcher, 10).await;
        assert_eq!(ids(&turns), [id]);
        end(&dispatcher, &turns[0], bury(DeadClass::Unknown, unknown)).await;
    }
    let settled = lanes.outbox.echo(&[echo(put[0]), echo(put[1])]).await;
    assert_eq!(settled.unwrap(), 1);
    let dead = lanes
        .outbox
        .dead_letters(&Default::default())
        .await
        .unwrap();
    assert_eq!((dead.len(), dead[0].outgoing.id), (1, put[1]));
}

#[tokio::test]
async fn facts_go_with_the_move_and_only_once() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    for expected in [Settle::Done, Settle::Fenced] {
        let mut ending = ending(&turns[0], waypost_queue::How::Done);
        ending.fact = Some(sent(put[0]));
        assert_eq!(dispatcher.settle(&[ending]).await.unwrap(), [expected]);
    }
    let facts = lanes.facts().await;
    assert_eq!((facts.len(), facts[0].message_id), (1, put[0]));
}

#[tokio::test]
async fn a_replayed_one_is_not_sent_when_its_echo_comes_before_its_turn() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 2).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    end(&dispatcher, &turns[0], bury(DeadClass::Unknown, true)).await;
    assert!(lanes.outbox.replay(put[0]).await.unwrap());
    lanes.outbox.echo(&[echo(put[0])]).await.unwrap();
    let turns = take(&dispatcher, 10).await;
    assert_eq!(ids(&turns), put[1..]);
    done(&dispatcher, &turns).await;
    assert!(take(&dispatcher, 10).await.is_empty());
    let stats = lanes.outbox.stats().await.unwrap();
    assert_eq!((stats.backlog, stats.completed), (0, 2));
}

#[tokio::test]
async fn a_held_one_is_sent_again_when_somebody_says_so() {
    let lanes = lanes(free()).await;
    let put = lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    end(&dispatcher, &turns[0], unknown(None)).await;
    assert!(lanes.outbox.resend(NUMBER, put[0]).await.unwrap());
    assert!(!lanes.outbox.resend(NUMBER, put[0]).await.unwrap());
    let turns = take(&dispatcher, 10).await;
    assert_eq!((ids(&turns), causes(&turns)), (put, vec![Cause::Send]));
}
