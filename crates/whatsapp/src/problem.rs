//! Why a body, or one item of it, cannot be used. None of these gets better by trying again with the same bytes.

use crate::escape::Poison;

/// What is wrong with a webhook or an item. The texts never quote the content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The body is not text.
    #[error("the body is not UTF-8 (first bad byte at offset {at})")]
    NotUtf8 {
        /// Offset in bytes.
        at: usize,
    },
    /// The body is not JSON. The reason is the parser's, with line and column.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// The body is JSON, but no webhook.
    #[error("the body is not a webhook: {0}")]
    NotAWebhook(&'static str),
    /// An entry, change or item has not the shape that it needs to be handled.
    #[error("malformed {what}: {why}")]
    Shape {
        /// Which kind of part.
        what: &'static str,
        /// What it lacks.
        why: &'static str,
    },
    /// It can be read but not stored.
    #[error("cannot be stored: {0}")]
    Poison(#[from] Poison),
}

impl ParseError {
    /// True when the text is valid and only storing it is impossible.
    pub fn is_poison(&self) -> bool {
        matches!(self, Self::Poison(_))
    }

    /// Always false: the bytes stay what they are. Callers that sort errors of several crates ask all alike.
    pub fn is_transient(&self) -> bool {
        false
    }
}
