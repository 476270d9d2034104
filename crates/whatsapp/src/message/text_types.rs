//! Types that are little more than a text.

use crate::json::object;
use crate::text::Text;

object! {
    /// Type `text`.
    pub struct TextBody<'a> {
        /// What was written.
        pub body: Option<Text<'a>>,
    }

    /// Type `button`: a tap on a quick reply of a template. `context` may be missing.
    pub struct Button<'a> {
        /// What the template gave the button.
        pub payload: Option<Text<'a>>,
        /// The button's label.
        pub text: Option<Text<'a>>,
    }

    /// Type `reaction`, only for messages of the last 30 days.
    pub struct Reaction<'a> {
        /// The message that is reacted to.
        pub message_id: Option<Text<'a>>,
        /// Missing when the reaction is taken back; `""` in older payloads.
        pub emoji: Option<Text<'a>>,
    }
}

impl Reaction<'_> {
    /// True when an earlier reaction is taken back.
    pub fn is_removal(&self) -> bool {
        self.emoji.as_ref().is_none_or(|emoji| emoji.is_empty())
    }
}
