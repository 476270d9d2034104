//! Fields about the WhatsApp Business Account itself.

use crate::json::{Json, object};
use crate::text::{Text, Token};

object! {
    /// `account_update`. What to pause or resume depends on `event`.
    pub struct AccountUpdate<'a> {
        /// ACCOUNT_DELETED, ACCOUNT_VIOLATION, ACCOUNT_RESTRICTION, DISABLED_UPDATE, PARTNER_ADDED, PARTNER_REMOVED,
        /// PARTNER_APP_INSTALLED, PARTNER_APP_UNINSTALLED, PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE,
        /// AD_ACCOUNT_LINKED, MM_LITE_TERMS_SIGNED, AUTH_INTL_PRICE_ELIGIBILITY_UPDATE,
        /// BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE, VOLUME_BASED_PRICING_TIER_UPDATE, ACCOUNT_OFFBOARDED,
        /// ACCOUNT_RECONNECTED.
        pub event: Option<Text<'a>>,
        /// The number concerned, in some events.
        pub phone_number: Option<Token<'a>>,
        /// With DISABLED_UPDATE.
        pub ban_info: Option<BanInfo<'a>>,
        /// With ACCOUNT_VIOLATION.
        pub violation_info: Option<ViolationInfo<'a>>,
        /// With ACCOUNT_RESTRICTION.
        pub restriction_info: Vec<Restriction<'a>>,
        /// With PARTNER_REMOVED.
        pub disconnection_info: Option<DisconnectionInfo<'a>>,
        /// With the partner events.
        pub waba_info: Option<WabaInfo<'a>>,
        /// With BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE.
        pub country: Option<Text<'a>>,
        /// With VOLUME_BASED_PRICING_TIER_UPDATE, as received.
        pub volume_tier_info: Option<Json<'a>>,
        /// With AUTH_INTL_PRICE_ELIGIBILITY_UPDATE, as received.
        pub auth_international_rate_eligibility: Option<Json<'a>>,
        /// With PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE, as received.
        pub partner_client_certification_info: Option<Json<'a>>,
    }

    /// A ban.
    pub struct BanInfo<'a> {
        /// DISABLE, REINSTATE, SCHEDULE_FOR_DISABLE.
        pub waba_ban_state: Option<Text<'a>>,
        /// Text for people, as in "April 17, 2025".
        pub waba_ban_date: Option<Text<'a>>,
    }

    /// A breach of policy.
    pub struct ViolationInfo<'a> {
        /// Meta's word for it.
        pub violation_type: Option<Text<'a>>,
    }

    /// Something that is forbidden for a time.
    pub struct Restriction<'a> {
        /// Meta's word for it.
        pub restriction_type: Option<Text<'a>>,
        /// When it ends; a number or a text.
        pub expiration: Option<Token<'a>>,
    }

    /// Why a partner lost the account.
    pub struct DisconnectionInfo<'a> {
        /// Meta's word for it.
        pub reason: Option<Text<'a>>,
        /// Who did it.
        pub initiated_by: Option<Text<'a>>,
    }

    /// The account that a partner event is about.
    pub struct WabaInfo<'a> {
        /// The account.
        pub waba_id: Option<Token<'a>>,
        /// Its business portfolio.
        pub owner_business_id: Option<Token<'a>>,
        /// The app of the partner.
        pub partner_app_id: Option<Token<'a>>,
    }

    /// `account_review_update`.
    pub struct AccountReviewUpdate<'a> {
        /// APPROVED, REJECTED, PENDING, DEFERRED.
        pub decision: Option<Text<'a>>,
    }

    /// `account_alerts`.
    pub struct AccountAlerts<'a> {
        /// What the alert is about: PHONE_NUMBER, WABA, BUSINESS.
        pub entity_type: Option<Text<'a>>,
        /// Its id.
        pub entity_id: Option<Token<'a>>,
        /// The alert.
        pub alert_info: Option<AlertInfo<'a>>,
    }

    /// An alert.
    pub struct AlertInfo<'a> {
        /// CRITICAL, WARNING, INFORMATIONAL.
        pub alert_severity: Option<Text<'a>>,
        /// ACTIVE, NONE.
        pub alert_status: Option<Text<'a>>,
        /// Meta's word for it.
        pub alert_type: Option<Text<'a>>,
        /// Text for people.
        pub alert_description: Option<Text<'a>>,
    }

    /// `account_settings_update`: calling and other settings of a number.
    pub struct AccountSettingsUpdate<'a> {
        /// What changed, as in `phone_number_settings`.
        pub kind: Option<Text<'a>> = "type",
        /// Seconds since 1970, as text.
        pub timestamp: Option<Token<'a>>,
        /// The settings of now, as received.
        pub phone_number_settings: Option<Json<'a>>,
    }

    /// `business_capability_update`: limits of the business.
    pub struct BusinessCapabilityUpdate<'a> {
        /// A number in an example of Meta's, `TIER_*` in the table.
        pub max_daily_conversations_per_business: Option<Token<'a>>,
        /// Removed by Meta in February 2026.
        pub max_daily_conversation_per_phone: Option<Token<'a>>,
        /// How many numbers the portfolio may have.
        pub max_phone_numbers_per_business: Option<i64>,
        /// How many numbers an account may have.
        pub max_phone_numbers_per_waba: Option<i64>,
    }
}
