//! JSON text that is known to be valid, walked without copying.
//!
//! A webhook is validated once, by serde_json, over its whole length. Everything after that only cuts the text into
//! members and items, so the hot path needs no second grammar check, no recursion and no allocation: [`Json`] can
//! only be made by validation or by cutting a valid [`Json`], and the cursor may rely on it.

mod cursor;
mod skip;
mod wire;

pub(crate) use cursor::{Cursor, Items, Members};
pub(crate) use wire::{Field, Wire, object};

use std::fmt;

use serde::de::IgnoredAny;

/// One JSON value as it was received, never re-serialised.
///
/// `Debug` shows the length only: the text may hold what people wrote to each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// The JSON `null`, for members that are absent.
    pub const NULL: Json<'static> = Json("null");

    /// Checks that `text` is one JSON value and nothing more. Depth and the size of numbers are not limited.
    pub(crate) fn check(text: &'a str) -> Result<Self, serde_json::Error> {
        // IgnoredAny walks the value with a heap stack, so deep nesting cannot overflow ours.
        serde_json::from_str::<IgnoredAny>(text)?;
        Ok(Self(text.trim_matches([' ', '\n', '\r', '\t'])))
    }

    /// Only for text cut out of a valid value. On other text the cursor would yield nonsense, though never panic.
    pub(crate) fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The text, as received.
    pub fn get(self) -> &'a str {
        self.0
    }

    /// True when the value is `null`.
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub(crate) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// The members of an object; none when this is something else.
    pub(crate) fn members(self) -> Members<'a> {
        Members::new(self)
    }

    /// The items of an array; `None` when this is something else.
    pub(crate) fn items(self) -> Option<Items<'a>> {
        self.0.starts_with('[').then(|| Items::new(self))
    }

    /// The value of one member; the last one when the key is repeated, as PostgreSQL's jsonb decides too.
    pub(crate) fn member(self, name: &str) -> Option<Json<'a>> {
        let named = self.members().filter(|(key, _)| key == name);
        named.last().map(|(_, value)| value)
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests;
