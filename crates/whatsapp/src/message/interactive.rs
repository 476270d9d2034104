//! Type `interactive`: taps and forms. (Meta: interactive messages; flows, receive flow response; calling.)

use crate::json::{Json, Wire, object};
use crate::text::Text;
use crate::timestamp::Timestamp;

/// What was tapped or filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum Interactive<'a> {
    /// One of up to three buttons.
    ButtonReply(ButtonReply<'a>),
    /// A row of a list.
    ListReply(ListReply<'a>),
    /// A flow or an address form.
    FlowReply(FlowReply<'a>),
    /// Whether the business may call.
    CallPermissionReply(CallPermissionReply<'a>),
    /// Another type, or one without its object.
    Unknown {
        /// `interactive.type`.
        kind: Option<Text<'a>>,
        /// The object as received.
        raw: Json<'a>,
    },
}

object! {
    /// `button_reply`.
    pub struct ButtonReply<'a> {
        /// The id the business gave the button.
        pub id: Option<Text<'a>>,
        /// The button's label.
        pub title: Option<Text<'a>>,
    }

    /// `list_reply`.
    pub struct ListReply<'a> {
        /// The id the business gave the row.
        pub id: Option<Text<'a>>,
        /// The row's title.
        pub title: Option<Text<'a>>,
        /// The row's description.
        pub description: Option<Text<'a>>,
    }

    /// `nfm_reply`. It carries no flow id: put what you need into the flow token.
    pub struct FlowReply<'a> {
        /// `flow` or `address_message`.
        pub name: Option<Text<'a>>,
        /// What the chat shows, usually "Sent".
        pub body: Option<Text<'a>>,
        /// JSON inside a string, and not always an object.
        pub response_json: Option<Text<'a>>,
    }

    /// `call_permission_reply`.
    pub struct CallPermissionReply<'a> {
        /// `accept` or `reject`.
        pub response: Option<Text<'a>>,
        /// How long an acceptance lasts; a string or a number.
        pub expiration_timestamp: Option<Timestamp>,
        /// `user_action` or `automatic`.
        pub response_source: Option<Text<'a>>,
        /// Seen in one SDK, not in Meta's pages.
        pub is_permanent: Option<bool>,
    }
}

impl<'a> Wire<'a> for Interactive<'a> {
    fn read(raw: Json<'a>) -> Option<Self> {
        if !raw.is_object() {
            return None;
        }
        let kind = raw.member("type").and_then(Text::read);
        let object = kind.as_ref().and_then(|kind| raw.member(kind));
        let known = object.and_then(|object| match kind.as_deref()? {
            "button_reply" => ButtonReply::read(object).map(Self::ButtonReply),
            "list_reply" => ListReply::read(object).map(Self::ListReply),
            "nfm_reply" => FlowReply::read(object).map(Self::FlowReply),
            "call_permission_reply" => {
                CallPermissionReply::read(object).map(Self::CallPermissionReply)
            }
            _ => None,
        });
        Some(known.unwrap_or(Self::Unknown { kind, raw }))
    }
}
