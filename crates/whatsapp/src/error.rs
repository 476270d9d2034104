//! Meta's error object, which stands in three places: `value.errors` (system, app, account), `messages[].errors` and
//! `statuses[].errors`. Meta's advice: branch on `code` and `details`, never on titles.

use crate::json::{Json, Wire, object};
use crate::text::Text;

object! {
    /// One error of Meta's.
    pub struct MetaError<'a> {
        /// What to branch on.
        pub code: Option<i64>,
        /// Short text; equal to `message` in most payloads.
        pub title: Option<Text<'a>>,
        /// Short text.
        pub message: Option<Text<'a>>,
        /// The long text of `error_data`, which is an object with `details`, or a plain string.
        pub details: Option<Details<'a>> = "error_data",
        /// Link to Meta's page about it.
        pub href: Option<Text<'a>>,
        /// The exception's name, in older payloads.
        pub kind: Option<Text<'a>> = "type",
        /// Finer code, not to be relied on.
        pub error_subcode: Option<i64>,
    }
}

/// The text of `error_data`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details<'a>(pub Text<'a>);

impl<'a> Wire<'a> for Details<'a> {
    fn read(json: Json<'a>) -> Option<Self> {
        let text = if json.is_object() {
            json.member("details")?
        } else {
            json
        };
        Text::read(text).map(Self)
    }
}
