//! The list of faults that checks add to, and the way to each.

use std::fmt;

use super::Fault;

/// The way from the body to a value. A chain of borrowed steps, so that a body without faults costs no allocation.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    /// The body itself.
    Root,
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

/// As an RFC 6901 JSON pointer.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(parent, name) => {
                write!(f, "{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Item(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// More help nobody, and a body of a megabyte could have hundred thousands.
    pub(super) const MOST: usize = 100;

    pub(super) fn add(&mut self, path: Path<'_>, message: impl Into<String>) {
        if self.0.len() < Self::MOST {
            self.0.push(Fault {
                pointer: path.to_string(),
                message: message.into(),
            });
        }
    }

    pub(super) fn into_result<T>(self, passed: T) -> Result<T, Vec<Fault>> {
        if self.0.is_empty() {
            Ok(passed)
        } else {
            Err(self.0)
        }
    }
}
