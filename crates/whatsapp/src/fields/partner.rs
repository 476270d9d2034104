//! Fields for partners and payments, and the errors that come with field `messages`.

use crate::error::MetaError;
use crate::json::object;
use crate::text::{Text, Token};
use crate::timestamp::Timestamp;

object! {
    /// `payment_configuration_update`. (Meta: payments India, onboarding.)
    pub struct PaymentConfigurationUpdate<'a> {
        /// The configuration's name.
        pub configuration_name: Option<Text<'a>>,
        /// The provider's name.
        pub provider_name: Option<Text<'a>>,
        /// The provider's id of the merchant.
        pub provider_mid: Option<Token<'a>>,
        /// `Needs Connecting`, `Needs Testing`, `Active`.
        pub status: Option<Text<'a>>,
        /// When it was made.
        pub created_timestamp: Option<Timestamp>,
        /// When it was changed.
        pub updated_timestamp: Option<Timestamp>,
    }

    /// `partner_solutions`. The entry's id is a business portfolio here.
    pub struct PartnerSolutions<'a> {
        /// SOLUTION_CREATED, SOLUTION_UPDATED.
        pub event: Option<Text<'a>>,
        /// The solution.
        pub solution_id: Option<Token<'a>>,
        /// ACTIVE, INITIATED, DRAFT and so on.
        pub solution_status: Option<Text<'a>>,
    }

    /// `value.errors` of field `messages`: errors of system, app or account.
    pub struct MessageErrors<'a> {
        /// The errors.
        pub errors: Vec<MetaError<'a>>,
    }
}
