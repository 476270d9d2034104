//! Clearing while messages come in and go out.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use uuid::Uuid;
use waypost_model::DeadClass;
use waypost_queue::LaneReserved;

use crate::common::*;

/// Every message ends once: sent, cleared with a fact, or still there. None that came after the moment goes.
#[tokio::test]
async fn every_message_ends_exactly_once() {
    let lanes = lanes(free()).await;
    let mut old = HashSet::new();
    for batch in 0..10 {
        let all: Vec<_> = (0..200)
            .map(|i| {
                (
                    message(NUMBER, &((batch * 200 + i) % 600).to_string()),
                    None,
                )
            })
            .collect();
        old.extend(all.iter().map(|(outgoing, _)| outgoing.id));
        lanes.acceptor.accept_all(all).await;
    }
    let until = SystemTime::now();
    let cleared = AtomicBool::new(false);
    let produce = async {
        let mut young = HashSet::new();
        for i in 0..300 {
            let mut outgoing = message(NUMBER, &(i % 600).to_string());
            outgoing.accepted_at = until + Duration::from_secs(1);
            young.insert(lanes.put(outgoing).await);
        }
        young
    };
    let consume = async {
        let dispatcher = lanes.dispatcher().await;
        let mut sent: Vec<Uuid> = Vec::new();
        let mut round = 0;
        while !cleared.load(Ordering::Relaxed) {
            if let LaneReserved::Turns(turns) = dispatcher.reserve(7).await.unwrap() {
                round += 1;
                for (i, turn) in turns.iter().enumerate() {
                    // Some fail at first, and wait aside.
                    if (round + i) % 3 == 0 && turn.progress.attempts == 0 {
                        let how = waypost_queue::How::Later {
                            delay: Duration::from_millis(30),
                            progress: waypost_queue::Progress {
                                attempts: 1,
                                made: 1,
                                ..Default::default()
                            },
                        };
                        end(&dispatcher, turn, how).await;
                    } else {
                        sent.push(turn.id());
                        done(&dispatcher, std::slice::from_ref(turn)).await;
                    }
                }
            }
        }
        while !lanes.stats().await.is_drained() {
            let turns = await_turns(&dispatcher, 50).await;
            sent.extend(ids(&turns));
            done(&dispatcher, &turns).await;
        }
        sent
    };
    let clear = async {
        let gone = lanes.outbox.clear(None, until, "ann").await.unwrap();
        cleared.store(true, Ordering::Relaxed);
        gone
    };
    let (young, sent, gone) = tokio::join!(produce, consume, clear);
    let facts = lanes.facts().await;
    let told: Vec<Uuid> = facts
        .iter()
        .filter(|fact| fact.class == Some(DeadClass::Cleared))
        .map(|fact| fact.message_id)
        .collect();
    assert_eq!(told.len() as u64, gone);
    assert!(gone > 500, "only {gone} were cleared: no race");
    let ended: HashSet<Uuid> = told.iter().chain(&sent).copied().collect();
    assert_eq!(
        ended.len(),
        told.len() + sent.len(),
        "something ended twice"
    );
    assert_eq!(ended.len(), old.len() + young.len());
    assert!(
        told.iter().all(|id| old.contains(id)),
        "a younger one is gone"
    );
    let stats = lanes.stats().await;
    assert_eq!((stats.backlog, stats.cleared), (0, gone));
    assert_eq!(
        (stats.completed, stats.accepted),
        (sent.len() as u64, 2_300)
    );
}
