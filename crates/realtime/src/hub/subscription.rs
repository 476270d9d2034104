//! One client's view of the stream: what it missed, in order, then what happens.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::macros::format_description;
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use waypost_queue::{Bounds, Position};
use waypost_telemetry::metrics::label::Transport;
use waypost_telemetry::metrics::realtime::DELIVERIES;
use waypost_token::Scope;

use super::outlet::{Bye, Outlet, Reason};
use super::presence::Presence;
use super::{Frame, Hub, index};

/// Most events of a page of history: more would be much memory for a client that reads slowly.
const PAGE: usize = 256;
/// Between two looks whether our reader has come as far as a client.
const AHEAD: Duration = Duration::from_millis(20);
/// Between two tries while Redis is away.
const REST: Duration = Duration::from_millis(500);

/// What comes next for a client.
#[derive(Debug)]
pub(crate) enum Step {
    /// Events, in order. There is at least one.
    Frames,
    /// Nothing new; the client may resume from here.
    Position(Position),
    /// The client missed what the stream no longer has.
    Resync(Resync),
    /// The connection ends. Nothing comes after it.
    End(Bye),
}

/// The client has to fetch history itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resync {
    /// Since when.
    pub(crate) since: SystemTime,
    /// From where the stream goes on.
    pub(crate) position: Position,
}

impl Resync {
    /// The object that the client gets.
    pub(crate) fn json(self) -> String {
        let form = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        let since = OffsetDateTime::from(self.since).format(form);
        let since = since.unwrap_or_default();
        format!(r#"{{"since":"{since}","position":"{}"}}"#, self.position)
    }
}

/// A client. Dropping it is leaving.
pub(crate) struct Subscription {
    hub: Hub,
    outlet: Arc<Outlet>,
    scope: Scope,
    phase: Phase,
    /// When the token ends.
    expires: Instant,
    /// When to tell where it stands, unless something comes before. Moved on only when it has come: to set a timer for every event
    /// would cost more than the event.
    quiet_since: Instant,
    timer: Pin<Box<Sleep>>,
    presence: Presence,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// It asked for nothing old.
    New,
    /// It has all up to here.
    Behind(Position),
    Live,
}

impl Subscription {
    pub(super) fn new(
        hub: Hub,
        outlet: Arc<Outlet>,
        scope: Scope,
        after: Option<Position>,
        expires: SystemTime,
    ) -> Self {
        let left = expires.duration_since(SystemTime::now());
        let now = Instant::now();
        let expires = now + left.unwrap_or_default();
        let first = expires.min(now + hub.0.settings.heartbeat);
        Self {
            phase: match after {
                None => Phase::New,
                Some(position) => Phase::Behind(position),
            },
            hub,
            outlet,
            scope,
            expires,
            quiet_since: now,
            timer: Box::pin(sleep_until(first)),
            presence: Presence::default(),
        }
    }

    /// Says how the client is connected, which may change. Until then it counts nowhere.
    pub(crate) fn carried_by(&mut self, transport: Transport) {
        self.presence.by(transport);
    }

    /// Waits for what comes next; events are put into `frames`, which is emptied first. May be dropped in the middle: nothing is lost.
    pub(crate) async fn next(&mut self, frames: &mut Vec<Arc<Frame>>) -> Step {
        frames.clear();
        loop {
            // Asked each time: where something always comes, nobody waits for the timer.
            if Instant::now() >= self.expires {
                self.outlet.end(Reason::Expired);
            }
            if let Some(reason) = self.outlet.reason() {
                return Step::End(self.hub.bye(reason));
            }
            let step = match self.phase {
                Phase::New => Some(Step::Position(self.join())),
                Phase::Behind(position) => self.catch_up(position, frames).await,
                Phase::Live => self.live(frames).await,
            };
            if let Some(step) = step {
                DELIVERIES.add(frames.len() as u64);
                self.quiet_since = Instant::now();
                return step;
            }
        }
    }

    /// Resolves when the connection has to end, whether or not the client reads. `next` says the same then. May be dropped.
    pub(crate) async fn ended(&self) -> Bye {
        let reason = tokio::select! {
            reason = self.outlet.ended() => reason,
            () = sleep_until(self.expires) => {
                self.outlet.end(Reason::Expired);
                Reason::Expired
            }
        };
        self.hub.bye(reason)
    }

    /// From now on.
    fn join(&mut self) -> Position {
        let mut state = self.hub.state();
        state.index.add(&self.scope, &self.outlet);
        self.phase = Phase::Live;
        state.recent.head()
    }

