//! Parts of pages about one thing: named rows, errors, a payload.

use waypost_rpc::v1::ErrorDetail;

use crate::admin::text::{Look, Tone, clean};

/// Where values begin.
const INDENT: usize = 13;

/// Names with their values; what has none is left out.
pub(crate) struct Rows<'a> {
    look: &'a Look,
    text: String,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(look: &'a Look) -> Self {
        Self {
            look,
            text: String::new(),
        }
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.toned(name, Tone::Plain, value);
    }

    pub(crate) fn toned(&mut self, name: &str, tone: Tone, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = self.look.wrap(&clean(value), INDENT);
        // Colours end with the line, or they would colour the indent.
        let lines: Vec<String> = value
            .split('\n')
            .map(|line| {
                let words = line.trim_start();
                let space = " ".repeat(line.len() - words.len());
                space + &self.look.paint.with(tone, words)
            })
            .collect();
        let name = self.look.dim(&format!("{name:<10}"));
        self.text
            .push_str(&format!("  {name} {}\n", lines.join("\n")));
    }

    pub(crate) fn text(self) -> String {
        self.text
    }
}

/// An error: Meta's code and words, then ours, then what Meta's support asks for.
pub(crate) fn error_lines(error: &ErrorDetail, indent: usize, look: &Look) -> String {
    let mut text = String::new();
    let mut line = |tone: Tone, words: &str| {
        let words = look.wrap(&clean(words), indent);
        let space = " ".repeat(indent);
        for (at, part) in words.split('\n').enumerate() {
            let part = look.paint.with(tone, part.trim_start());
            text.push_str(&format!(
                "{space}{}{part}\n",
                if at == 0 { "" } else { "  " }
            ));
        }
    };
    line(Tone::Bad, &said(error));
    if !error.explanation.is_empty() {
        line(Tone::Bold, &error.explanation);
    }
    if !error.fbtrace_id.is_empty() {
        line(
            Tone::Dim,
            &format!("for Meta's support: fbtrace_id {}", error.fbtrace_id),
        );
    }
    text
}

/// `Meta's error 131056 (HTTP 400): Pair rate limit hit`.
fn said(error: &ErrorDetail) -> String {
    let mut said = match (error.code, error.subcode) {
        (0, _) => "error".to_owned(),
        (code, 0) => format!("Meta's error {code}"),
        (code, subcode) => format!("Meta's error {code}/{subcode}"),
    };
    if error.http_status > 0 {
        said.push_str(&format!(" (HTTP {})", error.http_status));
    }
    if !error.message.is_empty() {
        said.push_str(&format!(": {}", error.message));
    }
    said
}

/// A payload, if there is one: JSON with indents, or as it is.
pub(crate) fn payload(payload: &str, look: &Look) -> String {
    if payload.is_empty() {
        return String::new();
    }
    let pretty = serde_json::from_str::<serde_json::Value>(payload)
        .map_or_else(|_| payload.to_owned(), |value| format!("{value:#}"));
    let lines: Vec<String> = pretty
        .lines()
        .map(|line| format!("  {}\n", clean(line)))
        .collect();
    format!("\n{}\n{}", look.bold("Payload"), lines.concat())
}
