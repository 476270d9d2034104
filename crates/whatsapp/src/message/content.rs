//! What a message says, by type. Read when asked for: storing a message does not need it.

use super::{
    Button, Edit, Interactive, Location, MediaObject, Message, Order, Reaction, Revoke,
    SharedContact, System, TextBody, Unsupported,
};
use crate::json::{Field, Json, Wire};
use crate::text::Text;

/// The content of every type that Meta documents.
#[derive(Clone, Debug, PartialEq)]
pub enum Content<'a> {
    /// `text`
    Text(TextBody<'a>),
    /// `image`
    Image(MediaObject<'a>),
    /// `video`
    Video(MediaObject<'a>),
    /// `audio`, and `voice` of old payloads. A voice note is an audio with `voice` true.
    Audio(MediaObject<'a>),
    /// `document`
    Document(MediaObject<'a>),
    /// `sticker`
    Sticker(MediaObject<'a>),
    /// `location`
    Location(Location<'a>),
    /// `contacts`
    Contacts(Vec<SharedContact<'a>>),
    /// `reaction`
    Reaction(Reaction<'a>),
    /// `button`
    Button(Button<'a>),
    /// `interactive`
    Interactive(Interactive<'a>),
    /// `order`
    Order(Order<'a>),
    /// `system`
    System(System<'a>),
    /// `revoke`
    Revoke(Revoke<'a>),
    /// `edit`
    Edit(Edit<'a>),
    /// `unsupported` and `unknown`
    Unsupported(Unsupported<'a>),
    /// `request_welcome`: the chat was opened for the first time. Removed by Meta in March 2026.
    RequestWelcome,
    /// `media_placeholder`: a file of the history whose id follows in a webhook of its own.
    MediaPlaceholder,
    /// `ephemeral`: no content is handed on. Known from on-premises payloads only.
    Ephemeral,
    /// A type we do not know, or one whose object is missing or of the wrong shape (Meta sends `interactive` without
    /// its object when it could not read it).
    Unknown {
        /// The whole message.
        raw: Json<'a>,
    },
}

impl<'a> Message<'a> {
    /// Reads the content.
    pub fn content(&self) -> Content<'a> {
        let raw = Json::trusted(self.raw);
        // Our word for a missing type is Meta's old word for one it does not hand on.
        if self.kind == "unknown" && raw.member("type").is_none() {
            return Content::Unknown { raw };
        }
        match Content::of(&self.kind, self.object, raw) {
            Content::Unsupported(told) => Content::Unsupported(Unsupported {
                errors: self.errors(),
                ..told
            }),
            content => content,
        }
    }
}

impl<'a> Content<'a> {
    /// `object` is the member named like the type, `raw` the whole message.
    pub(super) fn of(kind: &str, object: Option<Json<'a>>, raw: Json<'a>) -> Self {
        let unknown = Self::Unknown { raw };
        match (kind, object) {
            ("unsupported" | "unknown", object) => Self::Unsupported(Unsupported {
                kind: object
                    .and_then(|object| object.member("type"))
                    .and_then(Text::read),
                errors: raw.member("errors").map(Field::fill).unwrap_or_default(),
            }),
            ("request_welcome", _) => Self::RequestWelcome,
            ("media_placeholder", _) => Self::MediaPlaceholder,
            ("ephemeral", _) => Self::Ephemeral,
            (kind, Some(object)) => Self::typed(kind, object).unwrap_or(unknown),
            (_, None) => unknown,
        }
    }

    fn typed(kind: &str, object: Json<'a>) -> Option<Self> {
        match kind {
            "text" => TextBody::read(object).map(Self::Text),
            "image" => MediaObject::read(object).map(Self::Image),
            "video" => MediaObject::read(object).map(Self::Video),
            "audio" | "voice" => MediaObject::read(object).map(Self::Audio),
            "document" => MediaObject::read(object).map(Self::Document),
            "sticker" => MediaObject::read(object).map(Self::Sticker),
            "location" => Location::read(object).map(Self::Location),
            "contacts" => object.items().map(|_| Self::Contacts(Field::fill(object))),
            "reaction" => Reaction::read(object).map(Self::Reaction),
            "button" => Button::read(object).map(Self::Button),
            "interactive" => Interactive::read(object).map(Self::Interactive),
            "order" => Order::read(object).map(Self::Order),
            "system" => System::read(object).map(Self::System),
            "revoke" => Revoke::read(object).map(Self::Revoke),
            "edit" => Edit::read(object).map(Self::Edit),
            _ => None,
        }
    }
}
