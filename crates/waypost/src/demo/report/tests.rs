use waypost_sandbox::Scenario;
use waypost_store::{MessageCount, NamedCount, Summary};

use super::super::figures::{Figures, Latency};
use super::*;

/// Figures that fit the plan in every row.
fn as_planned(plan: &Plan) -> Figures {
    let expected = &plan.expected;
    let named = |side: &BTreeMap<String, u64>| {
        side.iter()
            .map(|(name, count)| NamedCount {
                name: name.clone(),
                count: *count,
            })
            .collect()
    };
    let messages = expected
        .messages_by_type
        .iter()
        .map(|((way, kind), count)| MessageCount {
            direction: way.clone(),
            origin: "live".into(),
            kind: kind.clone(),
            count: *count,
        });
    let sum = |side: &BTreeMap<String, u64>| side.values().sum::<u64>();
    let message_total = expected.messages_by_type.values().sum::<u64>();
    Figures {
        refused: expected.refused,
        accepted_updates: expected.rows() + expected.redelivered_updates,
        tables: Summary {
            messages: messages.collect(),
            statuses: named(&expected.statuses_by_status),
            account_events: named(&expected.account_events_by_field),
            failed: expected.failed_webhooks,
            marked_duplicates: expected.marked_repetitions,
            ..Summary::default()
        },
        accepted_malformed: expected.failed_webhooks,
        dead_letters: expected.dead_letters,
        events: BTreeMap::from([
            ("message".into(), message_total),
            ("status".into(), sum(&expected.statuses_by_status)),
            ("account".into(), sum(&expected.account_events_by_field)),
        ]),
        latency: Some(Latency {
            p50: 3,
            p99: 9,
            count: 1,
        }),
        answers: Some(Latency {
            p50: 300,
            p99: 900,
            count: 1,
        }),
        ..Figures::default()
    }
}

#[test]
fn all_as_planned_is_all_right() {
    let plan = Scenario {
        malformed_bodies: 2,
        ..Scenario::default()
    }
    .plan(b"s");
    let (text, wrong) = compare(&plan, &as_planned(&plan));
    assert_eq!(wrong, 0, "{text}");
    assert!(!text.contains("MISMATCH") && text.contains("p99 9 ms"));
}

#[test]
fn every_figure_that_is_off_counts() {
    let plan = Scenario::default().plan(b"s");
    let off = |spoil: fn(&mut Figures)| {
        let mut figures = as_planned(&plan);
        spoil(&mut figures);
        compare(&plan, &figures).1
    };
    assert!(off(|figures| figures.tables.messages[0].count += 1) > 0);
    assert!(off(|figures| figures.tables.statuses[0].count -= 1) > 0);
    assert!(off(|figures| figures.tables.account_events.truncate(3)) > 0);
    assert!(off(|figures| figures.dead_letters += 1) > 0);
    assert!(off(|figures| figures.tables.marked_duplicates += 1) > 0);
    assert!(off(|figures| figures.accepted_updates += 1) > 0);
    assert!(off(|figures| figures.refused += 1) > 0);
    assert!(off(|figures| figures.wrongly_answered += 1) > 0);
    assert!(off(|figures| figures.events.clear()) > 0);
    assert!(off(|figures| figures.latency = None) > 0);
}

#[test]
fn what_nobody_expected_shows() {
    let plan = Scenario::default().plan(b"s");
    let mut figures = as_planned(&plan);
    figures.tables.account_events.push(NamedCount {
        name: "surprise".into(),
        count: 1,
    });
    let (text, wrong) = compare(&plan, &figures);
    assert!(wrong > 0 && text.contains("surprise"));
}
