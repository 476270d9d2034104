//! The faults in force, with what each has counted.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use uuid::Uuid;

use super::{Effect, Fault, Filter};
use crate::dice::Dice;

/// What a filter can look at.
pub(super) struct Seen<'a> {
    pub(super) number: &'a str,
    pub(super) recipient: &'a str,
    pub(super) our_id: Option<Uuid>,
    pub(super) token: &'a str,
}

/// What is to go wrong with one request.
#[derive(Clone)]
pub(super) struct Verdict {
    pub(super) effect: Effect,
    pub(super) silent: bool,
}

pub(super) struct Faults {
    seed: u64,
    /// Most of the time there are none, and then this is all that is looked at.
    any: AtomicBool,
    list: RwLock<Arc<Vec<Armed>>>,
}

struct Armed {
    fault: Fault,
    since: Instant,
    dice: u64,
    met: AtomicU64,
    acted: AtomicU64,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            any: AtomicBool::new(false),
            list: RwLock::default(),
        }
    }

    /// Replaces all.
    pub(super) fn set(&self, faults: Vec<Fault>) {
        let since = Instant::now();
        let mut dice = Dice::new(self.seed);
        let armed: Vec<Armed> = faults
            .into_iter()
            .map(|fault| Armed {
                fault,
                since,
                dice: dice.next(),
                met: AtomicU64::new(0),
                acted: AtomicU64::new(0),
            })
            .collect();
        let any = !armed.is_empty();
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(armed);
        self.any.store(any, Ordering::Release);
    }

    /// How often each has acted.
    pub(super) fn acted(&self) -> Vec<u64> {
        self.list()
            .iter()
            .map(|armed| armed.acted.load(Ordering::Relaxed))
            .collect()
    }

    /// The first that befalls this request.
    pub(super) fn verdict(&self, seen: &Seen<'_>) -> Option<Verdict> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let list = self.list();
        let armed = list.iter().find(|armed| armed.fits(seen))?;
        Some(Verdict {
            effect: armed.fault.what.clone(),
            silent: armed.fault.silent,
        })
    }

    fn list(&self) -> Arc<Vec<Armed>> {
        Arc::clone(&self.list.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Armed {
    fn fits(&self, seen: &Seen<'_>) -> bool {
        let when = &self.fault.when;
        let elapsed = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        if when.after_ms.is_some_and(|after| elapsed < after)
            || when.until_ms.is_some_and(|until| elapsed > until)
            || !means(when, seen)
        {
            return false;
        }
        let place = self.met.fetch_add(1, Ordering::Relaxed) + 1;
        when.nth.is_none_or(|nth| place == nth)
            && when
                .every
                .is_none_or(|every| every > 0 && place.is_multiple_of(every))
            && when
                .probability
                .is_none_or(|share| Dice::new(self.dice.wrapping_add(place)).chance(share))
            && self.act(when.first.unwrap_or(u64::MAX))
    }
}

impl Armed {
    /// Counts one more, unless it has acted often enough.
    fn act(&self, at_most: u64) -> bool {
        let one_more = |acted: u64| (acted < at_most).then_some(acted + 1);
        self.acted
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }
}

/// Does it name this request, counts and chances aside?
fn means(when: &Filter, seen: &Seen<'_>) -> bool {
    let plain = |to: &str| to.trim_start_matches('+').to_owned();
    when.number
        .as_deref()
        .is_none_or(|number| number == seen.number)
        && when
            .token
            .as_deref()
            .is_none_or(|token| token == seen.token)
        && when.our_id.is_none_or(|id| Some(id) == seen.our_id)
        && when
            .recipient
            .as_deref()
            .is_none_or(|to| plain(to) == plain(seen.recipient))
}
