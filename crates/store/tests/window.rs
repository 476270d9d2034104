//! The five-second window.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::time::Duration;

use support::*;
use waypost_model::Origin;
use waypost_store::{MessageRow, Outcome, WindowPolicy};

const WINDOW: Duration = Duration::from_secs(5);

fn ok<'a>(wamid: &'a str, when: u64) -> MessageRow<'a> {
    MessageRow {
        content: Some([7; 16]),
        ..text(wamid, phone("1"), when)
    }
}

fn mark(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Stored { duplicate_of, .. } => duplicate_of.as_deref(),
        other => panic!("{other:?}"),
    }
}

async fn dropping() -> Fixture {
    fixture_with(|s| s.with_window(WINDOW, WindowPolicy::Drop)).await
}

#[tokio::test]
async fn a_repetition_within_five_seconds_is_marked_and_kept() {
    let f = fixture().await;
    let first = f.write(messages(vec![ok("w1", 100)])).await;
    assert_eq!(mark(&first[0]), None);
    let second = f.write(messages(vec![ok("w2", 105)])).await;
    assert_eq!(mark(&second[0]), Some("w1"));
    let later = f.write(messages(vec![ok("w3", 111)])).await;
    assert_eq!(mark(&later[0]), None);
    let kept = f
        .text("SELECT duplicate_of FROM messages WHERE wamid = 'w2'", &[])
        .await;
    assert_eq!(kept.as_deref(), Some("w1"));
    let summary = f.store.summary().await.unwrap();
    assert_eq!((summary.message_total(), summary.marked_duplicates), (3, 1));
}

#[tokio::test]
async fn within_one_batch_too_and_whatever_the_order() {
    let f = fixture().await;
    let outcomes = f
        .write(messages(vec![ok("w3", 109), ok("w2", 104), ok("w1", 100)]))
        .await;
    let marks: Vec<_> = outcomes.iter().map(mark).collect();
    assert_eq!(marks, [Some("w2"), Some("w1"), None]);
    // Older than all of them, yet next to the first.
    let outcomes = f.write(messages(vec![ok("w0", 97)])).await;
    assert_eq!(mark(&outcomes[0]), Some("w1"));
}

#[tokio::test]
async fn other_content_no_content_and_other_origins_are_not_compared() {
    let f = fixture().await;
    let rows = vec![
        ok("w1", 100),
        MessageRow {
            content: Some([8; 16]),
            ..ok("w2", 100)
        },
        MessageRow {
            content: None,
            ..ok("w3", 100)
        },
        MessageRow {
            origin: Origin::History,
            ..ok("w4", 100)
        },
        MessageRow {
            sent_at: None,
            ..ok("w5", 100)
        },
    ];
    for outcome in f.write(messages(rows)).await {
        assert_eq!(mark(&outcome), None);
    }
    // The same message again is a redelivery, not a repetition.
    assert_eq!(known(&f.write(messages(vec![ok("w1", 100)])).await), 1);
}

#[tokio::test]
async fn policy_drop_keeps_it_out_and_knows_it_again() {
    let f = dropping().await;
    f.write(messages(vec![ok("w1", 100)])).await;
    let outcomes = f.write(messages(vec![ok("w2", 103)])).await;
    let Outcome::Dropped { of } = &outcomes[0] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(of, "w1");
    assert_eq!(known(&f.write(messages(vec![ok("w2", 103)])).await), 1);
    // What was dropped is not there to be repeated.
    assert_eq!(mark(&f.write(messages(vec![ok("w3", 107)])).await[0]), None);
    let summary = f.store.summary().await.unwrap();
    assert_eq!(
        (summary.message_total(), summary.dropped_duplicates),
        (2, 1)
    );
}

#[tokio::test]
async fn policy_drop_within_one_batch() {
    let f = dropping().await;
    let outcomes = f
        .write(messages(vec![ok("w2", 101), ok("w1", 100), ok("w2", 101)]))
        .await;
    assert!(
        matches!(&outcomes[0], Outcome::Dropped { of } if of == "w1"),
        "{outcomes:?}"
    );
    assert_eq!(stored(&outcomes), 1);
    assert_eq!(known(&outcomes), 1);
    assert_eq!(f.store.summary().await.unwrap().message_total(), 1);
}

/// However many arrive at once, at how many workers: one is kept unmarked, or one kept at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn near_duplicates_that_arrive_at_once_see_each_other() {
    for policy in [WindowPolicy::Mark, WindowPolicy::Drop] {
        let f = fixture_with(|s| s.with_window(WINDOW, policy)).await;
        for round in 0..10_u8 {
            let wamids: Vec<String> = (0..6).map(|i| format!("r{round}w{i}")).collect();
            let writers = wamids.iter().map(|wamid| {
                let row = MessageRow {
                    content: Some([round; 16]),
                    ..ok(wamid, 100)
                };
                f.write(messages(vec![row]))
            });
            let outcomes = futures_util::future::join_all(writers).await;
            let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
            let unmarked = outcomes
                .iter()
                .filter(|o| {
                    matches!(
                        o,
                        Outcome::Stored {
                            duplicate_of: None,
                            ..
                        }
                    )
                })
                .count();
            assert_eq!(unmarked, 1, "{outcomes:?}");
            let dropped = outcomes
                .iter()
                .filter(|o| matches!(o, Outcome::Dropped { .. }))
                .count();
            assert_eq!(dropped, if policy == WindowPolicy::Drop { 5 } else { 0 });
        }
    }
}
