//! The audit: written in any order, read by any filter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::time::Duration;

use support::*;
use uuid::{NoContext, Timestamp, Uuid};
use waypost_store::{AuditFilter, AuditRow};

fn started(seconds: u64) -> AuditRow {
    let (time, nanos) = (1_790_000_000 + seconds, 0);
    AuditRow {
        id: Uuid::new_v7(Timestamp::from_unix(NoContext, time, nanos)),
        at: at(seconds),
        actor: "night".to_owned(),
        role: "operator".to_owned(),
        address: "127.0.0.1".to_owned(),
        method: "QueueService.Pause".to_owned(),
        target: "message".to_owned(),
        request: Some(serde_json::json!({"queue": "message", "reason": "Ärger"})),
        before: Some(serde_json::json!({"paused": false})),
        after: None,
        outcome: "started".to_owned(),
        error: None,
        request_id: Some(Uuid::now_v7()),
        finished_at: None,
    }
}

fn ended(row: &AuditRow, outcome: &str, seconds: u64) -> AuditRow {
    AuditRow {
        outcome: outcome.to_owned(),
        after: Some(serde_json::json!({"paused": true})),
        finished_at: Some(row.at + Duration::from_secs(seconds)),
        ..row.clone()
    }
}

fn text_of(row: &AuditRow) -> String {
    serde_json::to_string(row).unwrap()
}

async fn all(f: &Fixture) -> Vec<AuditRow> {
    let filter = AuditFilter::default();
    f.store.audit(&filter, None, 100).await.unwrap()
}

#[tokio::test]
async fn in_whatever_order_they_are_written_the_furthest_stays() {
    let f = fixture().await;
    for order in permutations(&[0, 1, 2, 3]) {
        f.sql.batch_execute("TRUNCATE audit_log").await.unwrap();
        let begin = started(1);
        let rows = [
            begin.clone(),
            ended(&begin, "failed", 1),
            ended(&begin, "done", 2),
            ended(&begin, "done", 2),
        ];
        for &n in &order {
            f.store.write_audit(&rows[n..=n]).await.unwrap();
        }
        // And all at once.
        let together: Vec<AuditRow> = order.iter().map(|&n| rows[n].clone()).collect();
        f.store.write_audit(&together).await.unwrap();
        let found = all(&f).await;
        assert_eq!(found.len(), 1);
        assert_eq!(text_of(&found[0]), text_of(&rows[2]), "{order:?}");
    }
}

#[tokio::test]
async fn what_was_written_is_read_again() {
    let f = fixture().await;
    let row = AuditRow {
        error: Some("no".to_owned()),
        request_id: None,
        ..ended(&started(1), "refused", 1)
    };
    // By way of Redis it is JSON.
    let row: AuditRow = serde_json::from_str(&text_of(&row)).unwrap();
    f.store
        .write_audit(std::slice::from_ref(&row))
        .await
        .unwrap();
    f.store.write_audit(&[]).await.unwrap();
    assert_eq!(text_of(&all(&f).await[0]), text_of(&row));
}

/// One record that Postgres refuses would hold up all behind it.
#[tokio::test]
async fn no_record_is_refused() {
    let f = fixture().await;
    let noise: String = (0..2000).map(|_| Uuid::new_v4().to_string()).collect();
    let row = AuditRow {
        actor: "a\0b".to_owned(),
        target: noise.clone(),
        error: Some(noise),
        request: Some(serde_json::json!({"a\0b": ["c\0", {"d": "\\u0000"}], "n": u64::MAX})),
        ..started(1)
    };
    f.store.write_audit(&[row]).await.unwrap();
    let found = all(&f).await.remove(0);
    assert_eq!(found.actor, "a\u{fffd}b");
    assert_eq!(found.target.len(), 256);
    let request = serde_json::json!({"a\u{fffd}b": ["c\u{fffd}", {"d": "\\u0000"}], "n": u64::MAX});
    assert_eq!(found.request, Some(request));
}

#[tokio::test]
async fn every_filter_alone_and_with_others_page_by_page() {
    let f = fixture().await;
    let rows: Vec<AuditRow> = (0..60)
        .map(|n: u64| {
            let pick = |words: [&str; 3], n: u64| words[usize::try_from(n % 3).unwrap()].to_owned();
            AuditRow {
                actor: pick(["a", "b", "ab"], n),
                method: pick(["S.A", "S.B", "S.C"], n / 3),
                target: pick(["", "message", "5550001"], n / 5),
                ..started(n)
            }
        })
        .collect();
    f.store.write_audit(&rows).await.unwrap();
    let some = |word: &str| Some(word.to_owned());
    for bits in 0_u32..32 {
        let on = |bit: u32| bits >> bit & 1 == 1;
        let filter = AuditFilter {
            actor: some("a").filter(|_| on(0)),
            method: some("S.B").filter(|_| on(1)),
            target: some("message").filter(|_| on(2)),
            since: Some(at(10)).filter(|_| on(3)),
            until: Some(at(50)).filter(|_| on(4)),
        };
        let meets = |row: &&AuditRow| {
            filter.actor.as_ref().is_none_or(|word| *word == row.actor)
                && filter
                    .method
                    .as_ref()
                    .is_none_or(|word| *word == row.method)
                && filter
                    .target
                    .as_ref()
                    .is_none_or(|word| *word == row.target)
                && filter.since.is_none_or(|at| row.at >= at)
                && filter.until.is_none_or(|at| row.at < at)
        };
        let right: Vec<Uuid> = rows.iter().rev().filter(meets).map(|row| row.id).collect();
        let mut found: Vec<Uuid> = Vec::new();
        loop {
            let page = f
                .store
                .audit(&filter, found.last().copied(), 4)
                .await
                .unwrap();
            found.extend(page.iter().map(|row| row.id));
            if page.len() < 4 {
                break;
            }
        }
        assert_eq!(found, right, "{bits:b}");
    }
}
