//! Figures of queues.

use std::time::Duration;

use waypost_queue::{InboxStats, Member, OutboxStats, PartitionFigures, Pause, Rate};
use waypost_rpc::v1::{Consumer, Hold, PartitionStats, QueueStats, Rates};

use super::time::stamp;

/// The inbox, or the facts, which are a queue like it.
pub(crate) fn inbox(stats: &InboxStats, detail: bool) -> QueueStats {
    let told = QueueStats {
        waiting: stats.waiting,
        active: stats.active,
        completed: stats.completed,
        failed: stats.failed,
        delayed: stats.delayed,
        dead: stats.dead,
        retried: stats.retried,
        paused: stats.pause.as_ref().map(hold),
        oldest_age_seconds: stats.oldest_ms.map(seconds),
        consumer_count: count(stats.consumers),
        ..QueueStats::default()
    };
    let more = (&stats.rates, &*stats.members, &*stats.partitions);
    with(told, more, detail)
}

/// The outbox.
pub(crate) fn outbox(stats: &OutboxStats, detail: bool) -> QueueStats {
    let told = QueueStats {
        waiting: stats.waiting,
        active: stats.active,
        completed: stats.completed,
        failed: stats.failed,
        delayed: stats.delayed + stats.scheduled,
        dead: stats.dead,
        unknown: stats.parked,
        scheduled: stats.scheduled,
        retried: stats.retried,
        paused: stats.pause.as_ref().map(hold),
        oldest_age_seconds: stats.oldest_ms.map(seconds),
        consumer_count: count(stats.consumers),
        ..QueueStats::default()
    };
    let more = (&stats.rates, &*stats.members, &*stats.partitions);
    with(told, more, detail)
}

/// Adds what is told of every queue alike: rates and what follows from them, and, if asked for, each consumer and partition.
fn with(
    mut told: QueueStats,
    (rates, members, partitions): (&waypost_queue::Rates, &[Member], &[PartitionFigures]),
    detail: bool,
) -> QueueStats {
    let left = told.waiting + told.active + told.delayed;
    told.time_to_drain_seconds = drain(left, &rates.minute);
    told.last_minute = Some(lately(&rates.minute));
    told.last_five_minutes = Some(lately(&rates.five_minutes));
    if detail {
        told.consumers = members.iter().map(consumer).collect();
        told.partitions = partitions.iter().map(partition).collect();
    }
    told
}

/// A pause or a stop.
pub(crate) fn hold(pause: &Pause) -> Hold {
    Hold {
        by: pause.by.clone(),
        since: Some(stamp(pause.since)),
        reason: pause.reason.clone(),
    }
}

/// Seconds until so many are gone, as things went; `None` when they do not get fewer.
fn drain(left: u64, rate: &Rate) -> Option<f64> {
    let net = rate.completed + rate.failed - rate.accepted;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let seconds = left as f64 / net;
    match left {
        0 => Some(0.0),
        _ => (net > 0.0).then_some(seconds),
    }
}

fn lately(rate: &Rate) -> Rates {
    Rates {
        accepted_per_second: rate.accepted,
        completed_per_second: rate.completed,
        failed_per_second: rate.failed,
        window_seconds: rate.window.as_secs_f64(),
    }
}

fn consumer(member: &Member) -> Consumer {
    Consumer {
        id: member.id.clone(),
        partition: u32::from(member.partition),
        lease_expires_at: Some(stamp(member.lease_ends_at)),
        last_heartbeat_at: Some(stamp(member.last_heartbeat_at)),
        active: member.active,
        lapsed: member.lapsed,
    }
}

fn partition(figures: &PartitionFigures) -> PartitionStats {
    PartitionStats {
        partition: u32::from(figures.partition),
        waiting: figures.waiting,
        active: figures.active,
        delayed: figures.delayed,
        dead: figures.dead,
        paused: figures.paused,
    }
}

fn seconds(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}

fn count(consumers: u64) -> u32 {
    u32::try_from(consumers).unwrap_or(u32::MAX)
}
