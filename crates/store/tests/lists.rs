//! Lists of messages: every filter, alone and with others, against a query that is too simple to be wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod support;

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use support::*;
use uuid::Uuid;
use waypost_model::Direction;
use waypost_store::{Item, MessageFilter, MessageRow, SendRow};

/// Some hundred messages of every kind: either way, from history, with and without contact, stored at once and long after
/// they were received, three for each request.
const MADE: &str = "
CREATE FUNCTION v7(at timestamptz, n int) RETURNS uuid LANGUAGE sql AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
            || '8' || substr(md5(n::text), 4, 15))::uuid $$;
INSERT INTO contacts (id, scope, name, merged_into)
SELECT v7('2026-01-01', -c), 'waba', 'Name ' || c, CASE WHEN c = 5 THEN v7('2026-01-01', -1) END FROM generate_series(1, 5) c;
INSERT INTO contact_identifiers (scope, kind, value, contact_id, valid_from, valid_to)
VALUES ('waba', 'phone', '491', v7('2026-01-01', -1), '2026-01-01', NULL),
       ('waba', 'phone', '492', v7('2026-01-01', -1), '2025-01-01', '2026-01-01'),
       ('waba', 'phone', '492', v7('2026-01-01', -2), '2026-01-01', NULL),
       ('waba', 'bsuid', '492', v7('2026-01-01', -3), '2026-01-01', NULL),
       ('other', 'phone', '492', v7('2026-01-01', -4), '2026-01-01', NULL);
INSERT INTO messages (id, direction, origin, waba_id, phone_number_id, wamid, type, status, contact_id, person_phone, sent_at,
                      played_at, failed_at, request_id, payload, received_at, created_at, state, attempts)
SELECT v7(CASE WHEN ours THEN received ELSE stored END, n), CASE WHEN outward THEN 'out' ELSE 'in' END,
       CASE WHEN n % 13 = 0 AND NOT ours THEN 'history' ELSE 'live' END, 'waba', CASE WHEN n % 7 < 2 THEN '5550001' ELSE '5550002' END,
       CASE WHEN NOT (ours AND n % 5 = 0) THEN 'w' || n END, 'text', s.status,
       CASE WHEN n % 17 > 0 THEN v7('2026-01-01', -1 - (n / 2 % 4)) END, '49' || (n % 4), stored,
       CASE WHEN s.status = 'played' THEN stored END, CASE WHEN s.status = 'failed' THEN stored END,
       v7(received, -g), '{}', received, stored,
       CASE WHEN ours THEN (ARRAY['accepted', 'sent', 'sent', 'dead', 'retrying'])[1 + n % 5] END, CASE WHEN ours THEN 1 END
FROM generate_series(0, 299) n
CROSS JOIN LATERAL (SELECT n / 3 AS g, n / 3 % 2 = 0 AS outward, n / 3 % 4 = 0 AS ours) a
CROSS JOIN LATERAL (SELECT timestamptz '2026-01-02' + g * interval '21 s' AS at,
                           CASE WHEN g % 5 = 0 THEN interval '10 min' ELSE interval '50 ms' END AS lag) b
CROSS JOIN LATERAL (SELECT at - lag AS received, at + n % 3 * interval '7 s' AS stored) c
CROSS JOIN LATERAL (SELECT CASE WHEN outward OR n % 13 = 0
                           THEN (ARRAY['sent', 'delivered', 'read', 'played', 'failed', 'pending'])[1 + n % 6] END AS status) s;
INSERT INTO message_steps (message_id, life, attempt, state, wamid, at)
SELECT id, 0, 1, 'sent', 'again', created_at FROM messages WHERE state = 'sent' ORDER BY id LIMIT 2";

const SIMPLE: &str = "
SELECT id FROM messages
WHERE ($1::text IS NULL OR direction = $1) AND ($2::text IS NULL OR phone_number_id = $2)
  AND ($3::uuid IS NULL OR contact_id = (SELECT coalesce(merged_into, id) FROM contacts WHERE id = $3))
  AND ($4::text IS NULL OR contact_id IN (SELECT contact_id FROM contact_identifiers WHERE kind = 'phone' AND value = $4)
                        OR contact_id IS NULL AND person_phone = $4)
  AND ($5::text IS NULL OR wamid = $5 OR id IN (SELECT message_id FROM message_steps WHERE wamid = $5))
  AND ($6::uuid IS NULL OR request_id = $6) AND ($7::text IS NULL OR state = $7) AND ($8::text IS NULL OR status = $8)
  AND ($9::timestamptz IS NULL OR received_at >= $9) AND ($10::timestamptz IS NULL OR received_at < $10)
