//! JSON the way Meta writes it: all that is not ASCII as `\uXXXX` in lower case, and `/` as `\/`. A receiver that
//! checks the signature over anything but the raw bytes fails on it.

use std::io;

use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// The text of a value.
pub(crate) fn encode(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Ascii(CompactFormatter));
    // A Value has no keys that are not strings, and a Vec takes every byte.
    match serde::Serialize::serialize(value, &mut serializer) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => value.to_string(),
    }
}

struct Ascii(CompactFormatter);

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for part in fragment.split_inclusive(|letter: char| !letter.is_ascii() || letter == '/') {
            let plain = part.trim_end_matches(|letter: char| !letter.is_ascii() || letter == '/');
            self.0.write_string_fragment(writer, plain)?;
            for letter in part[plain.len()..].chars() {
                match letter {
                    '/' => writer.write_all(b"\\/")?,
                    letter => {
                        for unit in letter.encode_utf16(&mut [0; 2]) {
                            write!(writer, "\\u{unit:04x}")?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::encode;
    use serde_json::{Value, json};

    #[test]
    fn escapes_like_meta_and_reads_back() {
        let value = json!({"a/b": "é 👍 // \"\\ \u{1}", "é": ["ü", 1, null]});
        let text = encode(&value);
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains(r"\u00e9 \ud83d\udc4d \/\/ "), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
