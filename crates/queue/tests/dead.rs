//! Dead letters over all partitions, page by page.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use common::{Queue, bodies, queue_with, take};
use uuid::Uuid;
use waypost_queue::{Consumer, DeadCursor, DeadFilter, DeadLetter, InboxSettings, Settlement};

/// Buries so many letters in each of three partitions, each lot within one millisecond of Redis'.
async fn with_letters(lots: &[usize], class: &str) -> Queue {
    let queue = queue_with(InboxSettings {
        partitions: 3,
        ..InboxSettings::default()
    })
    .await;
    let total: usize = lots.iter().sum();
    queue.put(&vec!["x"; 3 * total]).await;
    for partition in 0..3 {
        let consumer = Consumer::join(&queue.redis, &queue.settings, partition)
            .await
            .unwrap();
        for lot in lots {
            let batch = take(&consumer, *lot).await;
            let mut settlement = Settlement::new();
            for entry in &batch.entries {
                settlement.bury(DeadLetter {
                    envelope: entry.envelope.as_ref().unwrap().clone(),
                    class: class.to_owned(),
                    // A clock that is not Redis' own.
                    buried_at: SystemTime::now() + Duration::from_secs(3),
                    message_id: None,
                });
                settlement.not_completed();
            }
            consumer.settle(&batch, &settlement).await.unwrap();
        }
    }
    queue
}

/// Walks all pages.
async fn walk(queue: &Queue, filter: &DeadFilter, limit: usize) -> Vec<(u64, Uuid)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = queue.inbox.dead_page(filter, after, limit).await.unwrap();
        assert!(page.len() <= limit);
        all.extend(page.iter().map(place));
        match next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

fn place(letter: &DeadLetter) -> (u64, Uuid) {
    let at = letter
        .buried_at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    (u64::try_from(at.as_millis()).unwrap(), letter.envelope.id)
}

#[tokio::test]
async fn pages_come_in_order_without_gaps_or_doubles() {
    let queue = with_letters(&[1, 90, 9], "rejected").await;
    assert_eq!(queue.inbox.dead_count().await.unwrap(), 300);
    for limit in [1, 7, 299, 300, 301, 1_000] {
        let all = walk(&queue, &DeadFilter::default(), limit).await;
        assert_eq!(all.len(), 300, "limit {limit}");
        assert!(all.is_sorted(), "limit {limit}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 300);
    }
    // The last page says that it is.
    let all = queue
        .inbox
        .dead_page(&DeadFilter::default(), None, 300)
        .await
        .unwrap();
    assert_eq!(all.1, None);
}

#[tokio::test]
async fn letters_that_go_meanwhile_make_no_gaps() {
    let queue = with_letters(&[100], "rejected").await;
    let expected = walk(&queue, &DeadFilter::default(), 1_000).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = queue
            .inbox
            .dead_page(&DeadFilter::default(), after, 13)
            .await
            .unwrap();
        for letter in &page {
            // The one that the cursor names is gone when it is used.
            let gone = match seen.len() % 2 {
                0 => queue.inbox.replay(letter.envelope.id).await,
                _ => queue.inbox.purge(letter.envelope.id).await,
            };
            assert!(gone.unwrap());
            seen.push(place(letter));
        }
        let Some(next) = next else { break };
        after = Some(next);
    }
    assert_eq!(seen, expected);
    let stats = queue.inbox.stats().await.unwrap();
    assert_eq!((stats.dead, stats.waiting, stats.failed), (0, 150, 150));
}

#[tokio::test]
async fn a_page_of_a_filter_that_takes_none_ends_and_goes_on() {
    let queue = with_letters(&[1_500], "rejected").await;
    let filter = DeadFilter {
        class: Some("malformed".to_owned()),
        ..DeadFilter::default()
    };
    let (none, next) = queue.inbox.dead_page(&filter, None, 10).await.unwrap();
    assert!(none.is_empty() && next.is_some());
    assert!(walk(&queue, &filter, 10).await.is_empty());
}