ORDER BY id DESC";

/// The right answer.
async fn simple(f: &Fixture, filter: &MessageFilter) -> Vec<Uuid> {
    let direction = filter.direction.map(Direction::as_str);
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 10] = [
        &direction,
        &filter.phone_number_id,
        &filter.contact_id,
        &filter.person_phone,
        &filter.wamid,
        &filter.request_id,
        &filter.state,
        &filter.status,
        &filter.since,
        &filter.until,
    ];
    let rows = f.sql.query(SIMPLE, &parameters).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Our answer, page by page.
async fn listed(f: &Fixture, filter: &MessageFilter, page: usize) -> Vec<Uuid> {
    let limit = i64::try_from(page).unwrap();
    let mut ids: Vec<Uuid> = Vec::new();
    loop {
        let before = ids.last().copied();
        let found = f.store.messages(filter, before, limit, false);
        let found = found.await.unwrap();
        assert!(found.len() <= page);
        ids.extend(found.iter().map(|message| message.id));
        if found.len() < page {
            return ids;
        }
    }
}

async fn compare(f: &Fixture, filter: &MessageFilter) -> usize {
    let right = simple(f, filter).await;
    assert_eq!(listed(f, filter, 1000).await, right, "{}", name(filter));
    // In three pages, the boundaries somewhere else each time.
    if right.len() > 1 {
        let page = right.len().div_ceil(3);
        assert_eq!(listed(f, filter, page).await, right, "{}", name(filter));
    }
    right.len()
}

/// A filter is not `Debug`, but these are made up.
fn name(filter: &MessageFilter) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        filter.direction,
        filter.phone_number_id,
        filter.contact_id,
        filter.person_phone,
        filter.wamid,
        filter.request_id,
        filter.state,
        filter.status,
        filter.since,
        filter.until
    )
}

fn some(word: &str) -> Option<String> {
    Some(word.to_owned())
}

/// Seconds after the first of the messages was received.
fn then(seconds: u64) -> Option<SystemTime> {
    Some(UNIX_EPOCH + Duration::from_secs(1_767_312_000 + seconds))
}

/// Every choice of one more filter, for each of those before.
fn times(filters: Vec<MessageFilter>, choices: &[fn(&mut MessageFilter)]) -> Vec<MessageFilter> {
    let mut all = Vec::new();
    for filter in filters {
        all.push(filter.clone());
        for choose in choices {
            let mut filter = filter.clone();
            choose(&mut filter);
            all.push(filter);
        }
    }
    all
}

const DIRECTIONS: &[fn(&mut MessageFilter)] = &[
    |f| f.direction = Some(Direction::In),
    |f| f.direction = Some(Direction::Out),
];
const NUMBERS: &[fn(&mut MessageFilter)] = &[|f| f.phone_number_id = some("5550001")];
const PHONES: &[fn(&mut MessageFilter)] = &[|f| f.person_phone = some("492")];
const STATES: &[fn(&mut MessageFilter)] = &[|f| f.state = some("dead"), |f| f.state = some("sent")];
const STATUSES: &[fn(&mut MessageFilter)] = &[
    |f| f.status = some("failed"),
    |f| f.status = some("delivered"),
    |f| f.status = some("pending"),
];
const TIMES: &[fn(&mut MessageFilter)] = &[
    |f| f.since = then(700),
    |f| f.until = then(1300),
    |f| (f.since, f.until) = (then(400), then(1500)),
];

