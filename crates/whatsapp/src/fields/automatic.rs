//! `automatic_events`: leads and purchases that Meta recognised in chats from ads.

use crate::json::{Json, object};
use crate::text::Text;
use crate::timestamp::Timestamp;

object! {
    /// `automatic_events`.
    pub struct AutomaticEvents<'a> {
        /// The events.
        pub automatic_events: Vec<AutomaticEvent<'a>>,
    }

    /// One event.
    pub struct AutomaticEvent<'a> {
        /// The message it was recognised in.
        pub id: Option<Text<'a>>,
        /// LeadSubmitted, Purchase.
        pub event_name: Option<Text<'a>>,
        /// When.
        pub timestamp: Option<Timestamp>,
        /// Click id of the ad.
        pub ctwa_clid: Option<Text<'a>>,
        /// Currency and value of a purchase, as received.
        pub custom_data: Option<Json<'a>>,
    }
}
