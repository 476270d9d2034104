//! Fields about message templates. Their ids are 64-bit numbers, kept as text.

use crate::json::object;
use crate::text::{Text, Token};
use crate::timestamp::Timestamp;

object! {
    /// `message_template_status_update`.
    pub struct TemplateStatusUpdate<'a> {
        /// APPROVED, ARCHIVED, UNARCHIVED, DELETED, DISABLED, FLAGGED, IN_APPEAL, LIMIT_EXCEEDED, LOCKED, PAUSED,
        /// PENDING, REINSTATED, PENDING_DELETION, REJECTED.
        pub event: Option<Text<'a>>,
        /// The template.
        pub message_template_id: Option<Token<'a>>,
        /// Its name.
        pub message_template_name: Option<Text<'a>>,
        /// Its language.
        pub message_template_language: Option<Text<'a>>,
        /// Its category.
        pub message_template_category: Option<Text<'a>>,
        /// Meta's word for why; null or NONE when there is none.
        pub reason: Option<Text<'a>>,
        /// With DISABLED.
        pub disable_info: Option<DisableInfo<'a>>,
        /// With PAUSED and the end of a pause.
        pub other_info: Option<OtherInfo<'a>>,
        /// With REJECTED.
        pub rejection_info: Option<RejectionInfo<'a>>,
    }

    /// When a template was disabled.
    pub struct DisableInfo<'a> {
        /// A number or a text.
        pub disable_date: Option<Token<'a>>,
    }

    /// Why it paused.
    pub struct OtherInfo<'a> {
        /// FIRST_PAUSE, SECOND_PAUSE, RATE_LIMITING_PAUSE, UNPAUSE, DISABLED.
        pub title: Option<Text<'a>>,
        /// Text for people.
        pub description: Option<Text<'a>>,
    }

    /// Why it was rejected.
    pub struct RejectionInfo<'a> {
        /// Text for people.
        pub reason: Option<Text<'a>>,
        /// What to do.
        pub recommendation: Option<Text<'a>>,
    }

    /// `message_template_quality_update`. (One sample of Meta's has this value under the status field.)
    pub struct TemplateQualityUpdate<'a> {
        /// The template.
        pub message_template_id: Option<Token<'a>>,
        /// Its name.
        pub message_template_name: Option<Text<'a>>,
        /// Its language.
        pub message_template_language: Option<Text<'a>>,
        /// GREEN, YELLOW, RED, UNKNOWN.
        pub previous_quality_score: Option<Text<'a>>,
        /// GREEN, YELLOW, RED, UNKNOWN.
        pub new_quality_score: Option<Text<'a>>,
    }

    /// `message_template_components_update`.
    pub struct TemplateComponentsUpdate<'a> {
        /// The template.
        pub message_template_id: Option<Token<'a>>,
        /// Its name.
        pub message_template_name: Option<Text<'a>>,
        /// Its language.
        pub message_template_language: Option<Text<'a>>,
        /// The body.
        pub message_template_element: Option<Text<'a>>,
        /// The header.
        pub message_template_title: Option<Text<'a>>,
        /// The footer.
        pub message_template_footer: Option<Text<'a>>,
        /// The buttons.
        pub message_template_buttons: Vec<TemplateButton<'a>>,
    }

    /// A button of a template.
    pub struct TemplateButton<'a> {
        /// URL, PHONE_NUMBER, QUICK_REPLY and so on.
        pub kind: Option<Text<'a>> = "message_template_button_type",
        /// Its label.
        pub text: Option<Text<'a>> = "message_template_button_text",
        /// Where it leads.
        pub url: Option<Text<'a>> = "message_template_button_url",
        /// Whom it calls.
        pub phone_number: Option<Text<'a>> = "message_template_button_phone_number",
    }

    /// `template_category_update`: done when there is a `previous_category`, else to come.
    pub struct TemplateCategoryUpdate<'a> {
        /// The template.
        pub message_template_id: Option<Token<'a>>,
        /// Its name.
        pub message_template_name: Option<Text<'a>>,
        /// Its language.
        pub message_template_language: Option<Text<'a>>,
        /// Done: what it was.
        pub previous_category: Option<Text<'a>>,
        /// What it is, or still is.
        pub new_category: Option<Text<'a>>,
        /// To come: what it will be.
        pub correct_category: Option<Text<'a>>,
        /// To come: when.
        pub category_update_timestamp: Option<Timestamp>,
    }
}