#[tokio::test]
async fn every_filter_finds_what_it_says_alone_and_with_others() {
    let f = fixture().await;
    f.sql.batch_execute(MADE).await.unwrap();
    let row = |sql: &'static str| f.sql.query_one(sql, &[]);
    let merged: Uuid = row("SELECT v7('2026-01-01', -5)").await.unwrap().get(0);
    let mut filters = vec![MessageFilter::default()];
    filters.push(MessageFilter {
        contact_id: Some(merged),
        ..MessageFilter::default()
    });
    filters = times(filters, DIRECTIONS);
    filters = times(filters, NUMBERS);
    filters = times(filters, PHONES);
    filters = times(filters, STATES);
    filters = times(filters, STATUSES);
    filters = times(filters, TIMES);
    let (mut matches, mut empty) = (0, 0);
    for filters in filters.chunks(16) {
        let compared = filters.iter().map(|filter| compare(&f, filter));
        for found in futures_util::future::join_all(compared).await {
            *(if found == 0 { &mut empty } else { &mut matches }) += 1;
        }
    }
    assert!(matches > 400, "{matches} of {empty}");
}

#[tokio::test]
async fn a_message_is_found_by_its_wamids_and_its_request() {
    let f = fixture().await;
    f.sql.batch_execute(MADE).await.unwrap();
    let requests = "SELECT DISTINCT request_id FROM messages";
    let requests = f.sql.query(requests, &[]).await.unwrap();
    let mut filters: Vec<MessageFilter> = requests
        .iter()
        .map(|row| MessageFilter {
            request_id: Some(row.get(0)),
            ..MessageFilter::default()
        })
        .collect();
    for filter in &filters {
        assert_eq!(compare(&f, filter).await, 3, "{}", name(filter));
    }
    filters.truncate(3);
    let by_wamid = |wamid| MessageFilter {
        wamid: some(wamid),
        ..MessageFilter::default()
    };
    for (wamid, count) in [("w1", 1), ("again", 2), ("W1", 0)] {
        assert_eq!(compare(&f, &by_wamid(wamid)).await, count, "{wamid}");
        filters.push(by_wamid(wamid));
    }
    assert!(listed(&f, &by_wamid("w\0"), 9).await.is_empty());
    for more in [DIRECTIONS, NUMBERS, PHONES, STATES, STATUSES, TIMES] {
        for filter in times(filters.clone(), more) {
            compare(&f, &filter).await;
        }
    }
    // No id of ours.
    let filter = MessageFilter {
        request_id: Some(Uuid::new_v4()),
        ..MessageFilter::default()
    };
    assert!(listed(&f, &filter, 9).await.is_empty());
}

