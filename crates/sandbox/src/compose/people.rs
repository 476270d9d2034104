//! Customers who do not exist. Phone numbers are of the 555 exchange, which nobody has.

use serde_json::{Map, Value, json};

use crate::dice::Dice;

const FIRST: [&str; 12] = [
    "Ada",
    "Björn",
    "Chloé",
    "Đặng",
    "Ewa",
    "Fatima",
    "Göksu",
    "Hana",
    "Ïnigo",
    "José",
    "Ксения",
    "李",
];
const LAST: [&str; 8] = [
    "Example",
    "Muster",
    "Beispiel",
    "Ejemplo",
    "Exemple",
    "Пример",
    "例",
    "🌻",
];

/// The name of whoever has this phone number or user id: the same each time.
pub(crate) fn name(id: &str) -> String {
    let digits = id.bytes().filter(u8::is_ascii_digit);
    let number = digits.fold(0_usize, |number, digit| {
        number
            .wrapping_mul(10)
            .wrapping_add(usize::from(digit - b'0'))
    });
    let first = FIRST[number % FIRST.len()];
    let last = LAST[number / FIRST.len() % LAST.len()];
    format!("{first} {last}")
}

/// Somebody who writes to the business.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Digits; `None` for people who use a username and hide the number.
    pub phone: Option<String>,
    /// Business-scoped user id.
    pub user_id: String,
    /// Name of the profile.
    pub name: String,
    /// Username, if chosen.
    pub username: Option<String>,
}

impl Customer {
    pub(super) fn invent(index: u64, dice: &mut Dice) -> Self {
        let hides = dice.chance(0.125);
        Self {
            phone: (!hides).then(|| format!("1555{:07}", 1_000_000 + index)),
            user_id: format!("US.{}", 3_000_000_000_000_000 + index),
            name: format!(
                "{} {}",
                dice.pick(&FIRST, "Ada"),
                dice.pick(&LAST, "Example")
            ),
            username: (hides || dice.chance(0.25)).then(|| format!("sandbox.{index}")),
        }
    }

    /// The entry of `contacts[]`.
    pub(super) fn contact(&self) -> Value {
        let mut profile = Map::from_iter([("name".to_owned(), Value::from(self.name.as_str()))]);
        if let Some(username) = &self.username {
            profile.insert("username".to_owned(), json!(username));
        }
        let mut contact = Map::from_iter([("profile".to_owned(), Value::Object(profile))]);
        if let Some(phone) = &self.phone {
            contact.insert("wa_id".to_owned(), json!(phone));
        }
        contact.insert("user_id".to_owned(), json!(self.user_id));
        Value::Object(contact)
    }

    /// Writes the ids under names with this beginning: `from` and `from_user_id`.
    pub(super) fn sign(&self, item: &mut Map<String, Value>, phone_key: &str, user_id_key: &str) {
        if let Some(phone) = &self.phone {
            item.insert(phone_key.to_owned(), json!(phone));
        }
        item.insert(user_id_key.to_owned(), json!(self.user_id));
    }
}
