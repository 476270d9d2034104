//! Types `image`, `video`, `audio`, `document`, `sticker`, and `voice` of old payloads.

use super::Message;
use crate::json::{Wire, object};
use crate::text::Text;

object! {
    /// The object of any media type.
    pub struct MediaObject<'a> {
        /// Meta's media id, good for 7 days.
        pub id: Option<Text<'a>>,
        /// With parameters, as in `audio/ogg; codecs=opus`.
        pub mime_type: Option<Text<'a>>,
        /// Base64 in live payloads; a history sample has 64 hex digits.
        pub sha256: Option<Text<'a>>,
        /// Where to fetch it, for some minutes, with the access token.
        pub url: Option<Text<'a>>,
        /// What the sender wrote below it.
        pub caption: Option<Text<'a>>,
        /// Documents only.
        pub filename: Option<Text<'a>>,
        /// Audio only: recorded in the chat.
        pub voice: Option<bool>,
        /// Stickers only.
        pub animated: Option<bool>,
    }
}

/// A file that came with a message and can be fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct Media<'a> {
    /// The message's type.
    pub kind: Text<'a>,
    /// Meta's media id.
    pub id: Text<'a>,
    /// See [`MediaObject::mime_type`].
    pub mime_type: Option<Text<'a>>,
    /// See [`MediaObject::sha256`].
    pub sha256: Option<Text<'a>>,
    /// See [`MediaObject::url`].
    pub url: Option<Text<'a>>,
    /// Documents only.
    pub filename: Option<Text<'a>>,
}

impl<'a> Message<'a> {
    /// The message's file; `None` for other types, and for media without an id (a placeholder of the history).
    pub fn media(&self) -> Option<Media<'a>> {
        let object = self.media_object()?;
        Some(Media {
            kind: self.kind.clone(),
            id: object.id.filter(|id| !id.is_empty())?,
            mime_type: object.mime_type,
            sha256: object.sha256,
            url: object.url,
            filename: object.filename,
        })
    }

    pub(super) fn media_object(&self) -> Option<MediaObject<'a>> {
        match self.kind.as_str() {
            "image" | "video" | "audio" | "voice" | "document" | "sticker" => {
                MediaObject::read(self.object?)
            }
            _ => None,
        }
    }
}