#[tokio::test]
async fn the_row_is_told_whole() {
    let f = fixture().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let inbound = MessageRow {
        trace_id: Some(trace),
        person: waypost_store::Person {
            name: Some("Ada"),
            ..both("491", "DE.1")
        },
        ..text("w1", phone("491"), 1)
    };
    f.write(vec![Item::Message(inbound)]).await;
    let id = Uuid::now_v7();
    let outbound = SendRow {
        trace_id: Some(trace),
        person: phone("491"),
        ..send(id)
    };
    f.write(vec![Item::Send(outbound)]).await;
    let filter = MessageFilter::default();
    let found = f.store.messages(&filter, None, 9, true).await.unwrap();
    let [sent, received] = found.as_slice() else {
        panic!("{} messages", found.len());
    };
    assert_eq!((sent.id, sent.direction), (id, Direction::Out));
    assert_eq!(sent.state.as_deref(), Some("accepted"));
    assert_eq!(sent.key_name.as_deref(), Some("test"));
    assert_eq!((received.direction, received.attempts), (Direction::In, 0));
    assert_eq!(received.state, None);
    assert_eq!(received.wamid.as_deref(), Some("w1"));
    assert_eq!(received.contact_id, sent.contact_id);
    for message in &found {
        assert_eq!(message.trace_id.as_deref(), Some(trace));
        assert_eq!(message.contact_name.as_deref(), Some("Ada"));
        assert_eq!(message.payload.as_deref(), Some(r#"{"type": "text"}"#));
        assert!(message.created_at > UNIX_EPOCH);
    }
    let found = f.store.messages(&filter, None, 9, false).await.unwrap();
    assert!(found.iter().all(|message| message.payload.is_none()));
    let history = f.store.history(received.id, false).await.unwrap().unwrap();
    assert_eq!(history.message.trace_id.as_deref(), Some(trace));
    assert!(history.message.payload.is_none());
    assert!(history.steps.is_empty() && history.attempts.is_empty());
    let none = f.store.messages(&filter, None, 0, false).await.unwrap();
    assert!(none.is_empty());
}

/// Statuses that came without our id are told too, and each once.
#[tokio::test]
async fn the_history_has_every_status_once() {
    let f = fixture().await;
    let id = Uuid::now_v7();
    let told = waypost_store::FactRow {
        wamid: Some("w1"),
        ..tried(id, 1, waypost_model::SendState::Sent, "done")
    };
    f.write(vec![Item::Send(send(id)), Item::Fact(told)]).await;
    let ours = waypost_store::StatusRow {
        message_id: Some(id),
        ..status("w1", "sent", 1)
    };
    f.write(statuses(vec![ours, status("w1", "delivered", 2)]))
        .await;
    let history = f.store.message(id).await.unwrap().unwrap();
    let words: Vec<_> = history.statuses.iter().map(|s| s.status.as_str()).collect();
    assert_eq!(words, ["sent", "delivered"]);
}

#[tokio::test]
async fn after_a_merge_either_contact_leads_to_all_messages() {
    let f = fixture().await;
    let one = contact(&f.write(messages(vec![text("w1", phone("491"), 1)])).await[0]);
    let two = contact(&f.write(messages(vec![text("w2", bsuid("DE.1"), 2)])).await[0]);
    f.write(messages(vec![text("w3", both("491", "DE.1"), 3)]))
        .await;
    for contact_id in [one, two] {
        let filter = MessageFilter {
            contact_id: Some(contact_id),
            ..MessageFilter::default()
        };
        let found = f.store.messages(&filter, None, 9, false).await.unwrap();
        let wamids: Vec<_> = found.iter().filter_map(|m| m.wamid.as_deref()).collect();
        assert_eq!(wamids, ["w3", "w2", "w1"]);
        assert!(found.iter().all(|m| m.contact_id == Some(one)));
    }
    let filter = MessageFilter {
        person_phone: some("491"),
        ..MessageFilter::default()
    };
    assert_eq!(listed(&f, &filter, 2).await.len(), 3);
}

#[tokio::test]
async fn paging_misses_nothing_and_doubles_nothing_while_messages_come() {
    let f = fixture().await;
    let wamids: Vec<String> = (0..400).map(|n| format!("w{n}")).collect();
    let rows = |range: std::ops::Range<usize>| {
        let rows = wamids[range].iter().map(|w| text(w, phone("491"), 1));
        messages(rows.collect())
    };
    f.write(rows(0..200)).await;
    let filters = [
        MessageFilter::default(),
        MessageFilter {
            phone_number_id: some(NUMBER),
            ..MessageFilter::default()
        },
        MessageFilter {
            person_phone: some("491"),
            until: Some(SystemTime::now() + Duration::from_secs(60)),
            ..MessageFilter::default()
        },
    ];
    let there = simple(&f, &MessageFilter::default()).await;
    let writing = async {
        for n in (200..400).step_by(10) {
            f.write(rows(n..n + 10)).await;
        }
    };
    let reading = async {
        let mut all = Vec::new();
        for filter in &filters {
            all.push(listed(&f, filter, 7).await);
        }
        all
    };
    let ((), all) = tokio::join!(writing, reading);
    for seen in all {
        assert!(seen.is_sorted_by(|a, b| a > b));
        let seen: HashSet<Uuid> = seen.into_iter().collect();
        assert!(there.iter().all(|id| seen.contains(id)));
    }
}

#[tokio::test]
async fn numbers_are_told_as_people_see_them() {
    let f = fixture().await;
    let number = waypost_store::NumberRow {
        phone_number_id: NUMBER,
        waba_id: WABA,
        display_phone_number: "+1 555-000 1",
    };
    f.store.learn(&[number]).await.unwrap();
    let ids = [NUMBER.to_owned(), "strange".to_owned(), "\0".to_owned()];
    let shown = f.store.displayed_numbers(&ids).await.unwrap();
    let shown: Vec<_> = shown.into_iter().collect();
    assert_eq!(shown, [(NUMBER.to_owned(), "15550001".to_owned())]);
    assert!(f.store.displayed_numbers(&[]).await.unwrap().is_empty());
}
