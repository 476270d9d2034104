//! Conversations, against a query that is too simple to be wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod support;

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use support::*;
use uuid::Uuid;
use waypost_model::Direction;
use waypost_store::{Conversation, Item, MessageFilter, MessageRow, SendRow};

/// Two thousand messages of nine people with two numbers, one of the people being nobody's contact; long runs of one person.
const MADE: &str = "
INSERT INTO contacts (id, scope, name, merged_into)
SELECT md5('c' || c)::uuid, 'waba', 'Name ' || c, CASE WHEN c = 8 THEN md5('c1')::uuid END FROM generate_series(0, 8) c;
INSERT INTO contact_identifiers (scope, kind, value, contact_id, valid_from)
SELECT 'waba', 'phone', '49100' || c, md5('c' || c)::uuid, '2026-01-01' FROM generate_series(0, 7) c;
INSERT INTO messages (id, direction, origin, waba_id, phone_number_id, wamid, type, contact_id, person_phone, request_id, payload, received_at)
SELECT (lpad(to_hex(1767225600000 + n::bigint * 1000), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       CASE WHEN n % 11 = 0 THEN 'out' ELSE 'in' END, 'live', 'waba', CASE WHEN n / 50 % 3 = 0 THEN '5550001' ELSE '5550002' END, 'w' || n, 'text',
       CASE WHEN c < 8 THEN md5('c' || c)::uuid END, '49100' || c, md5('')::uuid, '{}', timestamptz '2026-01-01' + n * interval '1 s'
FROM generate_series(0, 1999) n
CROSS JOIN LATERAL (SELECT CASE WHEN n BETWEEN 700 AND 1850 THEN 0 ELSE n / 7 % 9 END AS c) p";

const SIMPLE: &str = "
SELECT id, contact_id, phone_number_id,
       (SELECT count(*) FROM messages n WHERE n.contact_id = m.contact_id AND n.phone_number_id = m.phone_number_id AND NOT EXISTS (
            SELECT FROM messages o WHERE o.contact_id = m.contact_id AND o.phone_number_id = m.phone_number_id
            AND o.direction = 'out' AND o.id >= n.id)) AS unanswered
FROM messages m
WHERE contact_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM messages n WHERE n.contact_id = m.contact_id AND n.phone_number_id = m.phone_number_id AND n.id > m.id)
  AND ($1::text IS NULL OR phone_number_id = $1)
  AND ($2::uuid IS NULL OR contact_id = (SELECT coalesce(merged_into, id) FROM contacts WHERE id = $2))
  AND ($3::text IS NULL OR person_phone = $3)
ORDER BY id DESC";

/// What a conversation is, its newest message, and how many wait.
type Told = (Uuid, Uuid, String, i64);

async fn simple(f: &Fixture, filter: &MessageFilter) -> Vec<Told> {
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [
        &filter.phone_number_id,
        &filter.contact_id,
        &filter.person_phone,
    ];
    let rows = f.sql.query(SIMPLE, &parameters).await.unwrap();
    let told = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)));
    told.collect()
}

/// All pages of this size, and how many they were.
async fn listed(f: &Fixture, filter: &MessageFilter, limit: usize) -> (Vec<Conversation>, usize) {
    let (mut all, mut pages, mut before) = (Vec::new(), 0, None);
    loop {
        let page = f.store.conversations(filter, before, limit, false);
        let page = page.await.unwrap();
        assert!(page.found.len() <= limit);
        all.extend(page.found);
        pages += 1;
        assert!(pages < 50, "there is no end");
        match page.next {
            None => return (all, pages),
            next => before = next,
        }
    }
}

fn told(conversations: &[Conversation]) -> Vec<Told> {
    let one = |one: &Conversation| {
        let number = one.phone_number_id.clone();
        (one.last.id, one.contact_id, number, one.unanswered.into())
    };
    conversations.iter().map(one).collect()
}

#[tokio::test]
async fn each_is_told_once_by_its_newest_message_page_by_page() {
    let f = fixture().await;
    f.sql.batch_execute(MADE).await.unwrap();
    let row = f.sql.query_one("SELECT md5('c8')::uuid", &[]).await;
    let merged: Uuid = row.unwrap().get(0);
    let by = |set: fn(&mut MessageFilter)| {
        let mut filter = MessageFilter::default();
        set(&mut filter);
        filter
    };
    let whole = MessageFilter {
        contact_id: Some(merged),
        phone_number_id: Some("5550002".to_owned()),
        ..MessageFilter::default()
    };
    let filters = [
        (whole, 1),
        (MessageFilter::default(), 16),
        (by(|f| f.phone_number_id = Some("5550001".to_owned())), 8),
        (by(|f| f.phone_number_id = Some("none".to_owned())), 0),
        (by(|f| f.person_phone = Some("491002".to_owned())), 2),
        (
            MessageFilter {
                contact_id: Some(merged),
                ..MessageFilter::default()
            },
            2,
        ),
    ];
    for (filter, count) in filters {
        let right = simple(&f, &filter).await;
        assert_eq!(right.len(), count);
        for limit in [1, 3, 100] {
            let (found, _) = listed(&f, &filter, limit).await;
            assert_eq!(told(&found), right, "{count} by {limit}");
        }
    }
    let (found, pages) = listed(&f, &MessageFilter::default(), 100).await;
    assert!(pages > 1, "a walk through what one person said ends a page");
    assert!(found.iter().all(|one| one.last.contact_name.is_some()));
}

