//! Every fixture, and what it must become. A fixture that no table names fails the test, and so does a row without a
//! fixture.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use support::{fixtures, label};
use waypost_whatsapp::{ParseError, Update, parse};

type Table = &'static [(&'static str, &'static [&'static str])];

/// Every message type, status and field.
const GOOD: Table = &[
    ("account_alerts", &["account account_alerts AccountAlerts"]),
    (
        "account_review_update",
        &["account account_review_update AccountReviewUpdate"],
    ),
    (
        "account_settings_update",
        &["account account_settings_update AccountSettingsUpdate"],
    ),
    ("account_update", &["account account_update AccountUpdate"]),
    (
        "account_update_ban",
        &["account account_update AccountUpdate"],
    ),
    (
        "account_update_partner",
        &["account account_update AccountUpdate"],
    ),
    (
        "account_update_violation",
        &["account account_update AccountUpdate"],
    ),
    ("audio", &["in audio Audio"]),
    ("audio_voice_note", &["in audio Audio"]),
    (
        "automatic_events",
        &["account automatic_events AutomaticEvents"],
    ),
    (
        "batch",
        &[
            "in text Text",
            "in text Text",
            "status read",
            "status played",
            "account account_review_update AccountReviewUpdate",
        ],
    ),
    (
        "business_capability_update",
        &["account business_capability_update BusinessCapabilityUpdate"],
    ),
    (
        "business_capability_update_number",
        &["account business_capability_update BusinessCapabilityUpdate"],
    ),
    (
        "business_username_updates",
        &["account business_username_updates BusinessUsername"],
    ),
    ("button", &["in button Button"]),
    ("button_without_context", &["in button Button"]),
    (
        "call_recording_available",
        &["account call_recording_available Unknown"],
    ),
    ("calls", &["account calls Calls"]),
    ("calls_errors", &["account calls Calls"]),
    ("calls_status", &["account calls Calls"]),
    ("calls_terminate", &["account calls Calls"]),
    ("contacts", &["in contacts Contacts"]),
    ("contacts_requested", &["in contacts Contacts"]),
    ("contacts_shared_card", &["in contacts Contacts"]),
    ("document", &["in document Document"]),
    ("edit", &["in edit Edit"]),
    ("edit_caption", &["in edit Edit"]),
    ("ephemeral", &["in ephemeral Ephemeral"]),
    ("errors_only", &["account messages MessageErrors"]),
    ("field_contacts", &["account contacts Unknown"]),
    ("flows", &["account flows Flows"]),
    ("future_field", &["account future_field Unknown"]),
    ("future_type", &["in hologram Unknown"]),
    (
        "group_lifecycle_update",
        &["account group_lifecycle_update GroupLifecycle"],
    ),
    (
        "group_participant_update",
        &["account group_participant_update GroupParticipants"],
    ),
    (
        "group_participants_update",
        &["account group_participants_update GroupParticipants"],
    ),
    (
        "group_settings_update",
        &["account group_settings_update GroupSettings"],
    ),
    (
        "group_status_update",
        &["account group_status_update GroupStatus"],
    ),
    (
        "history",
        &[
            "account history History",
            "history in text Text READ",
            "history out text Text DELIVERED",
            "history in media_placeholder MediaPlaceholder PLAYED",
            "history in text Text READ",
        ],
    ),
    ("history_declined", &["account history History"]),
    (
        "history_media",
        &["account history History", "history in image Image READ"],
    ),
    ("image", &["in image Image"]),
    (
        "interactive_address_reply",
        &["in interactive Interactive/FlowReply"],
    ),
    (
        "interactive_button_reply",
        &["in interactive Interactive/ButtonReply"],
    ),
    (
        "interactive_call_permission_reply",
        &["in interactive Interactive/CallPermissionReply"],
    ),
    (
        "interactive_flow_reply",
        &["in interactive Interactive/FlowReply"],
    ),
    (
        "interactive_flow_reply_not_an_object",
        &["in interactive Interactive/FlowReply"],
    ),
    (
        "interactive_future",
        &["in interactive Interactive/Unknown"],
    ),
    (
        "interactive_list_reply",
        &["in interactive Interactive/ListReply"],
    ),
    (
        "interactive_missing",
        &["in interactive Unknown", "account messages MessageErrors"],
    ),
    ("location", &["in location Location"]),
    ("message_echoes", &["account message_echoes Unknown"]),
    (
        "message_template_components_update",
        &["account message_template_components_update TemplateComponents"],
    ),
    (
        "message_template_quality_update",
        &["account message_template_quality_update TemplateQuality"],
    ),
    (
        "message_template_status_update",
        &["account message_template_status_update TemplateStatus"],
    ),
    (
        "message_template_status_update_disabled",
        &["account message_template_status_update TemplateStatus"],
    ),
    (
        "message_template_status_update_paused",
        &["account message_template_status_update TemplateStatus"],
    ),
    ("messages_future", &["account messages MessageErrors"]),
    (
        "messaging_handovers",
        &["account messaging_handovers Unknown"],
    ),
    ("order", &["in order Order"]),
    (
        "partner_solutions",
        &["account partner_solutions PartnerSolutions"],
    ),
    (
        "payment_configuration_update",
        &["account payment_configuration_update PaymentConfiguration"],
    ),
    (
        "phone_number_name_update",
        &["account phone_number_name_update PhoneNumberNameUpdate"],
    ),
    (
        "phone_number_quality_update",
        &["account phone_number_quality_update PhoneNumberQualityUpdate"],
    ),
    ("reaction", &["in reaction Reaction"]),
    ("reaction_removed", &["in reaction Reaction"]),
    ("reaction_removed_empty", &["in reaction Reaction"]),
    ("request_welcome", &["in request_welcome RequestWelcome"]),
    ("revoke", &["in revoke Revoke"]),
    ("security", &["account security Security"]),
    (
        "smb_app_state_sync",
        &["account smb_app_state_sync SmbAppStateSync"],
    ),
    (
        "smb_message_echoes",
        &[
            "account smb_message_echoes SmbMessageEchoes",
            "echo text Text",
            "echo image Image",
        ],
    ),
    (
        "smb_message_echoes_notices",
        &[
            "account smb_message_echoes SmbMessageEchoes",
            "echo revoke Revoke",
            "echo edit Edit",
        ],
    ),
    (
        "smb_message_echoes_to_user_id",
        &[
            "account smb_message_echoes SmbMessageEchoes",
            "echo text Text",
        ],
    ),
    ("standby", &["account standby Unknown"]),
    ("status_deleted", &["status deleted"]),
    ("status_delivered", &["status delivered"]),
    ("status_failed", &["status failed"]),
    ("status_future", &["status teleported"]),
    ("status_group", &["status delivered", "status delivered"]),
    ("status_old_parent_name", &["status sent"]),
    ("status_payment", &["status captured"]),
    ("status_played", &["status played"]),
    ("status_read", &["status read"]),
    ("status_sent", &["status sent"]),
    ("status_to_user_id", &["status sent"]),
    ("status_warning", &["status warning"]),
    ("sticker", &["in sticker Sticker"]),
    ("system_customer_identity_changed", &["in system System"]),
    ("system_future", &["in system System"]),
    ("system_user_changed_number", &["in system System"]),
    ("system_user_changed_user_id", &["in system System"]),
    (
        "template_category_update",
        &["account template_category_update TemplateCategory"],
    ),
    (
        "template_category_update_to_come",
        &["account template_category_update TemplateCategory"],
    ),
    ("text", &["in text Text"]),
    ("text_forwarded", &["in text Text"]),
    ("text_frequently_forwarded", &["in text Text"]),
    ("text_from_ad", &["in text Text"]),
    ("text_in_group", &["in text Text"]),
    ("text_product_inquiry", &["in text Text"]),
    ("text_reply", &["in text Text"]),
    ("text_username_only", &["in text Text"]),
    ("tracking_events", &["account tracking_events Unknown"]),
    ("unknown", &["in unknown Unsupported"]),
    ("unsupported", &["in unsupported Unsupported"]),
    ("unsupported_unavailable", &["in unsupported Unsupported"]),
    ("user_id_update", &["account user_id_update UserIdUpdate"]),
    (
        "user_preferences",
        &["account user_preferences UserPreferences"],
    ),
    ("value_is_text", &["account value_is_text Unknown"]),
    ("video", &["in video Video"]),
    ("voice", &["in voice Audio"]),
    (
        "whatsapp_business_manager_messaging_limit",
        &["account whatsapp_business_manager_messaging_limit MessagingLimit"],
    ),
    ("without_type", &["in unknown Unknown"]),
];

