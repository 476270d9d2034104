//! `calls`: voice calls. Their `statuses` are of calls, not of messages.

use crate::error::MetaError;
use crate::json::object;
use crate::text::Text;
use crate::timestamp::Timestamp;

object! {
    /// `calls`.
    pub struct Calls<'a> {
        /// Calls that begin or end.
        pub calls: Vec<Call<'a>>,
        /// What became of calls the business made.
        pub statuses: Vec<CallStatus<'a>>,
        /// What went wrong.
        pub errors: Vec<MetaError<'a>>,
    }

    /// A call.
    pub struct Call<'a> {
        /// Call id, `wacid.…`.
        pub id: Option<Text<'a>>,
        /// Phone of the caller.
        pub from: Option<Text<'a>>,
        /// Phone of the called.
        pub to: Option<Text<'a>>,
        /// Business-scoped user id of the caller.
        pub from_user_id: Option<Text<'a>>,
        /// Business-scoped user id of the called.
        pub to_user_id: Option<Text<'a>>,
        /// `connect`, `terminate`.
        pub event: Option<Text<'a>>,
        /// BUSINESS_INITIATED, USER_INITIATED.
        pub direction: Option<Text<'a>>,
        /// When.
        pub timestamp: Option<Timestamp>,
        /// With `connect`.
        pub session: Option<Session<'a>>,
        /// With `terminate`: COMPLETED, FAILED.
        pub status: Option<Text<'a>>,
        /// With `terminate`.
        pub start_time: Option<Timestamp>,
        /// With `terminate`.
        pub end_time: Option<Timestamp>,
        /// Seconds.
        pub duration: Option<i64>,
        /// The echo of what the business put into the call.
        pub biz_opaque_callback_data: Option<Text<'a>>,
    }

    /// How to connect.
    pub struct Session<'a> {
        /// `offer`, `answer`.
        pub sdp_type: Option<Text<'a>>,
        /// Session description (RFC 8866).
        pub sdp: Option<Text<'a>>,
    }

    /// What became of a call.
    pub struct CallStatus<'a> {
        /// Call id.
        pub id: Option<Text<'a>>,
        /// `call`.
        pub kind: Option<Text<'a>> = "type",
        /// RINGING, ACCEPTED, REJECTED.
        pub status: Option<Text<'a>>,
        /// When.
        pub timestamp: Option<Timestamp>,
        /// Phone of the called.
        pub recipient_id: Option<Text<'a>>,
        /// Business-scoped user id of the called.
        pub recipient_user_id: Option<Text<'a>>,
    }
}
