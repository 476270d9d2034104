//! How the queues stand, as metrics: read for whoever scrapes them, whether or not anybody watches. Only the monitor does.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};
use waypost_queue::{Member, PartitionFigures};
use waypost_rpc::v1::QueueStats;
use waypost_telemetry::metrics::label::{EntryState, Number, Partition, Queue};
use waypost_telemetry::metrics::monitor as gauges;

use super::snapshot::Snapshot;
use crate::convert::stats;
use crate::plane::Plane;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// What somebody who watches has read so lately is read for us too.
const FRESH: Duration = Duration::from_secs(1);
/// What could not be read for so long is not shown any more: it would pass for how things are.
const HOLDS: Duration = Duration::from_secs(30);

/// A queue in one snapshot.
struct Stand<'a> {
    queue: Queue,
    /// What is told of it over the API.
    told: QueueStats,
    partitions: &'a [PartitionFigures],
    members: &'a [Member],
}

/// Reads and shows for ever.
pub(crate) async fn keep(plane: Plane) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shown = Instant::now();
    loop {
        ticks.tick().await;
        match plane.snapshots.within(&plane, FRESH, true).await {
            Ok(snapshot) => {
                show(&snapshot);
                shown = Instant::now();
            }
            Err(status) => {
                tracing::debug!("the queues cannot be read: {}", status.message());
                if shown.elapsed() > HOLDS {
                    hide();
                }
            }
        }
    }
}

fn show(snapshot: &Snapshot) {
    let stands = stands(snapshot);
    gauges::QUEUE_ENTRIES.replace(merged(stands.iter().flat_map(entries), |a, b| a + b));
    gauges::QUEUE_OLDEST.replace(merged(stands.iter().flat_map(oldest), f64::max));
    gauges::QUEUE_DRAIN.replace(stands.iter().filter_map(|stand| {
        let seconds = stand.told.time_to_drain_seconds?;
        Some((stand.queue, seconds))
    }));
    gauges::QUEUE_PAUSED.replace(stands.iter().map(|stand| {
        let paused = stand.told.paused.is_some();
        (stand.queue, f64::from(u8::from(paused)))
    }));
    gauges::CONSUMERS.replace(stands.iter().map(|stand| (stand.queue, consumers(stand))));
    let numbers = snapshot.numbers.iter().flat_map(|number| {
        let label = Number::of(&number.phone_number_id);
        let waiting = number.backlog.saturating_sub(number.in_flight);
        [
            ((label, EntryState::Waiting), level(waiting)),
            ((label, EntryState::Active), level(number.in_flight)),
        ]
    });
    gauges::NUMBER_ENTRIES.replace(merged(numbers, |a, b| a + b));
    gauges::MEMORY_IDS.set(level(snapshot.remembered));
}

fn hide() {
    gauges::QUEUE_ENTRIES.replace([]);
    gauges::QUEUE_OLDEST.replace([]);
    gauges::QUEUE_DRAIN.replace([]);
    gauges::QUEUE_PAUSED.replace([]);
    gauges::CONSUMERS.replace([]);
    gauges::NUMBER_ENTRIES.replace([]);
    gauges::MEMORY_IDS.replace([]);
}

fn stands(snapshot: &Snapshot) -> [Stand<'_>; 3] {
    let Snapshot {
        webhook,
        message,
        fact,
        ..
    } = snapshot;
    [
        Stand {
            queue: Queue::Inbox,
            told: stats::inbox(webhook, false),
            partitions: &webhook.partitions,
            members: &webhook.members,
        },
        Stand {
            queue: Queue::Outbox,
            told: stats::outbox(message, false),
            partitions: &message.partitions,
            members: &message.members,
        },
        Stand {
            queue: Queue::Facts,
            told: stats::inbox(fact, false),
            partitions: &fact.partitions,
            members: &fact.members,
        },
    ]
}

type Entries = (Queue, EntryState, Partition);

