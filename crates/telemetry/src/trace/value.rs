//! Values of attributes.

use std::borrow::Cow;

use uuid::Uuid;

/// Longer texts are cut: a span is for finding, not for reading.
const LONGEST: usize = 256;

/// The value of an attribute. Never a secret, what somebody wrote, a wamid or a phone number.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(Cow<'static, str>),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// An id, written out only when it is exported.
    Id(Uuid),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(cut(text)))
    }
}

impl From<String> for Value {
    fn from(mut text: String) -> Self {
        text.truncate(cut(&text).len());
        Self::Text(Cow::Owned(text))
    }
}

impl From<Cow<'static, str>> for Value {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Id(value)
    }
}

macro_rules! from_int {
    ($($int:ty),+) => {
        $(impl From<$int> for Value {
            fn from(value: $int) -> Self {
                Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
            }
        })+
    };
}

from_int!(u8, u16, u32, u64, usize, i32, i64);

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(LONGEST);
        let Value::Text(text) = Value::from(format!("x{long}")) else {
            panic!("not text");
        };
        assert_eq!(text.len(), LONGEST - 1);
        assert!(text.ends_with('é'));
        assert_eq!(Value::from("short"), Value::Text("short".into()));
    }

    #[test]
    fn numbers_that_do_not_fit_saturate() {
        assert_eq!(Value::from(u64::MAX), Value::Int(i64::MAX));
        assert_eq!(Value::from(7usize), Value::Int(7));
    }
}
