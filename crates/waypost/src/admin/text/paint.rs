//! Colours, or none.

use std::ffi::OsStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Bold,
    Dim,
    Good,
    Warn,
    Bad,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self(false);

    /// Colours are for terminals that can, and for nobody who has set NO_COLOR (no-color.org).
    pub(crate) fn choose(terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> Self {
        let wished = no_color.is_none_or(OsStr::is_empty);
        Self(terminal && wished && term.is_some_and(|term| term != "dumb"))
    }

    pub(crate) fn with(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Bold => "1",
            Tone::Dim => "2",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "1;31",
        };
        if self.0 && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_of_those_who_want_them() {
        let (xterm, dumb, set, empty) = (
            Some(OsStr::new("xterm")),
            Some(OsStr::new("dumb")),
            Some(OsStr::new("1")),
            Some(OsStr::new("")),
        );
        for (terminal, no_color, term, coloured) in [
            (true, None, xterm, true),
            (true, empty, xterm, true),
            (true, set, xterm, false),
            (true, None, dumb, false),
            (true, None, None, false),
            (false, None, xterm, false),
        ] {
            let paint = Paint::choose(terminal, no_color, term);
            assert_eq!(paint.with(Tone::Bold, "x") != "x", coloured);
            assert_eq!(paint.with(Tone::Plain, "x"), "x");
        }
    }
}
