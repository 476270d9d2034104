//! What lists read of a hundred thousand messages.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::{MessageFilter, Pick};
use crate::history::known;
use crate::query::cost;
use crate::sql::first_id;

/// One each second; all but the first twenty of one number; nearly all sent and delivered.
const MADE: &str = "
CREATE FUNCTION v7(at timestamptz, n int) RETURNS uuid LANGUAGE sql AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
            || '8' || substr(md5(n::text), 4, 15))::uuid $$;
INSERT INTO contacts (id, scope) SELECT v7('2025-12-01', n), 'waba' FROM generate_series(0, 999) n;
INSERT INTO contact_identifiers (scope, kind, value, contact_id, valid_from)
SELECT 'waba', 'phone', '49' || n, v7('2025-12-01', n), '2025-12-01' FROM generate_series(0, 999) n;
INSERT INTO messages (id, direction, origin, waba_id, phone_number_id, wamid, type, status, contact_id, person_phone, failed_at,
                      request_id, payload, received_at, created_at, state, attempts)
SELECT v7(at, n), 'out', 'live', 'waba', CASE WHEN n < 20 THEN 'rare' ELSE 'common' END, 'w' || n, 'text',
       CASE WHEN n BETWEEN 1000 AND 1019 THEN 'failed' ELSE 'delivered' END,
       CASE WHEN n % 5000 > 0 THEN v7('2025-12-01', n % 1000) END, '49' || n % 1000, CASE WHEN n BETWEEN 1000 AND 1019 THEN at END,
       v7(at, -n), '{}', at - CASE WHEN n % 10000 = 7 THEN interval '1 hour' ELSE interval '0' END, at,
       CASE WHEN n BETWEEN 500 AND 519 THEN 'dead' ELSE 'sent' END, 1
FROM generate_series(0, 99999) n CROSS JOIN LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 s' AS at) a";

/// Messages on a page.
const PAGE: i64 = 50;

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600 + second)
}

#[derive(Clone)]
struct Case {
    filter: MessageFilter,
    before: Option<Uuid>,
    /// Indexes of `messages` that may be used.
    along: &'static [&'static str],
    /// Messages answered.
    found: usize,
}

fn case(
    along: &'static [&'static str],
    found: usize,
    set: impl FnOnce(&mut MessageFilter),
) -> Case {
    let mut filter = MessageFilter::default();
    set(&mut filter);
    Case {
        filter,
        before: None,
        along,
        found,
    }
}

fn some(word: &str) -> Option<String> {
    Some(word.to_owned())
}

fn cases() -> Vec<Case> {
    let time = &first_id(at(60_000)).simple().to_string()[..12];
    // As the script makes it, of md5('-60000').
    let request = Uuid::parse_str(&format!("{time}7341814723aa06fa8711")).ok();
    let mut cases = vec![
        case(&["messages_pkey"], 50, |_| {}),
        case(&["messages_number"], 20, |f| {
            f.phone_number_id = some("rare");
        }),
        case(&["messages_number"], 50, |f| {
            f.phone_number_id = some("common");
        }),
        case(&["messages_number"], 0, |f| {
            f.phone_number_id = some("none");
        }),
        case(&["messages_contact", "messages_no_contact"], 50, |f| {
            f.person_phone = some("4917");
        }),
        case(&["messages_contact", "messages_no_contact"], 0, |f| {
            f.person_phone = some("1");
        }),
        case(&["messages_wamid"], 1, |f| f.wamid = some("w777")),
        case(&["messages_state"], 20, |f| f.state = some("dead")),
        case(&["messages_state"], 0, |f| f.state = some("held")),
        case(&["messages_rare_status"], 20, |f| f.status = some("failed")),
        case(&["messages_rare_status"], 0, |f| {
            f.status = some("nonsense");
        }),
        case(&["messages_pkey", "messages_late"], 50, |f| {
            f.until = Some(at(50_000));
        }),
        case(&["messages_pkey"], 10, |f| f.since = Some(at(99_990))),
        case(&["messages_pkey", "messages_late"], 9, |f| {
            (f.since, f.until) = (Some(at(40_000)), Some(at(40_010)));
        }),
        case(&["messages_number", "messages_late"], 50, |f| {
            (f.phone_number_id, f.until) = (some("common"), Some(at(50_000)));
        }),
        case(&["messages_pkey", "messages_late"], 1, |f| {
            f.request_id = request;
        }),
    ];
    // With a number too; where another index is narrower, that of numbers must stay out of it.
    for n in 0..cases.len() {
        let mut with = cases[n].clone();
        if with.filter.phone_number_id.is_none() {
            with.filter.phone_number_id = some("common");
            if with.along[0] == "messages_pkey" && with.filter.request_id.is_none() {
                with.along = &["messages_number", "messages_late"];
            }
            cases.push(with);
        }
    }
    // A page far down.
    for mut deep in [cases[0].clone(), cases[2].clone()] {
        deep.before = Some(first_id(at(50_000)));
        cases.push(deep);
    }
    cases
}

#[tokio::test]
async fn a_page_costs_what_is_on_it_however_many_messages_there_are() {
    let (store, _database) = cost::made(MADE).await;
    for analyzed in [false, true] {
        if analyzed {
            let client = store.client().await.unwrap();
            client.batch_execute("ANALYZE").await.unwrap();
        }
        for (n, case) in cases().into_iter().enumerate() {
            let pick = Pick::of(&case.filter, case.before, PAGE).unwrap();
            let sql = known::select(&pick.sql, true);
            let (read, found) = cost::of(&store, &sql, &pick.values).await;
            assert_eq!(found, case.found, "{n}: {read:?}");
            let total: i64 = read.values().sum();
            assert!(total < 500, "{n}: {read:?}");
            for index in read.keys().filter(|name| name.starts_with("messages")) {
                // The page itself is fetched by id.
                let fine = index == "messages_pkey" || case.along.contains(&index.as_str());
                assert!(fine, "{n}: {read:?}");
            }
        }
    }
}
