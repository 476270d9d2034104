//! Single updates, and what each must leave in the database.

mod account;
mod coexistence;
mod fields;
mod message;
mod message_kinds;
mod people;
mod phrases;
mod poison;
mod rich;
mod status;

pub use fields::field_names;
pub use message_kinds::MessageKind;
pub use people::Customer;
pub(crate) use people::name;
pub use status::Story;

use serde_json::Value;

use crate::dice::Dice;
use crate::encode::encode;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// From a customer.
    In,
    /// From the business.
    Out,
}

impl Way {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// One row that an update must leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// In `messages`.
    Message {
        /// Which way it went.
        way: Way,
        /// Meta's type word.
        kind: String,
    },
    /// In `message_statuses`.
    Status {
        /// Meta's status word.
        status: String,
    },
    /// In `account_events`.
    Account {
        /// The webhook field.
        field: String,
    },
    /// In `failed_webhooks`, with one dead letter.
    Failed,
}

/// One update, ready to be put into a [`Batch`](crate::Batch).
#[derive(Clone, Debug)]
pub struct Composed {
    pub(crate) number: Number,
    pub(crate) place: Place,
    /// The JSON text of the item or the change. Text and no value, because some items are broken on purpose.
    pub(crate) json: String,
    /// The sender's or receiver's entry of `contacts[]`.
    pub(crate) contact: Option<String>,
    /// The rows it must leave behind.
    pub effects: Vec<Effect>,
    /// True when it is the second of a double tap, which must be marked as such.
    pub repeats: bool,
}

/// Where an update goes in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `value.messages[]` of a change shared with others.
    Messages,
    /// `value.statuses[]` of a change shared with others.
    Statuses,
    /// A change of its own.
    Change,
    /// A change of its own in an entry with this time.
    Timed(u64),
}

/// A number of the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u8);

impl Number {
    pub(crate) fn id(self) -> String {
        format!("20000000000000{}", self.0)
    }

    pub(crate) fn display(self) -> String {
        format!("1555000000{}", self.0)
    }

    pub(crate) fn metadata(self) -> Value {
        serde_json::json!({"display_phone_number": self.display(), "phone_number_id": self.id()})
    }
}

/// The business account that all updates are about.
pub(crate) const WABA: &str = "100000000000001";

/// Seconds since 1970 at which every scenario begins: 2026-11-24.
const START: u64 = 1_795_500_000;

/// Makes updates from a seed: people who write, ids that never repeat, a clock that only goes forward.
#[derive(Clone, Debug)]
pub struct Composer {
    seed: u64,
    pub(crate) dice: Dice,
    clock: u64,
    count: u64,
    customers: Vec<Customer>,
}

impl Composer {
    /// A composer with some hundred customers, one in eight of whom hides the phone number behind a username.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let customers = (0..240)
            .map(|index| Customer::invent(index, &mut dice))
            .collect();
        Self {
            seed,
            dice,
            clock: START,
            count: 0,
            customers,
        }
    }

    /// A message id that no other call and no other seed gives.
    pub(crate) fn wamid(&mut self) -> String {
        let count = self.next_count();
        format!("wamid.SANDBOX{:016X}{count:010X}", self.seed)
    }

    /// A number for things that must not repeat: media, texts, requests.
    pub(crate) fn next_count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// The next second.
    pub(crate) fn now(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub(crate) fn number(&mut self) -> Number {
        Number(self.dice.below(3) as u8 + 1)
    }

    pub(crate) fn customer(&mut self) -> Customer {
        let at = self.dice.below(self.customers.len());
        self.customers
            .get(at)
            .cloned()
            .unwrap_or_else(|| Customer::invent(0, &mut self.dice))
    }

    /// From now on the customer is somebody else.
    pub(crate) fn replace(&mut self, old: &Customer, new: Customer) {
        if let Some(place) = self
            .customers
            .iter_mut()
            .find(|customer| customer.user_id == old.user_id)
        {
            *place = new;
        }
    }
}

impl Composed {
    fn change(
        number: Number,
        place: Place,
        field: &str,
        value: &Value,
        effects: Vec<Effect>,
    ) -> Self {
        let json = encode(&serde_json::json!({"value": value, "field": field}));
        Self {
            number,
            place,
            json,
            contact: None,
            effects,
            repeats: false,
        }
    }

    /// How many updates it counts for among the 1,000 of a webhook.
    pub fn updates(&self) -> usize {
        self.effects.len()
    }
}
