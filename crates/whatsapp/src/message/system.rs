//! Type `system`: a customer's number, user id or security code changed. (Meta: webhooks, messages, system.)

use super::{Identity, IdentityChange, Message};
use crate::json::{Json, Wire, object};
use crate::text::Text;
use crate::timestamp::Timestamp;

object! {
    /// What the system says. Such messages come without `contacts[]`.
    pub struct System<'a> {
        /// Which news it is.
        pub kind: Option<SystemKind<'a>> = "type",
        /// The news in English.
        pub body: Option<Text<'a>>,
        /// The new phone number.
        pub wa_id: Option<Text<'a>>,
        /// The new phone number, by its older name.
        pub new_wa_id: Option<Text<'a>>,
        /// The new business-scoped user id.
        pub user_id: Option<Text<'a>>,
        /// The new parent user id.
        pub parent_user_id: Option<Text<'a>>,
    }

    /// `identity` of the message: the security code.
    pub struct IdentityCheck<'a> {
        /// Whether the business has confirmed it.
        pub acknowledged: Option<bool>,
        /// When the code was made.
        pub created_timestamp: Option<Timestamp>,
        /// Its hash.
        pub hash: Option<Text<'a>>,
    }
}

/// `system.type`.
#[derive(Clone, Debug, PartialEq)]
pub enum SystemKind<'a> {
    /// `user_changed_number`
    UserChangedNumber,
    /// `user_changed_user_id`
    UserChangedUserId,
    /// `customer_identity_changed`; some SDKs spell it `user_identity_changed`.
    CustomerIdentityChanged,
    /// Another word.
    Other(Text<'a>),
}

impl<'a> Wire<'a> for SystemKind<'a> {
    fn read(json: Json<'a>) -> Option<Self> {
        let word = Text::read(json)?;
        Some(match word.as_str() {
            // `customer_changed_number` is the word of older payloads.
            "user_changed_number" | "customer_changed_number" => Self::UserChangedNumber,
            "user_changed_user_id" => Self::UserChangedUserId,
            "customer_identity_changed" | "user_identity_changed" => Self::CustomerIdentityChanged,
            _ => Self::Other(word),
        })
    }
}

impl<'a> Message<'a> {
    /// `identity`: on `customer_identity_changed`, and on any message while the identity check is on.
    pub fn identity_check(&self) -> Option<IdentityCheck<'a>> {
        self.member("identity")
    }

    /// The news of a system message about who the sender is; `None` for other messages, and for news that lack what
    /// is new.
    pub fn identity_change(&self) -> Option<IdentityChange<'a>> {
        if self.kind != "system" {
            return None;
        }
        let system = System::read(self.object?)?;
        let old = Identity {
            phone: self.from.clone(),
            user_id: self.from_user_id.clone(),
            parent_user_id: self.from_parent_user_id.clone(),
        };
        match system.kind? {
            SystemKind::UserChangedNumber => Some(IdentityChange::Number {
                old,
                new_phone: filled(system.wa_id).or(filled(system.new_wa_id))?,
                new_user_id: filled(system.user_id),
                new_parent_user_id: filled(system.parent_user_id),
            }),
            SystemKind::UserChangedUserId => Some(IdentityChange::UserId {
                old,
                new_user_id: filled(system.user_id)?,
                new_parent_user_id: filled(system.parent_user_id),
            }),
            SystemKind::CustomerIdentityChanged => Some(IdentityChange::SecurityCode {
                who: old,
                hash: self.identity_check().and_then(|check| check.hash),
            }),
            SystemKind::Other(_) => None,
        }
    }
}

fn filled(text: Option<Text<'_>>) -> Option<Text<'_>> {
    text.filter(|text| !text.is_empty())
}
