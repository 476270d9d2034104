//! An object of the body together with the way to it, and what can be asked of its members.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::faults::{Faults, Path};

/// An object of the body. A member that is `null` is as good as absent.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) path: &'a Path<'a>,
    pub(super) members: &'a Map<String, Value>,
}

impl<'a> Place<'a> {
    /// A member that is there.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A member that is a string.
    pub(super) fn word(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    pub(super) fn at<'s>(&'s self, name: &'s str) -> Path<'s> {
        Path::Member(self.path, name)
    }

    pub(super) fn fault(&self, faults: &mut Faults, name: &str, message: impl Into<String>) {
        faults.add(self.at(name), message);
    }

    /// A member that must be there.
    pub(super) fn required(&self, faults: &mut Faults, name: &str) -> Option<&'a Value> {
        let found = self.get(name);
        if found.is_none() {
            self.fault(faults, name, "is required");
        }
        found
    }

    /// Runs `check` on a member that must be an object.
    pub(super) fn object(
        &self,
        faults: &mut Faults,
        name: &str,
        check: impl FnOnce(&mut Faults, Place<'_>),
    ) {
        if self.required(faults, name).is_some() {
            self.object_if_any(faults, name, check);
        }
    }

    /// Runs `check` on a member that must be an object, when it is there.
    pub(super) fn object_if_any(
        &self,
        faults: &mut Faults,
        name: &str,
        check: impl FnOnce(&mut Faults, Place<'_>),
    ) {
        let path = self.at(name);
        match self.get(name) {
            None => {}
            Some(Value::Object(members)) => check(
                faults,
                Place {
                    path: &path,
                    members,
                },
            ),
            Some(_) => faults.add(path, "must be an object"),
        }
    }

    /// Runs `check` on each item of a member that must be a list of objects of an allowed length. The number of items.
    pub(super) fn list(
        &self,
        faults: &mut Faults,
        name: &str,
        allowed: RangeInclusive<usize>,
        check: impl FnMut(&mut Faults, Place<'_>),
    ) -> usize {
        match self.required(faults, name) {
            Some(_) => self.list_if_any(faults, name, allowed, check),
            None => 0,
        }
    }

    /// As [`Place::list`], for a member that may be absent.
    pub(super) fn list_if_any(
        &self,
        faults: &mut Faults,
        name: &str,
        allowed: RangeInclusive<usize>,
        mut check: impl FnMut(&mut Faults, Place<'_>),
    ) -> usize {
        let path = self.at(name);
        let items = match self.get(name) {
            None => return 0,
            Some(Value::Array(items)) => items,
            Some(_) => {
                faults.add(path, "must be a list");
                return 0;
            }
        };
        let (least, most) = (*allowed.start(), *allowed.end());
        if items.len() > most {
            faults.add(
                path,
                format!("has too many items; at most {most} are allowed"),
            );
        } else if items.len() < least {
            faults.add(path, format!("has too few items; at least {least} needed"));
        }
        for (index, item) in items.iter().enumerate() {
            let path = Path::Item(&path, index);
            match item.as_object() {
                Some(members) => check(
                    faults,
                    Place {
                        path: &path,
                        members,
                    },
                ),
                None => faults.add(path, "must be an object"),
            }
        }
        items.len()
    }

    /// A string that must be there, not empty, and not longer than `most` characters.
    pub(super) fn text(&self, faults: &mut Faults, name: &str, most: usize) {
        if self.required(faults, name).is_none() {
            return;
        }
        if self.word(name) == Some("") {
            self.fault(faults, name, "must not be empty");
        }
        self.text_if_any(faults, name, most);
    }

    /// A string that may be absent or empty.
    pub(super) fn text_if_any(&self, faults: &mut Faults, name: &str, most: usize) {
        // Bytes first: nothing has more characters than bytes.
        let fits = |text: &str| text.len() <= most || text.chars().count() <= most;
        match self.get(name) {
            None => {}
            Some(Value::String(text)) if fits(text) => {}
            Some(Value::String(_)) => {
                let message = format!("is too long; at most {most} characters are allowed");
                self.fault(faults, name, message);
            }
            Some(_) => self.fault(faults, name, "must be a string"),
        }
    }

    /// An identifier that must be there. Meta's examples have strings; numbers are turned into strings by its side.
    pub(super) fn id(&self, faults: &mut Faults, name: &str) {
        if self.required(faults, name).is_some() {
            self.id_if_any(faults, name);
        }
    }

    /// An identifier, when it is there.
    pub(super) fn id_if_any(&self, faults: &mut Faults, name: &str) {
        match self.get(name) {
            Some(Value::String(id)) if id.is_empty() => {
                self.fault(faults, name, "must not be empty");
            }
            None | Some(Value::String(_) | Value::Number(_)) => {}
            Some(_) => self.fault(faults, name, "must be a string"),
        }
    }

    /// A member that can have one value only.
    pub(super) fn fixed(&self, faults: &mut Faults, name: &str, value: &str) {
        if self.required(faults, name).is_some() && self.word(name) != Some(value) {
            self.fault(faults, name, format!("must be \"{value}\""));
        }
    }

    /// Exactly one of two identifiers.
    pub(super) fn one_of(&self, faults: &mut Faults, one: &str, other: &str) {
        match (self.get(one), self.get(other)) {
            (None, None) => {
                let message = format!("needs one of \"{one}\" and \"{other}\"");
                faults.add(*self.path, message);
            }
            (Some(_), Some(_)) => {
                let message = format!("must have one of \"{one}\" and \"{other}\", not both");
                faults.add(*self.path, message);
            }
            _ => {}
        }
        self.id_if_any(faults, one);
        self.id_if_any(faults, other);
    }

    /// True or false.
    pub(super) fn flag_if_any(&self, faults: &mut Faults, name: &str) {
        // Graph also reads the words, so they are not known to be wrong.
        if !matches!(
            self.get(name),
            None | Some(Value::Bool(_) | Value::String(_))
        ) {
            self.fault(faults, name, "must be true or false");
        }
    }
}
