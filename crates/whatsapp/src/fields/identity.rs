//! `user_id_update` and `business_username_updates`. (Meta: business-scoped user IDs.)

use crate::json::object;
use crate::message::{Identity, IdentityChange};
use crate::text::{Text, Token};
use crate::timestamp::Timestamp;

object! {
    /// `user_id_update`. An SDK says that it cannot be subscribed to and only the system message comes; a provider
    /// forwards it. Both ways are understood.
    pub struct UserIdUpdate<'a> {
        /// One a customer.
        pub user_id_update: Vec<UserIdEntry<'a>>,
    }

    /// A customer's new id.
    pub struct UserIdEntry<'a> {
        /// Phone, if known.
        pub wa_id: Option<Text<'a>>,
        /// Text for people.
        pub detail: Option<Text<'a>>,
        /// The user id.
        pub user_id: Option<IdChange<'a>>,
        /// The parent user id, for enrolled businesses.
        pub parent_user_id: Option<IdChange<'a>>,
        /// When.
        pub timestamp: Option<Timestamp>,
    }

    /// An id before and after.
    pub struct IdChange<'a> {
        /// Before.
        pub previous: Option<Text<'a>>,
        /// After.
        pub current: Option<Text<'a>>,
    }

    /// `business_username_updates`.
    pub struct BusinessUsernameUpdate<'a> {
        /// The number as people see it.
        pub display_phone_number: Option<Token<'a>>,
        /// The business's username; absent when deleted.
        pub username: Option<Text<'a>>,
        /// `approved`, `reserved`, `deleted`.
        pub status: Option<Text<'a>>,
    }
}

impl<'a> UserIdUpdate<'a> {
    /// The entries that name a new user id.
    pub(crate) fn changes(self) -> Vec<IdentityChange<'a>> {
        let change = |entry: UserIdEntry<'a>| {
            let user_id = entry.user_id.unwrap_or_default();
            let parent = entry.parent_user_id.unwrap_or_default();
            Some(IdentityChange::UserId {
                old: Identity {
                    phone: entry.wa_id.filter(|phone| !phone.is_empty()),
                    user_id: user_id.previous,
                    parent_user_id: parent.previous,
                },
                new_user_id: user_id.current.filter(|id| !id.is_empty())?,
                new_parent_user_id: parent.current,
            })
        };
        self.user_id_update.into_iter().filter_map(change).collect()
    }
}