    /// Joins where the newest events have all that it lacks; otherwise reads a page of the stream.
    async fn catch_up(&mut self, position: Position, frames: &mut Vec<Arc<Frame>>) -> Option<Step> {
        if self.join_after(position, frames) {
            return match frames.is_empty() {
                true => Some(Step::Position(position)),
                false => Some(Step::Frames),
            };
        }
        let page = tokio::select! {
            page = page(&self.hub, &self.scope, position, frames) => page,
            () = &mut self.timer => return self.alarm(position),
            reason = self.outlet.ended() => return Some(Step::End(self.hub.bye(reason))),
        };
        match page {
            Page::Missing(resync) => {
                self.phase = Phase::Behind(resync.position);
                Some(Step::Resync(resync))
            }
            Page::Read(position) => {
                self.phase = Phase::Behind(position);
                (!frames.is_empty()).then_some(Step::Frames)
            }
        }
    }

    fn join_after(&mut self, position: Position, frames: &mut Vec<Arc<Frame>>) -> bool {
        let mut state = self.hub.state();
        let Some(recent) = state.recent.after(position) else {
            return false;
        };
        frames.extend(
            recent
                .filter(|frame| index::sees(&self.scope, frame))
                .cloned(),
        );
        // In the same breath: what comes next goes into the queue.
        state.index.add(&self.scope, &self.outlet);
        drop(state);
        self.phase = Phase::Live;
        true
    }

    async fn live(&mut self, frames: &mut Vec<Arc<Frame>>) -> Option<Step> {
        // Before the queue is looked at: an event that comes in between is then after this position, or in the queue.
        let head = self.hub.state().recent.head();
        // The end may just have moved on without this client.
        if self.outlet.reason().is_some() {
            return None;
        }
        self.outlet.take(frames);
        if !frames.is_empty() {
            return Some(Step::Frames);
        }
        tokio::select! {
            () = self.outlet.more() => None,
            () = &mut self.timer => self.alarm(head),
        }
    }

    /// The timer has come: the token ends, or it has been quiet, or neither yet.
    fn alarm(&mut self, position: Position) -> Option<Step> {
        let now = Instant::now();
        if now >= self.expires {
            self.outlet.end(Reason::Expired);
            return None;
        }
        let heartbeat = self.hub.0.settings.heartbeat;
        let quiet = now >= self.quiet_since + heartbeat;
        let since = if quiet { now } else { self.quiet_since };
        self.timer
            .as_mut()
            .reset(self.expires.min(since + heartbeat));
        quiet.then_some(Step::Position(position))
    }
}

/// What a look at the stream brought.
enum Page {
    /// Everything up to here is in the frames.
    Read(Position),
    /// Some has gone.
    Missing(Resync),
}

/// Reads a page, however long Redis is away.
async fn page(hub: &Hub, scope: &Scope, position: Position, frames: &mut Vec<Arc<Frame>>) -> Page {
    let page = loop {
        // Never closed, so there is always a turn. Given back while Redis is away.
        let turn = hub.0.history.acquire().await;
        if let Ok(page) = hub.0.log.page(position, PAGE).await {
            break page;
        }
        drop(turn);
        // The reader says what is wrong with Redis.
        sleep(REST).await;
    };
    // Asked for every page: the stream may let go of what a slow client has not come to yet.
    if page.bounds.miss(position) {
        return Page::Missing(missing(position, &page.bounds));
    }
    if page.events.is_empty() {
        // It comes from a replica that is ahead of this one: our reader will be there in a moment.
        sleep(AHEAD).await;
    }
    let last = page.events.last().map(|event| event.position.parse());
    let events = page.events.iter().filter_map(Frame::new);
    frames.extend(events.filter(|frame| index::sees(scope, frame)));
    Page::Read(last.and_then(Result::ok).unwrap_or(position))
}

fn missing(position: Position, bounds: &Bounds) -> Resync {
    let strange = position > bounds.last;
    let (seen, on_from) = match bounds.first {
        Some(first) if !strange => (position, first.before()),
        // A position that never was: of another stream, or made up. What its bearer has seen is anybody's guess.
        Some(_) => (bounds.last, bounds.last),
        None => (position, bounds.last),
    };
    Resync {
        since: seen.time().min(SystemTime::now()),
        position: on_from,
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.presence.end(self.outlet.reason());
        let mut state = self.hub.state();
        state.index.remove(&self.scope, self.outlet.id);
        state.clients.remove(&self.outlet.id);
    }
}
