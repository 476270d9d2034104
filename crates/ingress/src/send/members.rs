//! JSON cut into its members or items, each as it was written.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::answer::Problem;
use super::kind::Kind;

/// A member of an object and its value, byte for byte.
pub(crate) type Member<'a> = (String, &'a RawValue);

/// The one JSON value that the bytes are.
pub(crate) fn whole(bytes: &[u8]) -> Result<&RawValue, Problem> {
    serde_json::from_slice(bytes).map_err(|error| syntax(&error))
}

/// The members of an object in their order, doubles included; `None` when it is no object.
pub(crate) fn members(raw: &RawValue) -> Result<Option<Vec<Member<'_>>>, Problem> {
    if !raw.get().starts_with('{') {
        return Ok(None);
    }
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    let members = reader.deserialize_map(Members);
    members.map(Some).map_err(|error| syntax(&error))
}

/// The items of an array and how many there are; `None` when it is no array. No more than `most` are kept.
pub(crate) fn items(
    raw: &RawValue,
    most: usize,
) -> Result<Option<(Vec<&RawValue>, usize)>, Problem> {
    if !raw.get().starts_with('[') {
        return Ok(None);
    }
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    let items = reader.deserialize_seq(Items(most));
    items.map(Some).map_err(|error| syntax(&error))
}

/// Where it stops being JSON. The error's own text is not passed on, in case it quotes.
fn syntax(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let detail = format!("It stops being JSON at line {line}, column {column}.");
    Problem::new(Kind::Syntax, detail)
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

struct Items(usize);

impl<'de> Visitor<'de> for Items {
    type Value = (Vec<&'de RawValue>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < self.0 {
            match list.next_element()? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        let mut count = items.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok((items, count))
    }
}
