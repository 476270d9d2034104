//! Business numbers.

use std::collections::HashMap;
use std::time::{Duration, UNIX_EPOCH};

use waypost_queue::NumberStats;
use waypost_rpc::v1::{BreakerState, Number};

use super::stats::hold;
use super::time::stamp;

/// A number; `shown` has what people see of it, `default_limit` what it may send when nobody has said.
pub(crate) fn number(
    stats: NumberStats,
    shown: &HashMap<String, String>,
    default_limit: f64,
) -> Number {
    let limit = stats.limit.unwrap_or(default_limit);
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let to_drain = stats.backlog as f64 / stats.sent_per_second;
    Number {
        display_phone_number: shown
            .get(&stats.phone_number_id)
            .cloned()
            .unwrap_or_default(),
        account_id: stats.account.unwrap_or_default(),
        backlog: stats.backlog,
        in_flight: stats.in_flight,
        completed: stats.completed,
        failed: stats.failed,
        limit_per_second: limit,
        limit_source: stats.limit_by.unwrap_or("default").to_owned(),
        current_rate_per_second: stats.lowered_rate.map_or(limit, |rate| rate.min(limit)),
        sent_per_second: stats.sent_per_second,
        breaker: match stats.breaker.as_deref() {
            None => BreakerState::Closed,
            Some("probing") => BreakerState::Probing,
            Some(_) => BreakerState::Open,
        }
        .into(),
        breaker_retry_at: stats
            .breaker_until_ms
            .filter(|_| stats.breaker.is_some())
            .map(|ms| stamp(UNIX_EPOCH + Duration::from_millis(ms))),
        stopped: stats.stop.as_ref().map(hold),
        paused: stats.pause.as_ref().map(hold),
        time_to_drain_seconds: match stats.backlog {
            0 => Some(0.0),
            _ => (stats.sent_per_second > 0.0).then_some(to_drain),
        },
        phone_number_id: stats.phone_number_id,
    }
}
