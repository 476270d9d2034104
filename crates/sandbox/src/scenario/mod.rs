//! A whole run: what is sent, how it is disturbed, and what must be in the database afterwards.

mod expected;
mod plan;
mod script;

pub use expected::Expected;
pub use plan::{Delivery, DeliveryKind, Plan};

use std::ops::RangeInclusive;

use crate::compose::Composer;
use crate::dice::Dice;

/// What to send. Start from the default and change what matters.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Good updates, about: the last change may bring some more. Every kind of update comes at least once where there
    /// is room for about 150.
    pub updates: usize,
    /// How many updates a webhook carries.
    pub batch_sizes: RangeInclusive<usize>,
    /// Share of the good webhooks that come a second time: the same bytes, or some of their updates in another body.
    pub duplicate_share: f64,
    /// Webhooks with a signature that is wrong, malformed or missing.
    pub bad_signatures: usize,
    /// Webhooks signed well that cannot be read.
    pub malformed_bodies: usize,
    /// Items that cannot be handled, among good ones.
    pub poison_items: usize,
    /// Texts that a person sends twice within five seconds.
    pub double_taps: usize,
    /// Updates and webhooks in any order: statuses before their message, `read` before `sent`.
    pub disorder: bool,
}

impl Default for Scenario {
    /// A thousand good updates in order, nothing else.
    fn default() -> Self {
        Self {
            seed: 1,
            updates: 1_000,
            batch_sizes: 1..=20,
            duplicate_share: 0.0,
            bad_signatures: 0,
            malformed_bodies: 0,
            poison_items: 0,
            double_taps: 0,
            disorder: false,
        }
    }
}

impl Scenario {
    /// All that can go wrong, in the amount of updates given.
    pub fn rough(seed: u64, updates: usize) -> Self {
        let few = (updates / 200).max(3);
        Self {
            seed,
            updates,
            batch_sizes: 1..=60,
            duplicate_share: 0.25,
            bad_signatures: few,
            malformed_bodies: few,
            poison_items: few,
            double_taps: few,
            disorder: true,
        }
    }

    /// Composes and signs everything.
    pub fn plan(&self, secret: &[u8]) -> Plan {
        // The order of things has dice of its own, so that switching disorder on does not change the updates.
        let mut order = Dice::new(self.seed ^ 0x6f72_6465_7221);
        let mut composer = Composer::new(self.seed);
        let updates = script::updates(self, &mut composer, &mut order);
        plan::Planner::new(self, secret, composer, order).plan(updates)
    }
}
