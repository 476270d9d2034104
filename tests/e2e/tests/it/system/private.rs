//! What must be found nowhere, and the search for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How much of what was found is shown.
const SHOWN: usize = 40;

/// Words that must be found nowhere, each with what it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Private(Vec<(String, String)>);

/// Text that must hold none of them, each with where it is from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts(Vec<(String, String)>);

impl Private {
    /// Adds a word as it is.
    pub(crate) fn word(&mut self, what: &str, word: &str) {
        assert!(word.len() >= 8, "{what} would be found by chance");
        self.0.push((what.to_owned(), word.to_owned()));
    }

    /// Adds a phone number: its digits, and what they look like within base64, wherever they stand in it.
    pub(crate) fn phone(&mut self, digits: &str) {
        self.word(&format!("the phone number {digits}"), digits);
        for before in 0..3 {
            let text = STANDARD.encode([vec![0; before], digits.as_bytes().to_vec()].concat());
            // Characters at either end that depend on what stands beside the digits too.
            let (from, end) = ((before * 8).div_ceil(6), (before + digits.len()) * 8 / 6);
            self.word(&format!("{digits} in base64"), &text[from..end]);
        }
    }

    /// Adds an id of Meta's: whole, and without what all begin with.
    pub(crate) fn wamid(&mut self, wamid: &str) {
        self.word("a wamid", wamid.trim_start_matches("wamid."));
    }

    /// Which of them are in a text.
    fn found_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        self.0.iter().filter_map(move |(what, word)| {
            let at = text.find(word)?;
            let (from, end) = (
                text.floor_char_boundary(at.saturating_sub(300)),
                at + word.len(),
            );
            let around = &text[from..text.ceil_char_boundary(end + 120)];
            Some(format!("{what} ({word}) in …{around}…"))
        })
    }
}

impl Texts {
    /// Adds one.
    pub(crate) fn add(&mut self, whence: &str, text: impl Into<String>) {
        self.0.push((whence.to_owned(), text.into()));
    }

    /// Whether it stands in a text from there: what is searched in is what it should be.
    pub(crate) fn hold(&self, whence: &str, word: &str) -> bool {
        let mut from_there = self.0.iter().filter(|(from, _)| from == whence);
        from_there.any(|(_, text)| text.contains(word))
    }

    /// None of it is anywhere.
    ///
    /// # Panics
    /// With all that is somewhere, and where.
    pub(crate) fn hold_none_of(&self, private: &Private) {
        let mut found: Vec<String> = Vec::new();
        for (whence, text) in &self.0 {
            // Line by line: each that tells too much shows another place in the code.
            let told = text.lines().flat_map(|line| private.found_in(line));
            found.extend(told.map(|told| format!("{whence}: {told}")));
        }
        let some: Vec<&str> = found.iter().take(SHOWN).map(String::as_str).collect();
        assert!(
            found.is_empty(),
            "{} times too much is told:\n{}",
            found.len(),
            some.join("\n")
        );
    }
}

#[test]
fn what_is_private_is_found() {
    let mut private = Private::default();
    private.phone("4915755501234");
    private.word("a body", "Quokkas dance");
    for bad in ["to +4915755501234!", "he said: Quokkas dance at night"] {
        assert_eq!(private.found_in(bad).count(), 1, "{bad}");
    }
    for before in ["", "a", "ab", "abc"] {
        let text = STANDARD.encode(format!("{before}4915755501234 and more"));
        assert_eq!(private.found_in(&text).count(), 1, "{text}");
    }
    assert_eq!(private.found_in("to …1234, wamid …zkVA").count(), 0);
}