#[tokio::test]
async fn times_bound_a_page() {
    let queue = with_letters(&[5], "rejected").await;
    let all = walk(&queue, &DeadFilter::default(), 100).await;
    let at = |ms: u64| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(ms));
    let (first, last) = (all[0].0, all[14].0);
    let in_between = DeadFilter {
        since: at(first + 1),
        until: at(last),
        ..DeadFilter::default()
    };
    let expected: Vec<_> = all
        .iter()
        .filter(|(ms, _)| (first + 1..last).contains(ms))
        .collect();
    assert_eq!(
        walk(&queue, &in_between, 2)
            .await
            .iter()
            .collect::<Vec<_>>(),
        expected
    );
    let none = DeadFilter {
        until: at(first),
        ..DeadFilter::default()
    };
    assert!(walk(&queue, &none, 2).await.is_empty());
    let cursor = DeadCursor(last, Uuid::max());
    let beyond = queue
        .inbox
        .dead_page(&DeadFilter::default(), Some(cursor), 5)
        .await
        .unwrap();
    assert!(beyond.0.is_empty() && beyond.1.is_none());
}

#[tokio::test]
async fn one_that_cannot_be_read_hides_no_other() {
    let queue = with_letters(&[3], "rejected").await;
    let keys = queue.redis.keys().partition(1);
    let mut connection = queue.connection().await;
    let id = [7_u8; 16];
    let mut set = redis::cmd("HSET");
    set.arg(&keys.dead).arg(&id[..]).arg("no letter");
    set.exec_async(&mut connection).await.unwrap();
    let mut order = redis::cmd("ZADD");
    order.arg(&keys.dead_order).arg(5).arg(&id[..]);
    order.exec_async(&mut connection).await.unwrap();
    assert_eq!(walk(&queue, &DeadFilter::default(), 2).await.len(), 9);
    assert_eq!(
        queue.inbox.dead_letters()[1]
            .list(&DeadFilter::default())
            .await
            .unwrap()
            .len(),
        3
    );
    assert!(queue.inbox.purge(Uuid::from_bytes(id)).await.unwrap());
    assert_eq!(queue.inbox.dead_count().await.unwrap(), 9);
}

#[tokio::test]
async fn one_is_found_wherever_it_lies() {
    let queue = with_letters(&[1], "rejected").await;
    for (_, id) in walk(&queue, &DeadFilter::default(), 10).await {
        let letter = queue.inbox.dead_letter(id).await.unwrap().unwrap();
        assert_eq!(letter.envelope.id, id);
        assert!(queue.inbox.replay(id).await.unwrap());
        assert!(queue.inbox.dead_letter(id).await.unwrap().is_none());
        assert!(!queue.inbox.replay(id).await.unwrap());
        assert!(!queue.inbox.purge(id).await.unwrap());
    }
    let consumer = Consumer::join(&queue.redis, &queue.settings, 2)
        .await
        .unwrap();
    assert_eq!(bodies(&take(&consumer, 10).await), ["x"]);
}

#[tokio::test]
async fn one_alone_is_told_as_in_the_list_and_many_are_thrown_away_and_counted() {
    let queue = with_letters(&[200, 1], "rejected").await;
    let all = walk(&queue, &DeadFilter::default(), 1_000).await;
    for (ms, id) in all.iter().step_by(50) {
        let letter = queue.inbox.dead_letter(*id).await.unwrap().unwrap();
        assert_eq!(place(&letter), (*ms, *id));
    }
    let at = |ms: u64| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(ms));
    let (first, last) = (all[0].0, all[602].0);
    for (since, until) in [
        (None, None),
        (at(first + 1), None),
        (at(first), at(last)),
        (None, at(last + 1)),
    ] {
        let filter = DeadFilter {
            since,
            until,
            ..DeadFilter::default()
        };
        let counted = queue.inbox.dead_count_between(since, until).await.unwrap();
        assert_eq!(counted, walk(&queue, &filter, 1_000).await.len() as u64);
    }
    let mut gone: Vec<Uuid> = all[..600].iter().map(|(_, id)| *id).collect();
    gone.extend([gone[0], Uuid::now_v7()]);
    assert_eq!(queue.inbox.purge_many(&gone).await.unwrap(), 600);
    assert_eq!(queue.inbox.purge_many(&gone).await.unwrap(), 0);
    assert_eq!(queue.inbox.purge_many(&[]).await.unwrap(), 0);
    assert_eq!(queue.inbox.dead_count().await.unwrap(), 3);
    let counted = queue.inbox.dead_count_between(None, None).await.unwrap();
    assert_eq!(counted, 3);
}
