//! Typed views of every webhook field but `messages`. (Meta: webhooks reference.)
//!
//! Words of Meta's lists stay texts: the lists grow, and each doc comment names what is known today.

mod account;
mod automatic;
mod calls;
mod coexistence;
mod flows;
mod groups;
mod identity;
mod partner;
mod preferences;
mod quality;
mod security;
mod template;

pub use account::{
    AccountAlerts, AccountReviewUpdate, AccountSettingsUpdate, AccountUpdate, AlertInfo, BanInfo,
    BusinessCapabilityUpdate, DisconnectionInfo, Restriction, ViolationInfo, WabaInfo,
};
pub use automatic::{AutomaticEvent, AutomaticEvents};
pub use calls::{Call, CallStatus, Calls, Session};
pub use coexistence::{
    AppContact, Chunk, ChunkMetadata, History, SmbAppStateSync, SmbMessageEchoes, StateSync,
    SyncMetadata,
};
pub use flows::Flows;
pub use groups::{Group, GroupMember, Groups};
pub use identity::{BusinessUsernameUpdate, IdChange, UserIdEntry, UserIdUpdate};
pub use partner::{MessageErrors, PartnerSolutions, PaymentConfigurationUpdate};
pub use preferences::{UserPreference, UserPreferences};
pub use quality::{MessagingLimitUpdate, PhoneNumberNameUpdate, PhoneNumberQualityUpdate};
pub use security::Security;
pub use template::{
    DisableInfo, OtherInfo, RejectionInfo, TemplateButton, TemplateCategoryUpdate,
    TemplateComponentsUpdate, TemplateQualityUpdate, TemplateStatusUpdate,
};

use crate::json::{Json, Wire};
use crate::text::Text;

macro_rules! fields {
    ($( $(#[$meta:meta])* $variant:ident ( $view:ident ) = $($name:literal)|+ ; )+) => {
        /// The value of one change, by its field.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Field<'a> {
            $( $(#[$meta])* $variant(Box<$view<'a>>), )+
            /// A field we do not know, one whose shape no document tells (`tracking_events`, `message_echoes`,
            /// `messaging_handovers`, `standby`, `contacts`, `call_recording_available`), or a value that is no
            /// object.
            Unknown {
                /// The field.
                field: Text<'a>,
                /// The value as received.
                raw: Json<'a>,
            },
        }

        impl<'a> Field<'a> {
            /// Reads a change's value.
            pub(crate) fn of(field: &Text<'a>, value: Json<'a>) -> Self {
                let known = match field.as_str() {
                    $( $($name)|+ => $view::read(value).map(|view| Self::$variant(Box::new(view))), )+
                    _ => None,
                };
                known.unwrap_or(Self::Unknown { field: field.clone(), raw: value })
            }
        }
    };
}

fields! {
    /// The account was restricted, banned, joined, left and so on.
    AccountUpdate(AccountUpdate) = "account_update";
    /// The account was reviewed.
    AccountReviewUpdate(AccountReviewUpdate) = "account_review_update";
    /// Something needs the operator's eye.
    AccountAlerts(AccountAlerts) = "account_alerts";
    /// Settings of a number changed.
    AccountSettingsUpdate(AccountSettingsUpdate) = "account_settings_update";
    /// Limits of the business changed.
    BusinessCapabilityUpdate(BusinessCapabilityUpdate) = "business_capability_update";
    /// A number's throughput or limit changed.
    PhoneNumberQualityUpdate(PhoneNumberQualityUpdate) = "phone_number_quality_update";
    /// A display name was decided on.
    PhoneNumberNameUpdate(PhoneNumberNameUpdate) = "phone_number_name_update";
    /// The portfolio's messaging limit changed.
    MessagingLimit(MessagingLimitUpdate) = "whatsapp_business_manager_messaging_limit";
    /// A template was approved, paused, rejected and so on.
    TemplateStatus(TemplateStatusUpdate) = "message_template_status_update";
    /// A template's quality changed.
    TemplateQuality(TemplateQualityUpdate) = "message_template_quality_update";
    /// A template's parts changed.
    TemplateComponents(TemplateComponentsUpdate) = "message_template_components_update";
    /// A template's category changed or will.
    TemplateCategory(TemplateCategoryUpdate) = "template_category_update";
    /// A customer stopped or resumed marketing messages.
    UserPreferences(UserPreferences) = "user_preferences";
    /// A customer's user id changed.
    UserIdUpdate(UserIdUpdate) = "user_id_update";
    /// The business's own username changed.
    BusinessUsername(BusinessUsernameUpdate) = "business_username_updates";
    /// The two-step PIN was changed or asked for.
    Security(Security) = "security";
    /// A flow's state or health changed.
    Flows(Flows) = "flows";
    /// A call, and what became of it.
    Calls(Calls) = "calls";
    /// A group was made or deleted.
    GroupLifecycle(Groups) = "group_lifecycle_update";
    /// People joined or left. (Meta's OpenAPI file has the singular.)
    GroupParticipants(Groups) = "group_participants_update" | "group_participant_update";
    /// A group's subject, description or picture changed.
    GroupSettings(Groups) = "group_settings_update";
    /// A group was suspended or cleared.
    GroupStatus(Groups) = "group_status_update";
    /// Messages of the past; each is an update of its own too.
    History(History) = "history";
    /// Messages sent with the phone app; each is an update of its own too.
    SmbMessageEchoes(SmbMessageEchoes) = "smb_message_echoes";
    /// The phone app's address book.
    SmbAppStateSync(SmbAppStateSync) = "smb_app_state_sync";
    /// Leads and purchases that Meta recognised.
    AutomaticEvents(AutomaticEvents) = "automatic_events";
    /// A payment configuration changed.
    PaymentConfiguration(PaymentConfigurationUpdate) = "payment_configuration_update";
    /// A partner solution changed; `entry.id` is a business portfolio here.
    PartnerSolutions(PartnerSolutions) = "partner_solutions";
    /// Errors of system, app or account that came with field `messages`.
    MessageErrors(MessageErrors) = "messages";
}