/// Strange, and still good: wrong types in optional places, times in milliseconds, repeated keys.
const ODD: Table = &[
    ("contacts_in_other_order", &["in text Text", "in text Text"]),
    ("deep_nesting", &["in text Text"]),
    ("escaped_backslashes", &["in text Text"]),
    ("huge_numbers", &["in location Location"]),
    (
        "milliseconds",
        &["in text Text", "in text Text", "in text Text"],
    ),
    ("no_metadata", &["in unknown Unknown"]),
    ("no_object", &[]),
    ("poisoned_contact", &["in text Text"]),
    ("repeated_and_escaped_keys", &["in text Text"]),
    (
        "wrong_types",
        &[
            "in text Text",
            "in image Unknown",
            "in unknown Unsupported",
            "in contacts Unknown",
            "in location Location",
        ],
    ),
];

/// Bodies with something bad in them, whose other parts must come through.
const MALFORMED: Table = &[
    (
        "change_is_not_an_object",
        &["malformed change", "account security Security"],
    ),
    (
        "change_without_field",
        &["malformed change", "in text Text"],
    ),
    ("changes_is_not_an_array", &["malformed entry"]),
    (
        "entry_is_not_an_object",
        &["malformed entry", "in text Text"],
    ),
    (
        "entry_without_changes",
        &["malformed entry", "in text Text"],
    ),
    ("field_is_a_number", &["malformed change"]),
    (
        "lone_surrogate",
        &[
            "in text Text",
            "malformed LoneSurrogate with id",
            "in text Text",
        ],
    ),
    (
        "lone_surrogate_in_key",
        &[
            "in text Text",
            "malformed LoneSurrogate with id",
            "in text Text",
        ],
    ),
    (
        "message_id_is_a_number",
        &["in text Text", "malformed message", "in text Text"],
    ),
    (
        "message_id_is_empty",
        &["in text Text", "malformed message", "in text Text"],
    ),
    (
        "message_is_not_an_object",
        &[
            "in text Text",
            "malformed message",
            "malformed message",
            "malformed message",
            "malformed message",
            "in text Text",
        ],
    ),
    (
        "message_without_id",
        &["in text Text", "malformed message", "in text Text"],
    ),
    (
        "messages_is_not_an_array",
        &["malformed change", "status read"],
    ),
    (
        "nul_escape",
        &["in text Text", "malformed Nul with id", "in text Text"],
    ),
    (
        "nul_escape_in_id",
        &["in text Text", "malformed Nul", "in text Text"],
    ),
    (
        "poisoned_field",
        &["malformed Nul", "account security Security"],
    ),
    ("status_is_an_object", &["malformed status with id"]),
    (
        "status_without_id",
        &["status sent", "malformed status", "status read"],
    ),
    (
        "status_without_status",
        &["malformed status with id", "status read"],
    ),
    ("value_is_missing", &["malformed change"]),
    ("value_is_not_an_object", &["malformed change"]),
];

