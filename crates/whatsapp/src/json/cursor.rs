//! Cuts the text of a valid object or array into its parts.
//!
//! The cursor goes down into what is looked at and leaps over the rest, so that walking an envelope touches each byte
//! once. It never panics, not even on text that is no JSON: every slice is taken with `get`. On such text it would
//! only yield nonsense, which is why `Json` keeps it away.

use std::borrow::Cow;

use super::Json;
use super::skip::{end_of_container, end_of_scalar, end_of_string};

/// A place in a valid JSON text.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// Walks `key: value` pairs of an object.
pub(crate) struct Members<'a>(Cursor<'a>);

/// Walks the values of an array.
pub(crate) struct Items<'a>(Cursor<'a>);

impl<'a> Cursor<'a> {
    pub(crate) fn new(json: Json<'a>) -> Self {
        Self {
            text: json.get(),
            at: 0,
        }
    }

    /// Leaps over the value that starts here.
    pub(crate) fn value(&mut self) -> Json<'a> {
        self.next_value().unwrap_or(Json::NULL)
    }

    /// Goes through the object that starts here. `member` gets each key and must take the value that follows, by one
    /// call of a method of the cursor. What is no object is leapt over. Returns the whole value.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&mut Self, Cow<'a, str>)) -> Json<'a> {
        let start = self.start();
        if self.peek() != Some(b'{') {
            return self.value();
        }
        self.at += 1;
        while let Some(key) = self.key() {
            member(self, key);
        }
        self.close(start)
    }

    /// Goes through the array that starts here. `item` must take one value by one call. What is no array is leapt
    /// over; the second part of the answer tells which it was.
    pub(crate) fn array(&mut self, mut item: impl FnMut(&mut Self)) -> (Json<'a>, bool) {
        let start = self.start();
        if self.peek() != Some(b'[') {
            return (self.value(), false);
        }
        self.at += 1;
        self.separators();
        while !matches!(self.peek(), None | Some(b']')) {
            item(self);
            self.separators();
        }
        (self.close(start), true)
    }

    /// Where the next value starts.
    fn start(&mut self) -> usize {
        self.separators();
        self.at
    }

    /// Takes the closing bracket, and gives all since `start`.
    fn close(&mut self, start: usize) -> Json<'a> {
        self.at = (self.at + 1).min(self.text.len());
        self.text
            .get(start..self.at)
            .map_or(Json::NULL, Json::trusted)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes white space, and the commas and colons that a validated text has in their places.
    fn separators(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b':') = self.peek() {
            self.at += 1;
        }
    }

    /// The next key; `None` at the end of the object.
    fn key(&mut self) -> Option<Cow<'a, str>> {
        self.separators();
        if self.peek()? != b'"' {
            return None;
        }
        let start = self.at;
        let (end, escaped) = end_of_string(self.text.as_bytes(), start);
        self.at = end;
        let inner = self.text.get(start + 1..end.saturating_sub(1))?;
        if !escaped {
            return Some(Cow::Borrowed(inner));
        }
        // A key that cannot be decoded keeps its escapes: it equals no name we know, and its siblings live on.
        let decoded = serde_json::from_str(self.text.get(start..end)?);
        Some(decoded.map_or(Cow::Borrowed(inner), Cow::Owned))
    }

    /// The value that starts here; `None` at the end of the container.
    fn next_value(&mut self) -> Option<Json<'a>> {
        let start = self.start();
        let bytes = self.text.as_bytes();
        self.at = match self.peek()? {
            b'"' => end_of_string(bytes, start).0,
            b'{' | b'[' => end_of_container(bytes, start),
            b'}' | b']' => return None,
            _ => end_of_scalar(bytes, start),
        };
        self.text.get(start..self.at).map(Json::trusted)
    }
}

impl<'a> Members<'a> {
    pub(super) fn new(json: Json<'a>) -> Self {
        let mut cursor = Cursor::new(json);
        cursor.at = if json.is_object() {
            1
        } else {
            json.get().len()
        };
        Self(cursor)
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.key()?;
        Some((key, self.0.next_value()?))
    }
}

impl<'a> Items<'a> {
    pub(super) fn new(json: Json<'a>) -> Self {
        let mut cursor = Cursor::new(json);
        cursor.at = 1;
        Self(cursor)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_value()
    }
}
