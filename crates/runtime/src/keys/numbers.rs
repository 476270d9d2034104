//! Keys that are good for some business numbers.
//!
//! ```toml
//! [backend]
//! sha256 = "…"                    # of the key, in hex
//! numbers = ["106540352242922"]   # phone_number_ids, or "*"
//! ```

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{Grant, KeyFault, Misfit, NewKey, new_key};

/// The member of a key's table that says which.
const MEMBER: &str = "numbers";

/// For which numbers a key is good.
#[derive(Debug, PartialEq, Eq)]
pub enum Numbers {
    /// For all.
    All,
    /// For these.
    These(BTreeSet<String>),
}

impl Numbers {
    /// Whether it is one of them.
    pub fn contain(&self, phone_number_id: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(numbers) => numbers.contains(phone_number_id),
        }
    }

    /// Makes a key of this name for these numbers (`phone_number_id`, or `*` for all).
    ///
    /// # Errors
    /// When the name or a number is none, or the system has no random bits.
    pub fn new_key(name: &str, numbers: &[impl AsRef<str>]) -> Result<NewKey, KeyFault> {
        let numbers: Vec<Value> = numbers.iter().map(|id| Value::from(id.as_ref())).collect();
        let grant = [(MEMBER.to_owned(), Value::from(numbers))];
        new_key::<Self>(name, &Table::from_iter(grant))
    }
}

impl Grant for Numbers {
    const MEMBERS: &'static [&'static str] = &[MEMBER];

    fn read(table: &Table) -> Result<Self, Misfit> {
        table.get(MEMBER).and_then(numbers).ok_or(Misfit {
            member: MEMBER,
            want: "a list of phone_number_ids (digits), or [\"*\"]",
        })
    }
}

fn numbers(value: &Value) -> Option<Numbers> {
    let mut these = BTreeSet::new();
    let mut all = false;
    for item in value.as_array()? {
        match item.as_str()? {
            "*" => all = true,
            id if is_number(id) => _ = these.insert(id.to_owned()),
            _ => return None,
        }
    }
    match all {
        true => Some(Numbers::All),
        false if these.is_empty() => None,
        false => Some(Numbers::These(these)),
    }
}

/// Whether it looks like a `phone_number_id`.
pub fn is_number(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