fn entries(stand: &Stand<'_>) -> Vec<(Entries, f64)> {
    let each = stand.partitions.iter().flat_map(|figures| {
        let partition = Partition::of(figures.partition);
        let mut states = vec![
            (EntryState::Waiting, figures.waiting),
            (EntryState::Active, figures.active),
            (
                EntryState::Delayed,
                figures.delayed.saturating_sub(figures.scheduled),
            ),
            (EntryState::Dead, figures.dead),
        ];
        if stand.queue == Queue::Outbox {
            states.push((EntryState::Parked, figures.parked));
            states.push((EntryState::Scheduled, figures.scheduled));
        }
        let labelled = states
            .into_iter()
            .map(move |(state, entries)| ((stand.queue, state, partition), level(entries)));
        labelled.collect::<Vec<_>>()
    });
    each.collect()
}

/// Where nothing waits, nothing is old.
fn oldest<'a>(stand: &'a Stand<'a>) -> impl Iterator<Item = ((Queue, Partition), f64)> + 'a {
    stand.partitions.iter().map(|figures| {
        let age = Duration::from_millis(figures.oldest_ms.unwrap_or(0));
        let labels = (stand.queue, Partition::of(figures.partition));
        (labels, age.as_secs_f64())
    })
}

/// Every process takes from each partition. Where one has fewer than the others, that one counts: nobody else empties it.
fn consumers(stand: &Stand<'_>) -> f64 {
    let alive = |figures: &PartitionFigures| {
        let members = stand.members.iter();
        let there =
            members.filter(|member| member.partition == figures.partition && !member.lapsed);
        there.count()
    };
    let fewest = stand.partitions.iter().map(alive).min();
    level(fewest.unwrap_or(0) as u64)
}

/// One level for each series: what has no label of its own shares one.
fn merged<L: Eq + Hash>(
    levels: impl Iterator<Item = (L, f64)>,
    merge: impl Fn(f64, f64) -> f64,
) -> HashMap<L, f64> {
    let mut series = HashMap::new();
    for (labels, level) in levels {
        series
            .entry(labels)
            .and_modify(|so_far| *so_far = merge(*so_far, level))
            .or_insert(level);
    }
    series
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 entries")]
const fn level(entries: u64) -> f64 {
    entries as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(partition: u16) -> PartitionFigures {
        PartitionFigures {
            partition,
            ..PartitionFigures::default()
        }
    }

    fn member(partition: u16, lapsed: bool) -> Member {
        Member {
            id: String::new(),
            partition,
            lease_ends_at: std::time::UNIX_EPOCH,
            last_heartbeat_at: std::time::UNIX_EPOCH,
            active: 0,
            lapsed,
        }
    }

    #[test]
    fn a_partition_that_nobody_takes_from_shows() {
        let partitions = [figures(0), figures(1)];
        let consumers = |members: &[Member]| {
            consumers(&Stand {
                queue: Queue::Inbox,
                told: QueueStats::default(),
                partitions: &partitions,
                members,
            })
        };
        let both = [member(0, false), member(1, false), member(1, false)];
        assert_eq!(consumers(&both), 1.0);
        assert_eq!(consumers(&[member(0, false), member(1, true)]), 0.0);
        assert_eq!(consumers(&[]), 0.0);
    }

    #[test]
    fn what_is_scheduled_is_not_delayed_as_well() {
        let partitions = [PartitionFigures {
            delayed: 5,
            scheduled: 3,
            parked: 2,
            ..figures(0)
        }];
        let of = |queue| {
            let stand = Stand {
                queue,
                told: QueueStats::default(),
                partitions: &partitions,
                members: &[],
            };
            let entries = entries(&stand).into_iter();
            entries
                .map(|((_, state, _), level)| (state, level))
                .collect::<HashMap<_, _>>()
        };
        let outbox = of(Queue::Outbox);
        assert_eq!(outbox[&EntryState::Delayed], 2.0);
        assert_eq!(outbox[&EntryState::Scheduled], 3.0);
        assert_eq!(outbox[&EntryState::Parked], 2.0);
        assert!(!of(Queue::Inbox).contains_key(&EntryState::Parked));
    }

    #[test]
    fn what_shares_a_label_is_one_series() {
        let levels = [("other", 2.0), ("1", 1.0), ("other", 3.0)];
        assert_eq!(merged(levels.into_iter(), |a, b| a + b)["other"], 5.0);
        assert_eq!(merged(levels.into_iter(), f64::max)["other"], 3.0);
    }
}
