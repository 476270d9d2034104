//! What may be shown of values that identify a person or open a door.
//!
//! A log line, an error and a metric carry at most the last four characters: enough to tell two values apart while
//! looking for a fault, too little to call anybody. A wamid is base64 around a phone number, so it is such a value.

use std::fmt;

/// How many characters at the end may be shown.
const SHOWN: usize = 4;

/// The end of an opaque value: a wamid, a user id, a key's id.
pub fn tail(value: &str) -> Tail<'_> {
    Tail(value)
}

/// The end of a phone number, whatever is put between its digits.
pub fn phone(number: &str) -> Phone<'_> {
    Phone(number)
}

/// Displays the last four characters of a value, and none of one that has fewer than eight.
#[derive(Clone, Copy)]
pub struct Tail<'a>(&'a str);

/// Displays the last four digits of a phone number, and none of one that has fewer than eight.
#[derive(Clone, Copy)]
pub struct Phone<'a>(&'a str);

impl fmt::Display for Tail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_end(f, self.0.chars())
    }
}

impl fmt::Display for Phone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_end(f, self.0.chars().filter(char::is_ascii_digit))
    }
}

// Derived Debug would show the whole value, and `?value` in a log call is one character away from `%value`.
impl fmt::Debug for Tail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Phone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn show_end(
    f: &mut fmt::Formatter<'_>,
    characters: impl Iterator<Item = char> + Clone,
) -> fmt::Result {
    f.write_str("…")?;
    let length = characters.clone().count();
    // Four of five characters would be nearly the whole value.
    if length < 2 * SHOWN {
        return Ok(());
    }
    for character in characters.skip(length - SHOWN) {
        write!(f, "{character}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_shown() {
        assert_eq!(tail("wamid.HBgLMTY1MDUwNzY1MjAVAgA=").to_string(), "…AgA=");
        assert_eq!(format!("{:?}", tail("abcdefgh")), "…efgh");
        assert_eq!(phone("+49 170 123-45 67").to_string(), "…4567");
        assert_eq!(format!("{:?}", phone("491701234567")), "…4567");
    }

    #[test]
    fn short_values_are_hidden_whole() {
        for short in ["", "a", "abcd", "abcdefg"] {
            assert_eq!(tail(short).to_string(), "…");
        }
        assert_eq!(phone("12-34-56-7").to_string(), "…");
    }

    #[test]
    fn characters_are_not_cut_in_two() {
        assert_eq!(tail("ééééééüß").to_string(), "…ééüß");
    }
}
