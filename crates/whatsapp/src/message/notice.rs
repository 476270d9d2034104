//! Types that say something about messages: `revoke`, `edit`, `unsupported`.

use super::Content;
use crate::error::MetaError;
use crate::json::{Json, Wire, object};
use crate::text::Text;

object! {
    /// Type `revoke`: deleted by who wrote it. Only numbers that the phone app uses too get it.
    pub struct Revoke<'a> {
        /// The wamid of the deleted message.
        pub original_message_id: Option<Text<'a>>,
    }

    /// Type `edit`: text or caption changed within 15 minutes. Only numbers that the phone app uses too get it.
    pub struct Edit<'a> {
        /// The wamid of the changed message.
        pub original_message_id: Option<Text<'a>>,
        /// What it says now.
        pub message: Option<Edited<'a>>,
    }
}

/// What an edited message says now. Its content is read when asked for, so that an edit of an edit of an edit costs
/// no stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited<'a> {
    /// Meta's type word.
    pub kind: Option<Text<'a>>,
    /// The new message as received.
    pub raw: Json<'a>,
}

impl<'a> Edited<'a> {
    /// The new content.
    pub fn content(&self) -> Content<'a> {
        let kind = self.kind.as_deref().unwrap_or_default();
        Content::of(kind, self.raw.member(kind), self.raw)
    }
}

impl<'a> Wire<'a> for Edited<'a> {
    fn read(raw: Json<'a>) -> Option<Self> {
        let kind = raw.member("type").and_then(Text::read);
        raw.is_object().then_some(Self { kind, raw })
    }
}

/// Type `unsupported`, and `unknown` of older payloads: polls, events, view-once media and whatever else Meta does
/// not hand on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unsupported<'a> {
    /// What it was, if told: `edit`, `poll`, `button` and so on.
    pub kind: Option<Text<'a>>,
    /// 131051 not supported; 131060 content unavailable.
    pub errors: Vec<MetaError<'a>>,
}
