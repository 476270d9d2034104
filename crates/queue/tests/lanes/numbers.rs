//! Stopped and paused numbers send nothing and lose nothing.

use std::time::{Duration, SystemTime};

use waypost_queue::{Cause, LaneReserved, LimitBy, NumberConfig, Stop};

use crate::common::*;

fn config(token: &str) -> NumberConfig {
    NumberConfig {
        phone_number_id: NUMBER.to_owned(),
        account: None,
        limit: None,
        token_fingerprint: token.to_owned(),
    }
}

fn refused(token: &str) -> Stop {
    Stop {
        reason: "190".to_owned(),
        token_fingerprint: token.to_owned(),
    }
}

#[tokio::test]
async fn the_refusal_of_a_token_that_was_changed_meanwhile_stops_nothing() {
    let lanes = lanes(free()).await;
    lanes.outbox.configure(&[config("old")]).await.unwrap();
    let put = lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 1).await;
    lanes.outbox.configure(&[config("new")]).await.unwrap();
    let mut stop = ending(&turns[0], later(0));
    stop.stop = Some(refused("old"));
    dispatcher.settle(&[stop]).await.unwrap();
    // After a while, in which whoever still has the old token reads the new one.
    assert!(take(&dispatcher, 1).await.is_empty());
    assert_eq!(ids(&await_turns(&dispatcher, 1).await), put);
}

#[tokio::test]
async fn a_stopped_number_waits_for_another_token() {
    let lanes = lanes(free()).await;
    lanes.outbox.configure(&[config("old")]).await.unwrap();
    let put = lanes.put_many(NUMBER, "1", 1).await;
    lanes.put(message(NUMBER, "2")).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 1).await;
    let mut stop = ending(&turns[0], later(0));
    stop.stop = Some(refused("old"));
    dispatcher.settle(&[stop]).await.unwrap();
    assert!(take(&dispatcher, 10).await.is_empty());
    lanes.put(message(NUMBER, "3")).await;
    lanes.outbox.configure(&[config("old")]).await.unwrap();
    assert!(take(&dispatcher, 10).await.is_empty(), "the same token");
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!(
        (number.stopped.as_deref(), number.backlog),
        (Some("190"), 3)
    );
    lanes.outbox.configure(&[config("new")]).await.unwrap();
    let turns = take(&dispatcher, 10).await;
    assert_eq!((turns.len(), turns[0].id()), (3, put[0]));
}

#[tokio::test]
async fn messages_of_a_stopped_number_expire_as_such() {
    let lanes = lanes(free()).await;
    lanes.outbox.configure(&[config("one")]).await.unwrap();
    lanes.outbox.stop_number(NUMBER, "ann", "").await.unwrap();
    let mut outgoing = message(NUMBER, "1");
    outgoing.expires_at = Some(SystemTime::now() + Duration::from_millis(50));
    lanes.put(outgoing).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = await_turns(&dispatcher, 10).await;
    assert_eq!(causes(&turns), [Cause::Expired { stopped: true }]);
    lanes.outbox.start_number(NUMBER).await.unwrap();
    assert_eq!(lanes.outbox.number(NUMBER).await.unwrap().stopped, None);
}

#[tokio::test]
async fn what_somebody_has_stopped_neither_meta_nor_another_token_starts() {
    let lanes = lanes(free()).await;
    lanes.outbox.configure(&[config("old")]).await.unwrap();
    lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 1).await;
    assert!(
        lanes
            .outbox
            .stop_number(NUMBER, "ann", "a look")
            .await
            .unwrap()
    );
    assert!(!lanes.outbox.stop_number(NUMBER, "bob", "").await.unwrap());
    // What was under way then is refused.
    let mut stop = ending(&turns[0], later(0));
    stop.stop = Some(refused("old"));
    dispatcher.settle(&[stop]).await.unwrap();
    lanes.outbox.configure(&[config("new")]).await.unwrap();
    assert!(take(&dispatcher, 1).await.is_empty());
    let stop = lanes.outbox.number(NUMBER).await.unwrap().stop.unwrap();
    assert_eq!((&*stop.by, &*stop.reason), ("ann", "a look"));
    assert!(lanes.outbox.start_number(NUMBER).await.unwrap());
    assert!(!lanes.outbox.start_number(NUMBER).await.unwrap());
    assert_eq!(take(&dispatcher, 1).await.len(), 1);
}

