//! From updates to deliveries: grouped, signed, doubled, forged.

use bytes::Bytes;
use waypost_whatsapp::signature::sign;

use super::{Expected, Scenario};
use crate::batch::Batch;
use crate::compose::{Composed, Composer, MessageKind};
use crate::dice::Dice;

/// Everything to send, and what must come of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order to send them.
    pub deliveries: Vec<Delivery>,
    /// What the database must show afterwards.
    pub expected: Expected,
}

/// One POST.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The raw body.
    pub body: Bytes,
    /// `X-Hub-Signature-256`; `None` leaves the header out.
    pub signature: Option<String>,
    /// What it is.
    pub kind: DeliveryKind,
    /// How many updates it carries: 0 for what cannot be read.
    pub updates: usize,
}

/// What a delivery is, and so which answer it must get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryKind {
    /// Updates that come for the first time.
    Good,
    /// Updates that come once more.
    Duplicate,
    /// Not from Meta.
    BadSignature,
    /// From Meta, and unreadable: it must be taken and set aside.
    MalformedBody,
}

impl DeliveryKind {
    /// The status it must be answered with.
    pub fn answer(self) -> u16 {
        match self {
            Self::Good | Self::Duplicate | Self::MalformedBody => 200,
            Self::BadSignature => 401,
        }
    }
}

pub(super) struct Planner<'s> {
    scenario: &'s Scenario,
    secret: &'s [u8],
    composer: Composer,
    order: Dice,
    plan: Plan,
}

impl<'s> Planner<'s> {
    pub(super) fn new(
        scenario: &'s Scenario,
        secret: &'s [u8],
        composer: Composer,
        order: Dice,
    ) -> Self {
        let plan = Plan {
            deliveries: Vec::new(),
            expected: Expected::default(),
        };
        Self {
            scenario,
            secret,
            composer,
            order,
            plan,
        }
    }

    pub(super) fn plan(mut self, updates: Vec<Composed>) -> Plan {
        for batch in self.batches(updates) {
            self.good(&batch);
        }
        for _ in 0..self.scenario.malformed_bodies {
            let body = Bytes::from(self.composer.malformed_body());
            self.plan.expected.fail();
            let delivery = self.signed(DeliveryKind::MalformedBody, body, 0);
            self.insert(delivery);
        }
        for _ in 0..self.scenario.bad_signatures {
            self.forged();
        }
        if self.scenario.disorder {
            self.order.shuffle(&mut self.plan.deliveries);
        }
        self.plan
    }

    fn batches(&mut self, updates: Vec<Composed>) -> Vec<Batch> {
        let mut batches = Vec::new();
        let mut batch = Batch::new();
        let mut size = self.size();
        for composed in updates {
            if batch.updates() >= size {
                batches.push(std::mem::take(&mut batch));
                size = self.size();
            }
            if let Err(full) = batch.push(composed) {
                batches.push(std::mem::take(&mut batch));
                // A single update is far smaller than what a webhook may carry.
                let fits = batch.push(*full.0);
                debug_assert!(fits.is_ok(), "an update larger than a webhook");
            }
        }
        if batch.updates() > 0 {
            batches.push(batch);
        }
        batches
    }

    fn size(&mut self) -> usize {
        let (low, high) = (
            *self.scenario.batch_sizes.start(),
            *self.scenario.batch_sizes.end(),
        );
        low.max(1) + self.order.below(high.saturating_sub(low) + 1)
    }

    fn good(&mut self, batch: &Batch) {
        for composed in batch.items() {
            self.plan.expected.count(composed);
        }
        let delivery = self.signed(DeliveryKind::Good, batch.body(), batch.updates());
        self.plan.deliveries.push(delivery);
        if self.order.chance(self.scenario.duplicate_share) {
            self.again(batch);
        }
    }

    /// Meta sends a webhook again as it was, or groups its updates anew.
    fn again(&mut self, batch: &Batch) {
        let mut some = Batch::new();
        if self.order.chance(0.25) {
            for composed in batch.items() {
                // What fitted into the whole fits into a part.
                if self.order.chance(0.5) && some.push(composed.clone()).is_err() {
                    break;
                }
            }
        }
        let batch = if some.updates() > 0 { &some } else { batch };
        self.plan.expected.redelivered_updates += batch.updates() as u64;
        let delivery = self.signed(DeliveryKind::Duplicate, batch.body(), batch.updates());
        self.plan.deliveries.push(delivery);
    }

    /// A good body that nobody at Meta has signed. Its ids occur nowhere else, so that it shows if it gets in.
    fn forged(&mut self) {
        let mut batch = Batch::new();
        let fits = batch.push(self.composer.message(MessageKind::Text));
        debug_assert!(fits.is_ok(), "one text is larger than a webhook");
        let body = batch.body();
        let good = sign(self.secret, &body);
        let signature = match self.order.below(6) {
            0 => None,
            1 => Some(String::new()),
            2 => Some(sign(b"not the secret", &body)),
            3 => Some(sign(self.secret, b"another body")),
            4 => Some(good.replace("sha256=", "sha1=")),
            _ => good.get(..good.len() - 1).map(str::to_owned),
        };
        self.plan.expected.refused += 1;
        let delivery = Delivery {
            body,
            signature,
            kind: DeliveryKind::BadSignature,
            updates: batch.updates(),
        };
        self.insert(delivery);
    }

    fn signed(&self, kind: DeliveryKind, body: Bytes, updates: usize) -> Delivery {
        let signature = Some(sign(self.secret, &body));
        Delivery {
            body,
            signature,
            kind,
            updates,
        }
    }

    /// Puts a delivery anywhere among those so far.
    fn insert(&mut self, delivery: Delivery) {
        let at = self.order.below(self.plan.deliveries.len() + 1);
        self.plan.deliveries.insert(at, delivery);
    }
}
