//! One reader of the stream, many clients.
//!
//! However many clients there are, a replica reads every event once, encodes it once, and puts a reference to it into the
//! queues of those that may see it. In reading order: [`frame`], an event encoded; [`outlet`], the queue of one client;
//! [`index`], who sees what; [`recent`], the newest events, from which most clients catch up; [`reader`], the task that
//! follows the stream; [`subscription`], one client's view: catch up, then live; `pace`, how much time a round of the reader leaves to
//! the clients. For metrics and traces: `presence`, who is there; `push`, the way of an event.

mod frame;
mod index;
mod outlet;
mod pace;
mod presence;
mod push;
mod reader;
mod recent;
mod subscription;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rand::Rng;
use tokio::sync::Semaphore;
use waypost_queue::{EventLog, Position};
use waypost_token::Scope;

pub(crate) use frame::Frame;
use index::Index;
use outlet::Outlet;
pub(crate) use outlet::{Bye, Reason};
pub(crate) use reader::Reader;
use recent::Recent;
pub(crate) use subscription::{Resync, Step, Subscription};

/// How many clients may read history from Redis at once: after a restart all come back in the same second.
const READERS: usize = 16;

/// What the hub may be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HubSettings {
    /// Events that may wait for one client.
    pub(crate) queue: usize,
    /// After how long without an event a client is told where it stands.
    pub(crate) heartbeat: Duration,
    /// Within what time clients are asked to come back after a drain.
    pub(crate) spread: Duration,
}

/// Where clients subscribe. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Shared>);

struct Shared {
    log: EventLog,
    settings: HubSettings,
    state: Mutex<State>,
    history: Semaphore,
}

#[derive(Default)]
struct State {
    recent: Recent,
    index: Index,
    /// Everybody, live or not yet.
    clients: HashMap<u64, Arc<Outlet>>,
    next_id: u64,
    draining: bool,
}

impl Hub {
    /// A hub that begins after `position`, with nobody listening.
    pub(crate) fn new(log: EventLog, settings: HubSettings) -> Self {
        Self(Arc::new(Shared {
            log,
            settings,
            state: Mutex::default(),
            history: Semaphore::new(READERS),
        }))
    }

    /// A new client. It gets everything of its scope after `after`, or from now on.
    pub(crate) fn subscribe(
        &self,
        scope: &Scope,
        after: Option<Position>,
        expires: SystemTime,
    ) -> Subscription {
        let mut state = self.state();
        state.next_id += 1;
        let outlet = Arc::new(Outlet::new(state.next_id, self.0.settings.queue));
        state.clients.insert(outlet.id, Arc::clone(&outlet));
        if state.draining {
            outlet.end(Reason::Draining);
        }
        drop(state);
        Subscription::new(self.clone(), outlet, scope.clone(), after, expires)
    }

    /// How many clients there are.
    pub(crate) fn clients(&self) -> usize {
        self.state().clients.len()
    }

    /// Tells every client to come back later, and every one that still comes.
    pub(crate) fn drain(&self) {
        let mut state = self.state();
        state.draining = true;
        state.end_all(Reason::Draining);
    }

    /// What a client that is ended for `reason` is told.
    fn bye(&self, reason: Reason) -> Bye {
        let at_once = Duration::from_millis(100);
        let within = match reason {
            Reason::Draining | Reason::Behind => self.0.settings.spread.max(at_once),
            Reason::Slow => Duration::from_secs(2),
            Reason::Expired => at_once,
        };
        let retry = rand::rng().random_range(Duration::ZERO..=within);
        Bye {
            reason,
            retry: retry.max(at_once),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end_all(&self, reason: Reason) {
        for outlet in self.clients.values() {
            outlet.end(reason);
        }
    }

    /// Hands new events out. Returns how many clients were woken.
    fn dispatch(&mut self, frames: Vec<Arc<Frame>>) -> usize {
        let mut told: HashMap<u64, Arc<Outlet>> = HashMap::new();
        for frame in &frames {
            let mut clients = 0;
            self.index.each(frame, |outlet| {
                if !outlet.push(frame) {
                    return;
                }
                clients += 1;
                told.entry(outlet.id).or_insert_with(|| Arc::clone(outlet));
            });
            if let Some(push) = &frame.push {
                push.handed_out(clients);
            }
        }
        // After the queues: whoever sees this position and an empty queue has everything before it.
        self.recent.extend(frames);
        for outlet in told.values() {
            outlet.wake();
        }
        told.len()
    }
}