/// Bodies of which nothing can be read.
const REFUSED: &[(&str, &str)] = &[
    ("body_is_an_array", "NotAWebhook"),
    ("body_is_null", "NotAWebhook"),
    ("body_without_entry", "NotAWebhook"),
    ("byte_order_mark", "NotJson"),
    ("control_character", "NotJson"),
    ("empty", "NotJson"),
    ("entry_is_not_an_array", "NotAWebhook"),
    ("gzip", "NotUtf8"),
    ("latin1", "NotUtf8"),
    ("not_json", "NotJson"),
    ("not_utf8", "NotUtf8"),
    ("nul_byte", "NotJson"),
    ("trailing_comma", "NotJson"),
    ("truncated", "NotJson"),
    ("two_values", "NotJson"),
    ("utf16", "NotUtf8"),
];

#[test]
fn good_fixtures_become_what_they_are() {
    check(&fixtures(""), GOOD);
}

#[test]
fn odd_fixtures_lose_nothing() {
    check(&fixtures("odd"), ODD);
}

#[test]
fn one_bad_part_never_costs_its_siblings() {
    let (parsed, _): (Vec<_>, Vec<_>) = fixtures("malformed")
        .into_iter()
        .partition(|(_, body)| parse(body).is_ok());
    check(&parsed, MALFORMED);
}

