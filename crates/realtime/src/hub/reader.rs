//! The task that follows the stream.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::time::sleep;
use waypost_queue::{EventLog, EventPage, EventTail, Position, QueueError, StoredEvent};
use waypost_runtime::health::Check;
use waypost_telemetry::metrics::realtime::{EVENTS, LAG};

use super::{Frame, Hub, Reason, pace, recent};

/// Most events of one round.
const ROUND: usize = 1024;
/// How long Redis may keep a question open.
const WAIT: Duration = Duration::from_secs(5);
/// Rests between tries while Redis is away.
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// Reads every event once and hands it to the hub.
pub(crate) struct Reader {
    hub: Hub,
    log: EventLog,
    tail: EventTail,
    redis: Check,
    rest: Duration,
}

impl Reader {
    pub(crate) fn new(hub: Hub, log: EventLog, tail: EventTail, redis: Check) -> Self {
        redis.fail("not asked yet");
        Self {
            hub,
            log,
            tail,
            redis,
            rest: FIRST_REST,
        }
    }

    /// Finds the end of the stream. Until then nobody can be told where it stands, so nothing is served before.
    pub(crate) async fn begin(&mut self) {
        loop {
            match self.log.newest(recent::KEPT).await {
                Ok(page) => {
                    self.start_at(&page);
                    return self.well();
                }
                Err(error) => self.ail(&error).await,
            }
        }
    }

    /// Follows the stream for ever.
    pub(crate) async fn run(mut self) {
        loop {
            let head = self.hub.state().recent.head();
            let begun = match self.tail.next(head, ROUND, WAIT).await {
                Ok(events) => self.round(head, events).await,
                Err(error) => Err(error),
            };
            match begun {
                Ok(()) => self.well(),
                Err(error) => {
                    self.ail(&error).await;
                    self.again().await;
                }
            }
        }
    }

    async fn round(&self, head: Position, events: Vec<StoredEvent>) -> Result<(), QueueError> {
        // So many at once means that we were away. What the stream has let go meanwhile would be missing without a trace. With fewer
        // after our position than it keeps, it has let go of none of them.
        let many = ROUND.min(usize::try_from(self.log.keep()).unwrap_or(ROUND));
        if events.len() >= many && self.log.bounds().await?.miss(head) {
            return self.behind().await;
        }
        let started = Instant::now();
        let woken = self.hand_out(&events);
        if let Some(rest) = pace::rest(woken, started.elapsed()) {
            sleep(rest).await;
        }
        Ok(())
    }

    fn hand_out(&self, events: &[StoredEvent]) -> usize {
        let Some(last) = events.last() else { return 0 };
        // Encoded before the lock is taken.
        let frames = encode(events, Frame::pushed);
        let published: Vec<Position> = frames.iter().map(|frame| frame.position()).collect();
        let mut state = self.hub.state();
        let woken = state.dispatch(frames);
        if let Ok(position) = last.position.parse() {
            state.recent.pass(position);
        }
        drop(state);
        count(&published);
        woken
    }

    /// After an outage: is the stream still the one that we know, and has it all that we lack?
    async fn again(&mut self) {
        loop {
            let head = self.hub.state().recent.head();
            match self.log.bounds().await {
                Ok(bounds) if !bounds.miss(head) => return self.well(),
                Ok(_) => match self.behind().await {
                    Ok(()) => return self.well(),
                    Err(error) => self.ail(&error).await,
                },
                Err(error) => self.ail(&error).await,
            }
        }
    }

    /// Events have gone unseen. Clients come back with their positions, and each learns what it has missed.
    async fn behind(&self) -> Result<(), QueueError> {
        let page = self.log.newest(recent::KEPT).await?;
        tracing::warn!("the stream has moved on without us: all clients are asked to come back");
        self.start_at(&page);
        Ok(())
    }

    fn start_at(&self, page: &EventPage) {
        let frames = encode(&page.events, Frame::new);
        let whole = !page.bounds.trimmed && page.events.len() < recent::KEPT;
        let first = page
            .events
            .first()
            .and_then(|event| event.position.parse().ok());
        let from = match first {
            Some(first) if !whole => Position::before(first),
            _ => match whole {
                true => Position::START,
                false => page.bounds.last,
            },
        };
        let mut state = self.hub.state();
        state.recent.restart(from, page.bounds.last, frames);
        // At once, and not a moment later: whoever is there must not be told that it stands at the new end. At the start nobody is.
        state.end_all(Reason::Behind);
    }

    fn well(&mut self) {
        if self.rest != FIRST_REST {
            tracing::info!("Redis is back");
            self.rest = FIRST_REST;
        }
        self.redis.pass();
    }

    async fn ail(&mut self, error: &QueueError) {
        if self.rest == FIRST_REST {
            tracing::warn!("events wait for Redis: {error}");
        }
        self.redis.fail(error.to_string());
        sleep(self.rest).await;
        self.rest = (self.rest * 2).min(LONGEST_REST);
    }
}

fn count(published: &[Position]) {
    EVENTS.add(published.len() as u64);
    let now = SystemTime::now();
    for position in published {
        // Redis' clock may be a little ahead of ours.
        LAG.record(now.duration_since(position.time()).unwrap_or_default());
    }
}

fn encode(
    events: &[StoredEvent],
    frame: impl Fn(&StoredEvent) -> Option<Arc<Frame>>,
) -> Vec<Arc<Frame>> {
    let frames = events.iter().map(|event| {
        let frame = frame(event);
        if frame.is_none() {
            tracing::warn!(
                position = event.position,
                "an entry of the stream is no event and is left out"
            );
        }
        frame
    });
    frames.flatten().collect()
}
