//! Fields about a business number and about how much may be sent.

use crate::json::object;
use crate::text::{Text, Token};

object! {
    /// `phone_number_quality_update`.
    pub struct PhoneNumberQualityUpdate<'a> {
        /// The number as people see it.
        pub display_phone_number: Option<Token<'a>>,
        /// ONBOARDING, THROUGHPUT_UPGRADE; FLAGGED and UNFLAGGED of older payloads.
        pub event: Option<Text<'a>>,
        /// TIER_50, TIER_250, TIER_2K, TIER_10K, TIER_100K, TIER_NOT_SET, TIER_UNLIMITED.
        pub max_daily_conversations_per_business: Option<Token<'a>>,
        /// To be removed by Meta.
        pub old_limit: Option<Token<'a>>,
        /// To be removed by Meta.
        pub current_limit: Option<Token<'a>>,
    }

    /// `phone_number_name_update`.
    pub struct PhoneNumberNameUpdate<'a> {
        /// The number as people see it.
        pub display_phone_number: Option<Token<'a>>,
        /// APPROVED, REJECTED, DEFERRED, PENDING.
        pub decision: Option<Text<'a>>,
        /// The name asked for.
        pub requested_verified_name: Option<Text<'a>>,
        /// Why not; null when approved.
        pub rejection_reason: Option<Text<'a>>,
    }

    /// `whatsapp_business_manager_messaging_limit`: how many people a portfolio may write to in a day. [?] Its
    /// members are read in no document; these are the names of neighbouring fields.
    pub struct MessagingLimitUpdate<'a> {
        /// The limit of now.
        pub max_daily_conversations_per_business: Option<Token<'a>>,
        /// The limit of now, by another name.
        pub messaging_limit: Option<Token<'a>>,
    }
}
