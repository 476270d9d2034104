//! Making a webhook durable: in Redis, or on disk while Redis is away.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use waypost_queue::{Enqueuer, Envelope};
use waypost_telemetry::trace::{Context, Span};

use crate::app::App;
use crate::spans;
use crate::spool::Spool;

/// How long webhooks go straight to the spool after Redis has failed one. Each would else wait for Redis' timeout
/// first, and Meta wants its answer within a quarter of a second.
const DETOUR: Duration = Duration::from_millis(500);

/// The places where a webhook is durable.
pub(crate) struct Durable {
    enqueuer: Enqueuer,
    spool: Option<Spool>,
    started: Instant,
    // Milliseconds after `started` until which Redis isn't tried.
    detour_until: AtomicU64,
}

/// Where a webhook is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the inbox.
    Redis,
    /// In the spool.
    Disk,
}

/// Neither Redis nor the spool took it. Whoever refused has logged why, once for many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused;

impl Durable {
    pub(crate) fn new(enqueuer: Enqueuer, spool: Option<Spool>) -> Self {
        Self {
            enqueuer,
            spool,
            started: Instant::now(),
            detour_until: AtomicU64::new(0),
        }
    }

    fn detour(&self) {
        self.detour_until
            .store(self.now() + millis(DETOUR), Ordering::Relaxed);
    }

    fn on_detour(&self) -> bool {
        let until = self.detour_until.load(Ordering::Relaxed);
        until != 0 && self.now() < until
    }

    fn now(&self) -> u64 {
        millis(self.started.elapsed())
    }
}

/// Returns when the webhook is durable. What is done with it later belongs to a span below `parent`.
pub(crate) async fn enqueue(
    app: &App,
    mut envelope: Envelope,
    parent: Context,
) -> Result<Place, Refused> {
    let mut span = spans::publish("inbox publish", "inbox", envelope.id, parent);
    envelope.traceparent = span.context().traceparent();
    let place = store(app, envelope, &mut span).await;
    if place.is_err() {
        span.error("neither Redis nor the spool took it");
    }
    place
}

async fn store(app: &App, envelope: Envelope, span: &mut Span) -> Result<Place, Refused> {
    let durable = &app.durable;
    let Some(spool) = &durable.spool else {
        if !app.is_open() {
            return Err(Refused);
        }
        durable
            .enqueuer
            .enqueue(envelope)
            .await
            .map_err(|_| Refused)?;
        return Ok(Place::Redis);
    };
    if app.is_open() && !durable.on_detour() {
        if durable.enqueuer.enqueue(envelope.clone()).await.is_ok() {
            return Ok(Place::Redis);
        }
        // Also when the outcome is unknown: twice in the queue is dealt with further on, not at all isn't.
        durable.detour();
    }
    span.set(spans::SPOOLED, true);
    spool.append(envelope).await.map_err(|_| Refused)?;
    Ok(Place::Disk)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
