//! Figures that are right to the message, whoever came and went.

use std::time::{Duration, SystemTime};

use uuid::Uuid;
use waypost_harness::{AppendFsync, eventually, private_redis};
use waypost_model::DeadClass;
use waypost_queue::{Echo, LaneSettings, OutboxSettings, OutboxStats};

use crate::common::*;

fn echo(id: Uuid) -> Echo {
    Echo {
        id,
        phone_number_id: NUMBER.to_owned(),
    }
}

/// Each message is in exactly one place, and each place is told.
fn adds_up(stats: &OutboxStats) {
    assert_eq!(
        stats.accepted,
        stats.completed + stats.failed + stats.cleared + stats.backlog,
        "{stats:?}"
    );
    let held: u64 = stats.members.iter().map(|member| member.active).sum();
    assert_eq!(stats.active, held, "{stats:?}");
}

#[tokio::test]
async fn members_tell_who_holds_what_also_when_one_is_gone() {
    let lanes = lanes(LaneSettings {
        lease: Duration::from_millis(400),
        ..free()
    })
    .await;
    for person in 0..10 {
        lanes.put(message(NUMBER, &person.to_string())).await;
    }
    let (gone, stays) = (lanes.dispatcher().await, lanes.dispatcher().await);
    assert_eq!(take(&gone, 4).await.len(), 4);
    let mine = take(&stays, 3).await;
    // Whoever looks for lapsed ones for the first time gives everybody time.
    stays.adopt(10).await.unwrap();
    let lapsed = async || {
        stays.heartbeat().await.unwrap();
        let stats = lanes.stats().await;
        adds_up(&stats);
        stats
            .members
            .iter()
            .any(|member| member.id == gone.id() && member.lapsed)
    };
    eventually(Duration::from_secs(5), "one has lapsed", lapsed).await;
    let stats = lanes.stats().await;
    assert_eq!((stats.waiting, stats.active, stats.consumers), (3, 7, 1));
    let of = |id: &str| stats.members.iter().find(|m| m.id == id).unwrap();
    assert_eq!((of(gone.id()).active, of(stays.id()).active), (4, 3));
    assert!(of(stays.id()).lease_ends_at > of(stays.id()).last_heartbeat_at);

    let mut adopted = Vec::new();
    while adopted.len() < 4 {
        stays.heartbeat().await.unwrap();
        adopted.extend(stays.adopt(3).await.unwrap());
        adds_up(&lanes.stats().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let stats = lanes.stats().await;
    assert_eq!((stats.active, stats.members.len()), (7, 1));
    assert_eq!(stats.members[0].active, 7);
    done(&stays, &adopted).await;
    done(&stays, &mine).await;
    let stats = lanes.stats().await;
    assert_eq!((stats.active, stats.waiting, stats.completed), (0, 3, 7));
    adds_up(&stats);
    assert_eq!(stays.leave().await.unwrap(), 0);
    assert!(lanes.stats().await.members.is_empty());
}

#[tokio::test]
async fn every_way_that_a_message_can_go_adds_up_and_so_do_its_numbers() {
    let lanes = lanes(free()).await;
    let put: Vec<Uuid> = {
        let mut put = Vec::new();
        for person in 0..8 {
            put.push(lanes.put(message(NUMBER, &person.to_string())).await);
        }
        put
    };
    let mut scheduled = message(NUMBER, "9");
    scheduled.send_at = Some(SystemTime::now() + Duration::from_secs(60));
    lanes.put(scheduled).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    assert_eq!(ids(&turns), put);
    adds_up(&lanes.stats().await);
    let ends = [
        waypost_queue::How::Done,
        later(60_000),
        later(0),
        unknown(None),
        unknown(None),
        bury(DeadClass::Unknown, true),
        bury(DeadClass::Rejected, false),
        bury(DeadClass::Rejected, false),
    ];
    for (turn, how) in turns.iter().zip(ends) {
        end(&dispatcher, turn, how).await;
        adds_up(&lanes.stats().await);
    }
    let stats = lanes.stats().await;
    assert_eq!((stats.backlog, stats.waiting, stats.active), (5, 1, 0));
    assert_eq!((stats.delayed, stats.parked, stats.scheduled), (1, 2, 1));
    assert_eq!((stats.completed, stats.failed, stats.dead), (1, 3, 3));
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!((number.backlog, number.completed, number.failed), (5, 1, 3));

    // An echo settles one that is parked, and raises one from the dead.
    assert_eq!(
        lanes
            .outbox
            .echo(&[echo(put[3]), echo(put[5])])
            .await
            .unwrap(),
        2
    );
    adds_up(&lanes.stats().await);
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!((number.backlog, number.completed, number.failed), (4, 3, 2));
    assert!(lanes.outbox.replay(put[6]).await.unwrap());
    assert!(lanes.outbox.purge(put[7]).await.unwrap());
    adds_up(&lanes.stats().await);
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!((number.backlog, number.completed, number.failed), (5, 3, 1));
    assert!(lanes.outbox.give_up(NUMBER, put[4]).await.unwrap());
    adds_up(&lanes.stats().await);
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!((number.backlog, number.failed, number.in_flight), (4, 2, 0));
    let gone = lanes
        .outbox
        .clear(None, SystemTime::now(), "ann")
        .await
        .unwrap();
    assert_eq!(gone, 4);
    let stats = lanes.stats().await;
    adds_up(&stats);
    assert_eq!((stats.backlog, stats.cleared, stats.dead), (0, 4, 1));
    assert_eq!(lanes.outbox.number(NUMBER).await.unwrap().backlog, 0);
}

#[tokio::test]
async fn rates_are_right_whoever_asks_and_after_everything_was_restarted() {
    let mut server = private_redis(AppendFsync::Always).await;
    let begun = lanes_at(&server.url(), "t:", free(), OutboxSettings::default()).await;
    let dispatcher = begun.dispatcher().await;
    // The first sample.
    dispatcher.heartbeat().await.unwrap();
    for person in 0..12 {
        begun.put(message(NUMBER, &person.to_string())).await;
    }
    let turns = take(&dispatcher, 10).await;
    done(&dispatcher, &turns[..8]).await;
    for turn in &turns[8..] {
        end(&dispatcher, turn, bury(DeadClass::Rejected, false)).await;
    }
    assert!(begun.outbox.replay(turns[8].id()).await.unwrap());
    let right = |stats: &OutboxStats| {
        let rate = stats.rates.minute;
        let of = |rate_of: f64| (rate_of * rate.window.as_secs_f64()).round();
        assert_eq!(
            (of(rate.accepted), of(rate.completed)),
            (12.0, 8.0),
            "{rate:?}"
        );
        // Given up is given up, also when it is tried again later.
        assert_eq!((of(rate.failed), stats.failed), (2.0, 1), "{rate:?}");
    };
    eventually(Duration::from_secs(5), "there is a window", async || {
        begun.stats().await.rates.minute.window >= Duration::from_secs(1)
    })
    .await;
    right(&begun.stats().await);
    let sent = begun.outbox.number(NUMBER).await.unwrap().sent_per_second;
    assert!((0.13..0.15).contains(&sent), "8 in a minute, not {sent}");
    drop((dispatcher, begun));
    server.kill().await.unwrap();
    server.restart().await.unwrap();
    let again = lanes_at(&server.url(), "t:", free(), OutboxSettings::default()).await;
    right(&again.stats().await);
    let sent = again.outbox.number(NUMBER).await.unwrap().sent_per_second;
    assert!((0.12..0.15).contains(&sent), "8 in a minute, not {sent}");
}

#[tokio::test]
async fn the_oldest_that_waits_is_found_also_when_its_number_is_paused() {
    let lanes = lanes(free()).await;
    assert_eq!(lanes.stats().await.oldest_ms, None);
    let mut old = message("1", "1");
    old.accepted_at -= Duration::from_secs(500);
    lanes.put(old).await;
    let mut older = message("2", "1");
    older.accepted_at -= Duration::from_secs(1_000);
    lanes.put(older).await;
    lanes.put(message("3", "1")).await;
    let seconds = async || lanes.stats().await.oldest_ms.unwrap() / 1000;
    assert!((1_000..1_010).contains(&seconds().await));
    lanes.outbox.pause_number("2", "ann", "").await.unwrap();
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    assert_eq!(turns.len(), 2);
    // Its number is in no rotation any more, and yet the message waits.
    assert!((1_000..1_010).contains(&seconds().await));
    done(&dispatcher, &turns).await;
    lanes.outbox.resume_number("2").await.unwrap();
    let turns = take(&dispatcher, 10).await;
    done(&dispatcher, &turns).await;
    assert_eq!(lanes.stats().await.oldest_ms, None);
}

#[tokio::test]
async fn partitions_have_figures_of_their_own() {
    let lanes = parted(4).await;
    for number in 0..40 {
        lanes.put(message(&number.to_string(), "1")).await;
    }
    let stats = lanes.stats().await;
    assert_eq!(stats.partitions.len(), 4);
    assert_eq!(stats.partitions.iter().map(|p| p.waiting).sum::<u64>(), 40);
    assert!(stats.partitions.iter().all(|p| p.waiting > 0 && !p.paused));
    let dispatcher = lanes.dispatcher_of(2).await;
    let turns = take(&dispatcher, 100).await;
    let stats = lanes.stats().await;
    let second = &stats.partitions[2];
    assert_eq!((second.waiting, second.active), (0, turns.len() as u64));
    assert_eq!(stats.members[0].partition, 2);
    adds_up(&stats);
}
