//! What became of it: answers, rows, dead letters, events, latencies.

use std::collections::{BTreeMap, BTreeSet};

use hdrhistogram::Histogram;
use serde::Deserialize;
use uuid::Uuid;
use waypost_queue::{EventLog, EventSettings, Inbox, Redis};
use waypost_sandbox::{DeliveryKind, Outcome, Plan};
use waypost_store::{Store, Summary};

/// Events read in one go.
const PAGE: usize = 1_000;

#[derive(Default)]
pub(super) struct Figures {
    /// Webhooks answered 401.
    pub(super) refused: u64,
    /// Webhooks answered otherwise than they must be.
    pub(super) wrongly_answered: u64,
    /// Updates in webhooks that were answered 200.
    pub(super) accepted_updates: u64,
    /// Unreadable webhooks that were answered 200.
    pub(super) accepted_malformed: u64,
    /// From the POST's start to the end of its answer, in microseconds.
    pub(super) answers: Option<Latency>,
    pub(super) dead_letters: u64,
    pub(super) tables: Summary,
    /// Different events by kind; one that was published twice counts once.
    pub(super) events: BTreeMap<String, u64>,
    /// From the POST's arrival to its event, which is published when the row has been committed. In milliseconds, the
    /// resolution of both stamps.
    pub(super) latency: Option<Latency>,
}

/// How long something took.
#[derive(Clone, Copy)]
pub(super) struct Latency {
    pub(super) p50: u64,
    pub(super) p99: u64,
    pub(super) count: u64,
}

impl Latency {
    fn of(times: &Histogram<u64>) -> Option<Self> {
        (!times.is_empty()).then(|| Self {
            p50: times.value_at_quantile(0.5),
            p99: times.value_at_quantile(0.99),
            count: times.len(),
        })
    }
}

impl Figures {
    pub(super) fn sent(&mut self, plan: &Plan, outcomes: &[Outcome]) -> anyhow::Result<()> {
        let mut times = Histogram::<u64>::new(3)?;
        for outcome in outcomes {
            times.record(u64::try_from(outcome.latency.as_micros())?)?;
            self.wrongly_answered += u64::from(!outcome.is_expected());
            match (outcome.status, outcome.kind) {
                (Some(401), _) => self.refused += 1,
                (Some(200), DeliveryKind::MalformedBody) => self.accepted_malformed += 1,
                (Some(200), _) => {
                    let updates = plan
                        .deliveries
                        .get(outcome.index)
                        .map_or(0, |delivery| delivery.updates);
                    self.accepted_updates += updates as u64;
                }
                _ => {}
            }
        }
        self.answers = Latency::of(&times);
        Ok(())
    }

    pub(super) async fn collect(
        &mut self,
        inbox: &Inbox,
        store: &Store,
        redis: &Redis,
        events: &EventSettings,
    ) -> anyhow::Result<()> {
        self.dead_letters = inbox.stats().await?.dead;
        self.tables = store.summary().await?;
        self.read_events(&EventLog::new(redis, events)).await
    }

    async fn read_events(&mut self, log: &EventLog) -> anyhow::Result<()> {
        let mut seen = BTreeSet::new();
        let mut times = Histogram::<u64>::new(3)?;
        let mut position = "-".to_owned();
        loop {
            let page = log.after(&position, PAGE).await?;
            let Some(last) = page.last() else { break };
            position.clone_from(&last.position);
            for event in page {
                // The id names the effect, and one effect may have events of several kinds.
                if !seen.insert((event.id, event.kind.clone(), event.data.len())) {
                    continue;
                }
                if matches!(event.kind.as_str(), "message" | "status")
                    && let Some(took) = took(&event.position, &event.data)
                {
                    times.record(took)?;
                }
                *self.events.entry(event.kind).or_default() += 1;
            }
        }
        self.latency = Latency::of(&times);
        Ok(())
    }
}

/// Milliseconds between the request's id, a UUIDv7 made when it arrived, and the event's place in the stream, which Redis
/// makes of its clock; both run on this machine.
fn took(position: &str, data: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Body {
        request_id: Uuid,
    }
    let published: u64 = position.split('-').next()?.parse().ok()?;
    let body: Body = serde_json::from_str(data).ok()?;
    let (seconds, nanoseconds) = body.request_id.get_timestamp()?.to_unix();
    let arrived = seconds * 1_000 + u64::from(nanoseconds) / 1_000_000;
    Some(published.saturating_sub(arrived))
}

#[cfg(test)]
mod tests {
    use super::took;

    #[test]
    fn latency_is_the_distance_of_both_stamps() {
        let id = uuid::Builder::from_unix_timestamp_millis(1_700_000_000_000, &[7; 10]).into_uuid();
        let data = format!(r#"{{"wamid":"x","request_id":"{id}"}}"#);
        assert_eq!(took("1700000000042-3", &data), Some(42));
        assert_eq!(took("1700000000042-3", "{}"), None);
    }
}