#[test]
fn bodies_of_which_nothing_can_be_read_are_refused() {
    let mut refused = Vec::new();
    for (name, body) in fixtures("malformed") {
        if let Err(error) = parse(&body) {
            let kind = match &error {
                ParseError::NotUtf8 { .. } => "NotUtf8",
                ParseError::NotJson(_) => "NotJson",
                ParseError::NotAWebhook(_) => "NotAWebhook",
                other => panic!("{name}: {other}"),
            };
            assert!(
                !error.to_string().contains("wamid"),
                "{name}: the text quotes the body"
            );
            assert!(!error.is_transient());
            refused.push((name, kind));
        }
    }
    let expected: Vec<_> = REFUSED
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), *kind))
        .collect();
    assert_eq!(refused, expected);
}

/// An update cut out and parsed again is the same update, and the only one.
#[test]
fn every_update_can_stand_alone() {
    for folder in ["", "odd", "malformed"] {
        for (name, body) in fixtures(folder) {
            let Ok(webhook) = parse(&body) else { continue };
            for update in webhook.updates() {
                let alone = update.isolate();
                let again = parse(&alone).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(again.is_isolated());
                let again = again.updates();
                assert_eq!(
                    again.len(),
                    1,
                    "{name}: {:?}",
                    again.iter().map(label).collect::<Vec<_>>()
                );
                assert_same(&name, &update, &again[0]);
            }
        }
    }
}

fn assert_same(name: &str, one: &Update<'_>, other: &Update<'_>) {
    assert_eq!(label(one), label(other), "{name}");
    assert_eq!(one.raw(), other.raw(), "{name}");
    assert_eq!(one.fingerprint(), other.fingerprint(), "{name}");
    assert_eq!(
        (&one.waba_id, one.time, &one.field),
        (&other.waba_id, other.time, &other.field),
        "{name}"
    );
    if !label(one).starts_with("malformed") {
        assert_eq!(one.metadata, other.metadata, "{name}");
        // Equal in every part, the contact and the thread too; `Debug` would hide a difference.
        assert!(one.body == other.body, "{name}: {}", label(one));
    }
}

fn check(found: &[(String, Vec<u8>)], table: Table) {
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let rows: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, rows, "fixtures and rows differ");
    for ((name, body), (_, expected)) in found.iter().zip(table) {
        let webhook = parse(body).unwrap_or_else(|error| panic!("{name}: {error}"));
        let labels: Vec<String> = webhook.updates().iter().map(label).collect();
        assert_eq!(labels, *expected, "{name}");
    }
}
