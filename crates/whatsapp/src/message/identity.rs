//! News about who a customer is, from system messages and from field `user_id_update`.

use crate::text::Text;

/// The ids a customer had before. Any may be absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity<'a> {
    /// Phone, digits only.
    pub phone: Option<Text<'a>>,
    /// Business-scoped user id.
    pub user_id: Option<Text<'a>>,
    /// Parent business-scoped user id.
    pub parent_user_id: Option<Text<'a>>,
}

/// What became of a customer's identity.
#[derive(Clone, Debug, PartialEq)]
pub enum IdentityChange<'a> {
    /// The phone number changed. Meta makes a new user id then too, and may say so in the same notice.
    Number {
        /// Who it was.
        old: Identity<'a>,
        /// The number of now.
        new_phone: Text<'a>,
        /// The user id of now, where it is told.
        new_user_id: Option<Text<'a>>,
        /// The parent user id of now, where it is told.
        new_parent_user_id: Option<Text<'a>>,
    },
    /// The business-scoped user id changed; the phone may be unknown.
    UserId {
        /// Who it was.
        old: Identity<'a>,
        /// The user id of now.
        new_user_id: Text<'a>,
        /// The parent user id of now, where it is told.
        new_parent_user_id: Option<Text<'a>>,
    },
    /// The security code changed (new phone, or WhatsApp installed again). No identifier did.
    SecurityCode {
        /// Who it is.
        who: Identity<'a>,
        /// The hash of now, to be sent as `recipient_identity_key_hash`.
        hash: Option<Text<'a>>,
    },
}