#[tokio::test]
async fn what_waits_for_an_answer_is_counted_from_its_first_message_on() {
    let f = fixture().await;
    let one = |wamid| messages(vec![text(wamid, phone("491"), 1)]);
    let now = async || {
        let filter = MessageFilter::default();
        let page = f.store.conversations(&filter, None, 9, true).await.unwrap();
        assert_eq!((page.found.len(), page.next), (1, None));
        page.found.into_iter().next().unwrap()
    };
    f.write(one("w1")).await;
    let first = now().await;
    assert_eq!(first.unanswered, 1);
    assert_eq!(first.unanswered_since, Some(first.last.id));
    assert_eq!(first.last.payload.as_deref(), Some(r#"{"type": "text"}"#));
    f.write(one("w2")).await;
    let second = now().await;
    assert_eq!(second.unanswered, 2);
    assert_eq!(second.unanswered_since, first.unanswered_since);
    assert!(second.last.id > first.last.id);

    let answer = SendRow {
        person: phone("491"),
        accepted_at: SystemTime::now(),
        ..send(Uuid::now_v7())
    };
    f.write(vec![Item::Send(answer)]).await;
    let answered = now().await;
    assert_eq!(answered.last.direction, Direction::Out);
    assert_eq!((answered.unanswered, answered.unanswered_since), (0, None));
    assert_eq!(answered.contact_id, first.contact_id);

    f.write(one("w3")).await;
    let again = now().await;
    assert_eq!(again.unanswered, 1);
    assert_eq!(again.unanswered_since, Some(again.last.id));
}

#[tokio::test]
async fn more_than_a_hundred_are_a_hundred() {
    let f = fixture().await;
    let wamids: Vec<String> = (0..150).map(|n| format!("w{n}")).collect();
    let rows = wamids.iter().map(|wamid| text(wamid, phone("491"), 1));
    f.write(messages(rows.collect())).await;
    let filter = MessageFilter::default();
    let page = f
        .store
        .conversations(&filter, None, 9, false)
        .await
        .unwrap();
    assert_eq!(page.found[0].unanswered, 100);
    let none = f
        .store
        .conversations(&filter, None, 0, false)
        .await
        .unwrap();
    assert!(none.found.is_empty());
}

#[tokio::test]
async fn nobody_is_missed_while_others_go_on_talking() {
    let f = fixture().await;
    let people: Vec<(String, String)> = (0..60)
        .map(|n| (format!("w{n}"), format!("4915{n:04}")))
        .collect();
    for (wamid, person) in &people {
        f.write(messages(vec![text(wamid, phone(person), 1)])).await;
    }
    // Between two pages somebody from further down says something: he is on no page below, and was on none above.
    let (mut seen, mut moved, mut before) = (HashSet::new(), HashSet::new(), None);
    for (turn, (_, person)) in people.iter().enumerate() {
        let filter = MessageFilter::default();
        let page = f
            .store
            .conversations(&filter, before, 7, false)
            .await
            .unwrap();
        for one in &page.found {
            assert!(seen.insert(one.last.person_phone.clone().unwrap()), "twice");
        }
        let wamid = format!("again{turn}");
        f.write(messages(vec![text(&wamid, phone(person), 1)]))
            .await;
        moved.insert(person.clone());
        match page.next {
            None => break,
            next => before = next,
        }
    }
    for (_, person) in &people {
        assert!(seen.contains(person) || moved.contains(person), "{person}");
    }
}

#[tokio::test]
async fn what_was_stored_late_was_not_said_last() {
    let f = fixture().await;
    let now = SystemTime::now();
    let received = |wamid, seconds| MessageRow {
        received_at: now - Duration::from_secs(seconds),
        ..text(wamid, phone("491"), 1)
    };
    f.write(messages(vec![received("w2", 10)])).await;
    f.write(messages(vec![received("w1", 60)])).await;
    let filter = MessageFilter::default();
    let page = f
        .store
        .conversations(&filter, None, 9, false)
        .await
        .unwrap();
    let [one] = page.found.as_slice() else {
        panic!("{} conversations", page.found.len());
    };
    assert_eq!(one.last.wamid.as_deref(), Some("w2"));
    assert_eq!(one.unanswered, 2);
    let first = f.store.message(one.unanswered_since.unwrap()).await;
    let first = first.unwrap().unwrap().message;
    assert_eq!(first.wamid.as_deref(), Some("w1"));
}