#[tokio::test]
async fn a_stop_of_metas_becomes_somebodys_own() {
    let lanes = lanes(free()).await;
    lanes.outbox.configure(&[config("old")]).await.unwrap();
    lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 1).await;
    let mut stop = ending(&turns[0], later(0));
    stop.stop = Some(refused("old"));
    let before = SystemTime::now() - Duration::from_millis(5);
    dispatcher.settle(&[stop]).await.unwrap();
    let stop = lanes.outbox.number(NUMBER).await.unwrap().stop.unwrap();
    assert_eq!((&*stop.by, &*stop.reason), ("meta", "190"));
    assert!(stop.since >= before);
    assert!(lanes.outbox.stop_number(NUMBER, "ann", "").await.unwrap());
    lanes.outbox.configure(&[config("new")]).await.unwrap();
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!(
        (number.stop.unwrap().by.as_str(), number.stopped.as_deref()),
        ("ann", Some(""))
    );
}

#[tokio::test]
async fn numbers_are_listed_page_by_page_and_the_busiest_first() {
    let lanes = parted(3).await;
    let mut expected: Vec<String> = (100..125).map(|number| number.to_string()).collect();
    expected.sort_unstable();
    for (depth, number) in expected.iter().enumerate() {
        lanes.put_many(number, "1", depth % 5 + 1).await;
    }
    lanes
        .outbox
        .set_limit("100", LimitBy::Meta, Some(40.0))
        .await
        .unwrap();
    lanes
        .outbox
        .set_limit("100", LimitBy::Operator, Some(20.5))
        .await
        .unwrap();
    let (mut listed, mut after) = (Vec::new(), String::new());
    loop {
        let page = lanes.outbox.numbers_after(&after, 4).await.unwrap();
        let Some(last) = page.last() else { break };
        after.clone_from(&last.phone_number_id);
        listed.extend(page);
    }
    let named: Vec<_> = listed
        .iter()
        .map(|number| number.phone_number_id.clone())
        .collect();
    assert_eq!(named, expected);
    assert_eq!(
        (listed[0].limit, listed[0].limit_by),
        (Some(20.5), Some("operator"))
    );
    assert_eq!((listed[1].limit, listed[1].limit_by), (None, None));
    assert_eq!(lanes.outbox.numbers().await.unwrap(), listed);

    let busy = lanes.outbox.busy_numbers(7).await.unwrap();
    let told: Vec<_> = busy
        .iter()
        .map(|n| (n.backlog, &*n.phone_number_id))
        .collect();
    assert_eq!(
        told[..5],
        [(5, "104"), (5, "109"), (5, "114"), (5, "119"), (5, "124")]
    );
    assert_eq!(told[5..], [(4, "103"), (4, "108")]);
    // One that is done with is busy no more.
    for partition in 0..3 {
        let dispatcher = lanes.dispatcher_of(partition).await;
        loop {
            let turns = take(&dispatcher, 100).await;
            if turns.is_empty() {
                break;
            }
            done(&dispatcher, &turns).await;
        }
    }
    assert!(lanes.outbox.busy_numbers(7).await.unwrap().is_empty());
    lanes.put(message("110", "2")).await;
    assert_eq!(lanes.outbox.busy_numbers(7).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_an_older_version_has_left_out_is_made_good() {
    let lanes = lanes(free()).await;
    lanes.put_many("1", "1", 2).await;
    lanes.put_many("2", "1", 1).await;
    for key in [
        "names",
        "backlogs",
        "backlogs:checked",
        "halted",
        "beats",
        "holding",
        "samples",
    ] {
        lanes.command("DEL", key, &[]).await;
    }
    let numbers = lanes.outbox.numbers_after("", 10).await.unwrap();
    assert_eq!(numbers.len(), 2);
    let busy = lanes.outbox.busy_numbers(10).await.unwrap();
    assert_eq!((busy.len(), busy[0].backlog), (2, 2));
    // A stop and a pause as they were noted before.
    lanes
        .command("HSET", "number:1", &["stopped", "by hand"])
        .await;
    lanes
        .command("HSET", "number:2", &["paused", r#"{"by":"ann","at_ms":5}"#])
        .await;
    let [one, two] = &lanes.outbox.numbers().await.unwrap()[..] else {
        panic!("two numbers");
    };
    assert_eq!(
        (one.stopped.as_deref(), one.stop.is_some()),
        (Some("by hand"), true)
    );
    assert_eq!(two.pause.as_ref().unwrap().by, "ann");
    assert!(!lanes.outbox.stop_number("1", "bob", "").await.unwrap());
    assert!(lanes.outbox.start_number("1").await.unwrap());
    assert!(lanes.outbox.resume_number("2").await.unwrap());
    let dispatcher = lanes.dispatcher().await;
    assert_eq!(take(&dispatcher, 10).await.len(), 2);
}

#[tokio::test]
async fn pause_of_one_and_of_all() {
    let lanes = lanes(free()).await;
    lanes.put(message(NUMBER, "1")).await;
    lanes.put(message("2", "1")).await;
    let dispatcher = lanes.dispatcher().await;
    lanes.outbox.pause_number(NUMBER, "test", "").await.unwrap();
    let turns = take(&dispatcher, 10).await;
    assert_eq!((turns.len(), turns[0].phone_number_id()), (1, "2"));
    done(&dispatcher, &turns).await;
    lanes.outbox.resume_number(NUMBER).await.unwrap();
    lanes.outbox.pause("test", "").await.unwrap();
    assert!(matches!(
        dispatcher.reserve(10).await.unwrap(),
        LaneReserved::Paused
    ));
    assert!(lanes.outbox.stats().await.unwrap().paused);
    lanes.outbox.resume().await.unwrap();
    assert_eq!(take(&dispatcher, 10).await.len(), 1);
}

#[tokio::test]
async fn a_number_that_was_never_seen_is_not_made_by_naming_it() {
    let lanes = lanes(free()).await;
    let outbox = &lanes.outbox;
    assert!(!outbox.pause_number("77", "ann", "").await.unwrap());
    assert!(!outbox.resume_number("77").await.unwrap());
    assert!(!outbox.stop_number("77", "ann", "").await.unwrap());
    assert!(!outbox.start_number("77").await.unwrap());
    let by_hand = outbox.set_limit("77", LimitBy::Operator, Some(5.0)).await;
    assert!(!by_hand.unwrap());
    assert!(outbox.numbers().await.unwrap().is_empty());
    let number = outbox.number("77").await.unwrap();
    assert_eq!(
        (number.pause, number.stop, number.limit),
        (None, None, None)
    );
    // Meta and the numbers file know what they name.
    let by_meta = outbox.set_limit("78", LimitBy::Meta, Some(5.0)).await;
    assert!(by_meta.unwrap());
    outbox.configure(&[config("one")]).await.unwrap();
    assert!(outbox.pause_number(NUMBER, "ann", "").await.unwrap());
    assert_eq!(outbox.numbers().await.unwrap().len(), 2);
}

#[tokio::test]
async fn letting_go_what_was_not_held_does_not_end_a_wait_for_meta() {
    let lanes = lanes(free()).await;
    lanes.put_many(NUMBER, "1", 1).await;
    lanes
        .command(
            "HSET",
            &format!("number:{NUMBER}"),
            &["not_before", "99999999999999"],
        )
        .await;
    assert!(!lanes.outbox.resume_number(NUMBER).await.unwrap());
    assert!(!lanes.outbox.start_number(NUMBER).await.unwrap());
    let dispatcher = lanes.dispatcher().await;
    assert!(take(&dispatcher, 1).await.is_empty(), "it still waits");
    assert!(lanes.outbox.pause_number(NUMBER, "ann", "").await.unwrap());
    assert!(lanes.outbox.resume_number(NUMBER).await.unwrap());
    assert_eq!(take(&dispatcher, 1).await.len(), 1);
}
