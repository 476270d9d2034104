//! Typed views of the fields, where more than their name is to be checked.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use support::fixture;
use waypost_whatsapp::{Account, Field, IdentityChange, UpdateBody, parse};

/// Looks at the first update of a fixture, which must be an event of the account.
fn with(name: &str, look: impl FnOnce(&Account<'_>, Field<'_>)) {
    let body = fixture(name);
    let updates = parse(&body).unwrap().updates();
    let UpdateBody::Account(account) = &updates[0].body else {
        panic!("{name} is no event of the account")
    };
    assert!(account.raw.contains("\"field\"") && account.raw.contains(account.value.get()));
    look(account, account.typed());
}

macro_rules! view {
    ($name:literal, $variant:ident, |$view:ident| $check:expr) => {
        with($name, |_, field| {
            let Field::$variant($view) = field else {
                panic!("{} is {field:?}", $name)
            };
            assert!($check, "{}", $name);
        })
    };
}

#[test]
fn accounts() {
    view!("account_update", AccountUpdate, |view| view
        .restriction_info[0]
        .expiration
        .as_ref()
        .unwrap()
        == &"1764600000");
    view!("account_update_ban", AccountUpdate, |view| {
        view.ban_info.as_ref().unwrap().waba_ban_date.as_deref() == Some("April 17, 2026")
    });
    view!("account_update_violation", AccountUpdate, |view| {
        view.phone_number.as_deref() == Some("15550000001") && view.violation_info.is_some()
    });
    view!("account_update_partner", AccountUpdate, |view| view
        .disconnection_info
        .is_some()
        && view.waba_info.is_some());
    view!("account_review_update", AccountReviewUpdate, |view| view
        .decision
        .as_deref()
        == Some("APPROVED"));
    view!("account_alerts", AccountAlerts, |view| view
        .alert_info
        .unwrap()
        .alert_severity
        .is_some());
    view!("account_settings_update", AccountSettingsUpdate, |view| {
        view.phone_number_settings.is_some()
    });
    view!(
        "business_capability_update",
        BusinessCapabilityUpdate,
        |view| {
            view.max_daily_conversations_per_business.as_ref().unwrap() == &"TIER_2K"
                && view.max_phone_numbers_per_waba == Some(10)
        }
    );
    view!(
        "business_capability_update_number",
        BusinessCapabilityUpdate,
        |view| { view.max_daily_conversations_per_business.as_ref().unwrap() == &"2000" }
    );
    view!(
        "phone_number_quality_update",
        PhoneNumberQualityUpdate,
        |view| view.event.as_deref() == Some("THROUGHPUT_UPGRADE")
            && view.display_phone_number.is_some()
    );
    view!("phone_number_name_update", PhoneNumberNameUpdate, |view| {
        view.rejection_reason.is_none()
    });
    view!(
        "whatsapp_business_manager_messaging_limit",
        MessagingLimit,
        |view| { view.max_daily_conversations_per_business.is_some() }
    );
    view!("security", Security, |view| view.event.as_deref()
        == Some("PIN_RESET_REQUEST"));
    view!("partner_solutions", PartnerSolutions, |view| view
        .solution_id
        .is_some());
    view!(
        "payment_configuration_update",
        PaymentConfiguration,
        |view| view.created_timestamp.is_some()
    );
    view!("errors_only", MessageErrors, |view| view.errors[0].code
        == Some(131_035));
}

#[test]
fn templates_keep_their_64_bit_ids() {
    view!("message_template_status_update", TemplateStatus, |view| {
        view.message_template_id.as_ref().unwrap() == &"9007199254740993"
            && view.rejection_info.is_some()
    });
    view!(
        "message_template_status_update_paused",
        TemplateStatus,
        |view| {
            view.reason.is_none()
                && view.other_info.as_ref().unwrap().title.as_deref() == Some("FIRST_PAUSE")
        }
    );
    view!(
        "message_template_status_update_disabled",
        TemplateStatus,
        |view| view.disable_info.is_some()
    );
    view!("message_template_quality_update", TemplateQuality, |view| {
        view.new_quality_score.is_some()
    });
    view!(
        "message_template_components_update",
        TemplateComponents,
        |view| { view.message_template_buttons[0].url.is_some() }
    );
    view!("template_category_update", TemplateCategory, |view| view
        .previous_category
        .is_some());
    view!(
        "template_category_update_to_come",
        TemplateCategory,
        |view| view.category_update_timestamp.is_some()
    );
}

#[test]
fn people() {
    view!("user_preferences", UserPreferences, |view| view
        .user_preferences[0]
        .value
        .as_deref()
        == Some("stop"));
    view!("business_username_updates", BusinessUsername, |view| view
        .username
        .is_some());
    with("user_id_update", |account, _| {
        let changes = account.identity_changes();
        let [
            IdentityChange::UserId {
                old,
                new_user_id,
                new_parent_user_id,
            },
        ] = changes.as_slice()
        else {
            panic!("{changes:?}")
        };
        assert_eq!(old.phone.as_deref(), Some("15550000107"));
        assert_eq!(old.user_id.as_deref(), Some("US.3000000000000107"));
        assert_eq!(*new_user_id, "US.3000000000000110");
        assert_eq!(
            new_parent_user_id.as_deref(),
            Some("US.ENT.4000000000000110")
        );
        assert_eq!(account.phone_number_id.as_deref(), Some("200000000000001"));
        assert_eq!(account.contacts().len(), 1);
    });
    with("smb_app_state_sync", |account, _| {
        let contacts = account.contacts();
        assert_eq!(contacts.len(), 1, "a removed entry takes no name away");
        assert_eq!(contacts[0].wa_id.as_deref(), Some("15550000107"));
        assert_eq!(contacts[0].name.as_deref(), Some("Zoë Example"));
    });
}

#[test]
fn traffic_of_other_kinds() {
    view!("flows", Flows, |view| view.error_rate == Some(14.28)
        && view.requests_count == Some(34));
    view!("calls", Calls, |view| view.calls[0].session.is_some()
        && view.calls[0].from_user_id.is_some());
    view!("calls_terminate", Calls, |view| view.calls[0].duration
        == Some(20));
    view!("calls_status", Calls, |view| view.statuses[0]
        .kind
        .as_deref()
        == Some("call"));
    view!("calls_errors", Calls, |view| view.errors[0].code
        == Some(138_000));
    view!("group_lifecycle_update", GroupLifecycle, |view| view.groups
        [0]
    .subject
    .is_some());
    view!("group_participants_update", GroupParticipants, |view| {
        view.groups[0].added_participants[0].wa_id.as_ref().unwrap() == &"15550000107"
    });
    view!("group_settings_update", GroupSettings, |view| view.groups
        [0]
    .profile_picture
    .is_some());
    view!("group_status_update", GroupStatus, |view| view.groups[0]
        .errors[0]
        .code
        == Some(131_041));
    view!("history_declined", History, |view| view.history[0].errors
        [0]
    .code
        == Some(2_593_109));
    view!("history", History, |view| view.history[0]
        .metadata
        .as_ref()
        .unwrap()
        .progress
        == Some(55));
    view!("smb_message_echoes", SmbMessageEchoes, |view| view
        .message_echoes
        .len()
        == 2);
    view!("automatic_events", AutomaticEvents, |view| view
        .automatic_events[0]
        .custom_data
        .is_some());
}
