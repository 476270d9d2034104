//! Text for people: times, tables, colours, and nothing that could play tricks with a terminal.

pub(crate) mod paint;
pub(crate) mod table;
pub(crate) mod time;

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

pub(crate) use paint::{Paint, Tone};
pub(crate) use table::{Cell, Table};

/// How wide text is where nobody says how wide a line may be.
pub(crate) const WIDTH: usize = 80;

/// What a view needs to know of the world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) paint: Paint,
    /// Columns of the terminal; `None` where it is none, and then nothing is cut off.
    pub(crate) width: Option<usize>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

impl Look {
    /// A heading, a table's head: text that stands out.
    pub(crate) fn bold(&self, text: &str) -> String {
        self.paint.with(Tone::Bold, text)
    }

    /// Text that may be overlooked.
    pub(crate) fn dim(&self, text: &str) -> String {
        self.paint.with(Tone::Dim, text)
    }

    /// Breaks text into lines, all but the first indented.
    pub(crate) fn wrap(&self, text: &str, indent: usize) -> String {
        let width = self.width.unwrap_or(WIDTH).max(indent + 20) - indent;
        let mut lines: Vec<String> = vec![String::new()];
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if line.is_empty() => line.push_str(word),
                Some(line) if line.width() + 1 + word.width() <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines.join(&format!("\n{}", " ".repeat(indent)))
    }
}

/// Text from outside, on one line and without letters that move the cursor, change colours or turn the reading direction:
/// a name or an error may hold anything.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let shows = |letter: char| {
        !letter.is_control()
            && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if text.chars().all(shows) {
        return Cow::Borrowed(text);
    }
    let plain = |letter: char| match letter {
        '\n' | '\r' | '\t' => ' ',
        letter if shows(letter) => letter,
        _ => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(plain).collect())
}

/// A count with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count of things: `1 message`, `2 messages`.
pub(crate) fn counted(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{} {one}s", count(number)),
    }
}

/// A rate a second, with as many digits as say something.
pub(crate) fn rate(per_second: f64) -> String {
    match per_second {
        r if !r.is_finite() || r <= 0.0 => "0".to_owned(),
        r if r < 0.1 => format!("{r:.2}"),
        r if r < 100.0 => trimmed(&format!("{r:.1}")),
        r => format!("{r:.0}"),
    }
}

fn trimmed(text: &str) -> String {
    text.strip_suffix(".0").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look {
        paint: Paint::PLAIN,
        width: Some(40),
        now: 0,
    };

    #[test]
    fn what_moves_cursors_is_not_shown() {
        assert_eq!(clean("Ada"), "Ada");
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{202e}d"), "a\u{fffd}[2Jb c\u{fffd}d");
    }

    #[test]
    fn figures_are_easy_to_read() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(counted(1, "message"), "1 message");
        assert_eq!(counted(0, "message"), "0 messages");
        assert_eq!(
            [0.0, 0.016, 0.25, 12.0, 12.34, 1234.5, f64::NAN].map(rate),
            ["0", "0.02", "0.2", "12", "12.3", "1234", "0"]
        );
    }

    #[test]
    fn long_text_is_broken_between_words() {
        let text = LOOK.wrap("one two three four five six seven eight", 10);
        assert_eq!(text, "one two three four five six\n          seven eight");
    }
}

/// What golden tests look through: no colours, a fixed moment.
#[cfg(test)]
pub(crate) mod golden {
    use prost_types::Timestamp;

    use super::{Look, Paint, time};

    /// The moment of every golden test.
    pub(crate) const NOW: &str = "2026-11-24T21:15:20Z";

    pub(crate) fn at(text: &str) -> Timestamp {
        time::parse(text).unwrap()
    }

    /// A time on the day of the tests.
    pub(crate) fn clock(text: &str) -> Option<Timestamp> {
        Some(at(&format!("2026-11-24T{text}Z")))
    }

    pub(crate) fn look(width: Option<usize>) -> Look {
        Look {
            paint: Paint::PLAIN,
            width,
            now: time::millis(&at(NOW)),
        }
    }
}
