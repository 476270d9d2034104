//! Finds the two escapes that JSON allows and that nothing behind us can hold.
//!
//! PostgreSQL's text and jsonb have no `\u0000`, and a lone surrogate is no character at all. Only the item that
//! carries one is set aside, so it has to be known which item that is.

use memchr::memchr;

/// What makes a JSON text impossible to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Poison {
    /// `\u0000`
    #[error("it holds the character U+0000, which PostgreSQL cannot store")]
    Nul,
    /// A `\ud800` to `\udfff` that is not part of a pair.
    #[error("it holds a lone surrogate, which is no character")]
    LoneSurrogate,
}

/// The first such escape in a valid JSON text. In valid JSON a backslash occurs only inside strings, so walking from
/// backslash to backslash is enough, and an escaped backslash (`\\u0000` is six harmless characters) is passed whole.
pub fn find_poison(json: &str) -> Option<Poison> {
    let bytes = json.as_bytes();
    let mut at = 0;
    loop {
        at += memchr(b'\\', bytes.get(at..)?)?;
        let Some(unit) = escaped_unit(bytes, at) else {
            at += 2;
            continue;
        };
        match unit {
            0 => return Some(Poison::Nul),
            0xd800..=0xdbff => match escaped_unit(bytes, at + 6) {
                Some(0xdc00..=0xdfff) => at += 12,
                _ => return Some(Poison::LoneSurrogate),
            },
            0xdc00..=0xdfff => return Some(Poison::LoneSurrogate),
            _ => at += 6,
        }
    }
}

/// The UTF-16 unit of the `\uXXXX` that starts at `at`, if one does.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let [b'\\', b'u', hex @ ..] = bytes.get(at..at + 6)? else {
        return None;
    };
    let digit = |unit: u16, byte: &u8| Some(unit << 4 | char::from(*byte).to_digit(16)? as u16);
    hex.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::{Poison, find_poison};

    #[test]
    fn finds_what_cannot_be_stored() {
        for (json, expected) in [
            (r#""a\u0000b""#, Poison::Nul),
            (r#""\\\u0000""#, Poison::Nul),
            (r#""\ud800""#, Poison::LoneSurrogate),
            (r#""\uD83Dx""#, Poison::LoneSurrogate),
            (r#""\ud83d\n""#, Poison::LoneSurrogate),
            (r#""\ud83d\ud83d\udc4d""#, Poison::LoneSurrogate),
            (r#""\udc4d\ud83d""#, Poison::LoneSurrogate),
            (r#""\ud83d\udc4d\udc4d""#, Poison::LoneSurrogate),
        ] {
            assert_eq!(find_poison(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn leaves_the_harmless_alone() {
        for json in [
            r#""plain""#,
            r#""\\u0000""#,
            r#""\\\\u0000\\ud800""#,
            r#""\ud83d\udc4d \uD83D\uDC4D""#,
            r#""\u00e9\n\"\/\u0001""#,
            r#""\\""#,
            "",
        ] {
            assert_eq!(find_poison(json), None, "{json}");
        }
    }

    #[test]
    fn agrees_with_serde_json_about_every_unit() {
        for unit in 0..=u16::MAX {
            let json = format!("\"\\u{unit:04x}\"");
            let readable =
                serde_json::from_str::<String>(&json).is_ok_and(|text| !text.contains('\0'));
            assert_eq!(find_poison(&json).is_none(), readable, "{json}");
        }
    }
}
