//! Puts failures off or buries them, then ends the batch.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rand::Rng;
use uuid::Uuid;
use waypost_queue::{Batch, Consumer, DeadLetter, Kind, Settled, Settlement};
use waypost_store::FailedWebhook;
use waypost_telemetry::metrics::worker;
use waypost_telemetry::trace;
use waypost_telemetry::{About, say};

use crate::config::WorkerSettings;
use crate::context::Context;
use crate::parse::Bad;
use crate::spans::Spans;

/// How long an entry of a newer version waits for a worker that knows it.
const NEWER_VERSION: Duration = Duration::from_secs(30);
/// No wait grows beyond this.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// Ends a batch; `bad` is what failed in it. False when it was not this worker who ended it.
pub(crate) async fn settle(
    context: &Context,
    consumer: &Consumer,
    batch: &Batch,
    mut bad: Vec<Bad>,
    newer: Vec<Bytes>,
    spans: &mut Spans,
) -> bool {
    for bad in &mut bad {
        let failed = spans.fail(bad.entry, bad.class, &bad.why);
        if failed.is_some() {
            bad.envelope.traceparent = failed.traceparent();
        }
    }
    let (dead, later): (Vec<Bad>, Vec<Bad>) = bad
        .into_iter()
        .partition(|bad| bad.hopeless || bad.envelope.attempts >= context.settings.attempts);
    // Written before the dead letter, so that every dead letter has its row.
    if !record(context, &dead).await {
        return false;
    }
    let mut settlement = Settlement::new();
    for entry in newer {
        tracing::error!("an entry of a newer version of Waypost is put off; update this worker");
        settlement.delay_as_is(entry, NEWER_VERSION);
    }
    for _ in dead.iter().chain(&later).filter(|bad| bad.whole) {
        settlement.not_completed();
    }
    for bad in later {
        let delay = backoff(&context.settings, bad.envelope.attempts);
        say!(
            info,
            bad.about(),
            attempts = bad.envelope.attempts,
            ?delay,
            "will be tried again: {}",
            bad.why
        );
        settlement.delay(bad.into_envelope(), delay, context.compress_above);
    }
    for bad in dead {
        say!(
            warn,
            bad.about(),
            attempts = bad.envelope.attempts,
            class = bad.class,
            "given up: {}",
            bad.why
        );
        settlement.bury(DeadLetter {
            class: bad.class.to_owned(),
            buried_at: SystemTime::now(),
            message_id: bad.message_id.clone(),
            envelope: bad.into_envelope(),
        });
    }
    let mut span = spans.settle();
    let settled = end(context, consumer, batch, &settlement).await;
    if !settled {
        span.error("not settled");
    }
    settled
}

impl Bad {
    /// Whom a log line about it is about. Only what we send has an id that may be told.
    fn about(&self) -> About {
        let about = About::default()
            .request(self.envelope.request_id)
            .trace(trace::resume(&self.envelope.traceparent, self.envelope.id));
        let ours = matches!(self.envelope.kind, Kind::Outgoing | Kind::Fact);
        let id = self.message_id.as_deref().filter(|_| ours);
        match id.and_then(|id| Uuid::parse_str(id).ok()) {
            Some(id) => about.message(id),
            None => about,
        }
    }

    fn into_envelope(self) -> waypost_queue::Envelope {
        let mut envelope = self.envelope;
        if envelope.first_error.is_empty() {
            envelope.first_error.clone_from(&self.why);
        }
        envelope.last_error = self.why;
        envelope
    }
}

async fn end(
    context: &Context,
    consumer: &Consumer,
    batch: &Batch,
    settlement: &Settlement,
) -> bool {
    let (mut revived, mut unsure) = (false, false);
    loop {
        match consumer.settle(batch, settlement).await {
            Ok(Settled::Done) => {
                context.redis.pass();
                return true;
            }
            // The lease ended while Redis was away, and nobody was there to take over.
            Ok(Settled::Fenced) if !revived && consumer.heartbeat().await.is_ok() => {
                revived = true;
            }
            // The answer to an earlier try was lost, and it had worked.
            Ok(Settled::Fenced) if unsure => return true,
            Ok(Settled::Fenced) => {
                tracing::warn!(
                    consumer = consumer.id(),
                    entries = batch.entries.len(),
                    "acknowledgement refused: the entries belong to another worker by now"
                );
                return false;
            }
            Err(error) => {
                unsure = true;
                context.redis.fail(error.to_string());
                tracing::warn!("a batch waits for Redis to be settled: {error}");
                if !context.rest().await {
                    return false;
                }
            }
        }
    }
}

/// Writes the rows of what is given up; false when the process stops meanwhile.
async fn record(context: &Context, dead: &[Bad]) -> bool {
    for bad in dead {
        let mut payload = payload(bad);
        loop {
            let row = FailedWebhook {
                id: bad.envelope.id,
                request_id: bad.envelope.request_id,
                message_id: bad.message_id.as_deref(),
                payload,
                raw: &bad.envelope.body,
                error_message: &bad.why,
                error_stack: Some(&bad.envelope.first_error)
                    .filter(|e| !e.is_empty())
                    .map(String::as_str),
                received_at: bad.envelope.received_at,
            };
            match context.store.fail(&[row]).await {
                Ok(()) => {
                    context.postgres.pass();
                    worker::FAILED_WEBHOOKS.inc();
                    break;
                }
                Err(error) if error.is_transient() => {
                    context.postgres.fail(error.to_string());
                    tracing::warn!("a failure waits for Postgres to be recorded: {error}");
                    if !context.rest().await {
                        return false;
                    }
                }
                // Valid JSON that jsonb cannot hold, such as a number of a million digits: the bytes must do.
                Err(_) if payload.is_some() => payload = None,
                Err(error) => {
                    say!(
                        error,
                        bad.about(),
                        "failure not recorded in Postgres, only as a dead letter: {error}"
                    );
                    break;
                }
            }
        }
    }
    true
}

/// The body as JSON text, where Postgres may be able to hold it.
fn payload(bad: &Bad) -> Option<&str> {
    let text = std::str::from_utf8(&bad.envelope.body).ok()?;
    if waypost_whatsapp::find_poison(text).is_some() {
        return None;
    }
    serde_json::from_str::<&serde_json::value::RawValue>(text)
        .ok()
        .map(serde_json::value::RawValue::get)
}

/// Full jitter: anything from nothing to `backoff`, doubled with each failure, so that what failed together does
/// not come back together.
fn backoff(settings: &WorkerSettings, attempts: u32) -> Duration {
    let doubled = settings.backoff.saturating_mul(
        1_u32
            .checked_shl(attempts.saturating_sub(1))
            .unwrap_or(u32::MAX),
    );
    rand::rng().random_range(Duration::ZERO..=doubled.min(LONGEST_BACKOFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_and_is_bounded() {
        let settings = WorkerSettings::default();
        for _ in 0..1000 {
            assert!(backoff(&settings, 1) <= Duration::from_secs(2));
            assert!(backoff(&settings, 2) <= Duration::from_secs(4));
            assert!(backoff(&settings, 60) <= LONGEST_BACKOFF);
        }
        assert!((0..1000).any(|_| backoff(&settings, 2) > Duration::from_secs(2)));
    }
}
