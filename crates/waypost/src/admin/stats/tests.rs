use std::time::Duration;

use unicode_width::UnicodeWidthStr;
use waypost_rpc::v1::{
    BreakerState, Consumer, DeduplicationStats, GetStatsResponse, Hold, Number, PartitionStats,
    QueueStats, Rates,
};

use super::view::view;
use crate::admin::cli::Stats;
use crate::admin::text::golden::{clock, look};

fn rates(accepted: f64, completed: f64, failed: f64) -> Option<Rates> {
    Some(Rates {
        accepted_per_second: accepted,
        completed_per_second: completed,
        failed_per_second: failed,
        window_seconds: 60.0,
    })
}

fn night() -> GetStatsResponse {
    let webhook = QueueStats {
        active: 2,
        completed: 1_543,
        failed: 12,
        last_minute: rates(12.34, 12.3, 0.0),
        last_five_minutes: rates(11.9, 11.9, 0.02),
        consumer_count: 3,
        consumers: vec![Consumer {
            id: "worker-7f9c6d8b5-x2x9k-01933b7e".to_owned(),
            partition: 1,
            lease_expires_at: clock("21:15:28"),
            last_heartbeat_at: clock("21:15:18.8"),
            active: 2,
            lapsed: false,
        }],
        partitions: vec![PartitionStats {
            partition: 1,
            active: 2,
            ..PartitionStats::default()
        }],
        ..QueueStats::default()
    };
    let message = QueueStats {
        waiting: 1_234_567,
        active: 64,
        completed: 98_765_432_100,
        failed: 3,
        delayed: 2,
        dead: 3,
        unknown: 1,
        scheduled: 1,
        retried: 17,
        paused: Some(Hold {
            by: "ops".to_owned(),
            since: clock("21:12:00"),
            reason: "Meta answers nothing but 500\u{1b}[2J".to_owned(),
        }),
        oldest_age_seconds: Some(252.0),
        last_minute: rates(80.0, 79.6, 0.0),
        last_five_minutes: rates(1200.4, 80.0, 0.0),
        consumers: vec![Consumer {
            id: "dispatcher-1".to_owned(),
            lapsed: true,
            last_heartbeat_at: clock("21:14:20"),
            ..Consumer::default()
        }],
        ..QueueStats::default()
    };
    GetStatsResponse {
        webhook: Some(webhook),
        message: Some(message),
        deduplication: Some(DeduplicationStats {
            cached_messages: 145,
        }),
        fact: Some(QueueStats::default()),
        numbers: vec![
            Number {
                phone_number_id: "106540352242922".to_owned(),
                backlog: 1_234_000,
                in_flight: 60,
                limit_per_second: 80.0,
                limit_source: "meta".to_owned(),
                current_rate_per_second: 80.0,
                sent_per_second: 79.5,
                time_to_drain_seconds: Some(15_520.0),
                ..Number::default()
            },
            Number {
                phone_number_id: "106540352242923".to_owned(),
                backlog: 567,
                limit_per_second: 1000.0,
                limit_source: "operator".to_owned(),
                current_rate_per_second: 12.5,
                breaker: BreakerState::Open.into(),
                breaker_retry_at: clock("21:15:25"),
                stopped: Some(Hold {
                    by: "meta".to_owned(),
                    since: clock("21:00:00"),
                    reason: "token_expired".to_owned(),
                }),
                ..Number::default()
            },
        ],
        read_at: clock("21:15:20"),
    }
}

fn flags(all: bool) -> Stats {
    Stats {
        numbers: all,
        consumers: all,
        watch: false,
        interval: Duration::from_secs(1),
    }
}

#[test]
fn a_bad_night_is_told_with_what_to_look_at() {
    let text = view(&night(), &flags(true), "127.0.0.1:9400", &look(Some(80)));
    insta::assert_snapshot!(text);
    for line in text.lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
    }
}

#[test]
fn a_quiet_system_says_nothing_more_than_figures() {
    let text = view(
        &GetStatsResponse::default(),
        &flags(false),
        "127.0.0.1:9400",
        &look(None),
    );
    insta::assert_snapshot!(text);
    assert!(!text.contains('!'));
}
