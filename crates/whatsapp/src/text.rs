//! A string of a webhook, borrowed from its body wherever it has no escapes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::json::{Json, Wire};

/// A string that Postgres can hold: it has no NUL, and its escapes could be decoded.
///
/// `Debug` shows the length only, because the text may be a name, a phone number or a message.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// The text; the same as dereferencing, where a `&str` must be named.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when no copy was made.
    pub fn is_borrowed(&self) -> bool {
        matches!(self.0, Cow::Borrowed(_))
    }

    /// The owned or borrowed string itself.
    pub fn into_cow(self) -> Cow<'a, str> {
        self.0
    }

    /// Identifiers that are empty are treated as absent.
    pub(crate) fn read_id(json: Json<'a>) -> Option<Self> {
        Self::read(json).filter(|text| !text.is_empty())
    }
}

impl<'a> Wire<'a> for Text<'a> {
    fn read(json: Json<'a>) -> Option<Self> {
        let quoted = json.get();
        let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
        // A raw NUL is no valid JSON, so only a decoded string can hold one.
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Some(Self(Cow::Borrowed(inner)));
        }
        let decoded: String = serde_json::from_str(quoted).ok()?;
        (!decoded.contains('\0')).then_some(Self(Cow::Owned(decoded)))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.len())
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// Borrows where the input allows it, which `Option<Cow<str>>` of serde never does.
impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(Borrow)
    }
}

/// An identifier that Meta sends as a string here and as a number there, kept as its text (a 64-bit template id does
/// not survive as a float).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Token<'a>(Text<'a>);

impl<'a> Token<'a> {
    /// The identifier as text.
    pub fn as_text(&self) -> &Text<'a> {
        &self.0
    }
}

impl<'a> Wire<'a> for Token<'a> {
    fn read(json: Json<'a>) -> Option<Self> {
        let text = json.get();
        if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Some(Self(Text(Cow::Borrowed(text))));
        }
        Text::read(json).map(Self)
    }
}

impl Deref for Token<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<&str> for Token<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, Token};
    use crate::json::{Json, Wire};

    fn text(json: &str) -> Option<Text<'_>> {
        Text::read(Json::check(json).unwrap())
    }

    #[test]
    fn borrows_without_escapes_and_decodes_with_them() {
        assert!(text("\"plain é\"").unwrap().is_borrowed());
        let decoded = text(r#""\u00e9 \ud83d\udc4d \/""#).unwrap();
        assert!(!decoded.is_borrowed());
        assert_eq!(decoded, "é 👍 /");
    }

    #[test]
    fn what_postgres_cannot_hold_is_absent() {
        for wrong in [
            r#""a\u0000b""#,
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            "1",
            "null",
            "{}",
            "[]",
            "true",
        ] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
        assert_eq!(text(r#""\\u0000""#).unwrap(), "\\u0000");
    }

    #[test]
    fn debug_hides_and_serde_borrows() {
        let read: Text<'_> = serde_json::from_str("\"secret\"").unwrap();
        assert!(read.is_borrowed());
        assert_eq!(format!("{read:?}"), "Text(6 bytes)");
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"secret\"");
    }

    #[test]
    fn a_token_keeps_a_number_as_text() {
        assert_eq!(
            Token::read(Json::check("16505551234567890123").unwrap()).unwrap(),
            "16505551234567890123"
        );
        assert_eq!(Token::read(Json::check("\"abc\"").unwrap()).unwrap(), "abc");
        assert_eq!(Token::read(Json::check("true").unwrap()), None);
    }
}
