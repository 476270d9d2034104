//! `user_preferences`: who wants marketing messages.

use crate::json::object;
use crate::text::Text;
use crate::timestamp::Timestamp;

object! {
    /// `user_preferences`.
    pub struct UserPreferences<'a> {
        /// One a customer.
        pub user_preferences: Vec<UserPreference<'a>>,
    }

    /// A customer's wish.
    pub struct UserPreference<'a> {
        /// Phone.
        pub wa_id: Option<Text<'a>>,
        /// Business-scoped user id.
        pub user_id: Option<Text<'a>>,
        /// `marketing_messages`.
        pub category: Option<Text<'a>>,
        /// `stop`, `resume`, `signup`.
        pub value: Option<Text<'a>>,
        /// Text for people.
        pub detail: Option<Text<'a>>,
        /// With `signup`.
        pub signup_id: Option<Text<'a>>,
        /// When; a number.
        pub timestamp: Option<Timestamp>,
    }
}
