//! Heads and contents of messages, field by field.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::time::{Duration, SystemTime};

use support::fixture;
use waypost_whatsapp::{
    Content, IdentityChange, Interactive, Message, SystemKind, Text, UpdateBody, parse,
};

const PHONE: &str = "15550000107";
const USER_ID: &str = "US.3000000000000107";

fn each(body: &[u8], mut look: impl FnMut(&Message<'_>)) {
    let mut seen = 0;
    for update in parse(body).unwrap().updates() {
        if let UpdateBody::Message(message) | UpdateBody::Echo(message) = &update.body {
            look(message);
            seen += 1;
        }
    }
    assert!(seen > 0, "no message in the body");
}

fn with(name: &str, look: impl FnMut(&Message<'_>)) {
    each(&fixture(name), look);
}

fn is(text: Option<&Text<'_>>, expected: &str) -> bool {
    text.is_some_and(|text| *text == expected)
}

#[test]
fn the_head_of_a_text() {
    with("text", |message| {
        assert!(message.id.starts_with("wamid.TESTFIXTUREIN"));
        assert_eq!(
            message.timestamp,
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000))
        );
        assert_eq!(message.kind, "text");
        assert!(is(message.from.as_ref(), PHONE) && is(message.from_user_id.as_ref(), USER_ID));
        assert!(
            message.id.is_borrowed() && message.kind.is_borrowed(),
            "the hot path copies nothing"
        );
        let sender = message.sender();
        assert_eq!(sender.phone, Some(PHONE));
        assert!(is(sender.name, "Zoë Example") && is(sender.username, "zoe.example"));
        assert!(matches!(message.content(), Content::Text(text)
            if is(text.body.as_ref(), "Is the blue one back in stock? Très joli 👍")));
    });
}

#[test]
fn people_without_a_number() {
    with("text_username_only", |message| {
        let sender = message.sender();
        assert_eq!(sender.phone, None);
        assert!(
            is(sender.user_id, USER_ID) && is(sender.parent_user_id, "US.ENT.4000000000000107")
        );
        assert!(is(sender.username, "nobody.example"));
    });
}

#[test]
fn contacts_are_matched_by_id_not_by_place() {
    let mut names = Vec::new();
    with("odd/contacts_in_other_order", |message| {
        names.push(message.sender().name.unwrap().to_string());
    });
    assert_eq!(names, ["First", "Second"]);
    with("odd/poisoned_contact", |message| {
        assert_eq!(message.sender().name, None);
    });
}

#[test]
fn a_thousand_contacts_in_reverse_find_their_messages() {
    let list = |of: &dyn Fn(usize) -> String, numbers: Vec<usize>| {
        numbers.into_iter().map(of).collect::<Vec<_>>().join(",")
    };
    let messages = list(
        &|n| format!(r#"{{"id":"wamid.{n}","from":"{n}","type":"text"}}"#),
        (0..1000).collect(),
    );
    let contacts = list(
        &|n| format!(r#"{{"wa_id":"{n}","profile":{{"name":"N{n}"}}}}"#),
        (0..1000).rev().collect(),
    );
    let body = format!(
        r#"{{"entry":[{{"changes":[{{"field":"messages","value":{{"contacts":[{contacts}],"messages":[{messages}]}}}}]}}]}}"#
    );
    let mut seen = 0;
    each(body.as_bytes(), |message| {
        let sender = message.sender();
        assert_eq!(
            sender.name.unwrap().as_str(),
            format!("N{}", sender.phone.unwrap())
        );
        seen += 1;
    });
    assert_eq!(seen, 1000);
}

#[test]
fn contexts() {
    with("text_reply", |message| {
        let context = message.context.as_ref().unwrap();
        assert!(is(context.from.as_ref(), "15550000001") && context.id.is_some());
    });
    with("text_forwarded", |message| {
        let context = message.context.as_ref().unwrap();
        assert!(context.forwarded == Some(true) && context.id.is_none());
    });
    with("text_frequently_forwarded", |message| {
        assert_eq!(
            message.context.as_ref().unwrap().frequently_forwarded,
            Some(true)
        );
    });
    with("text_product_inquiry", |message| {
        let product = message
            .context
            .as_ref()
            .unwrap()
            .referred_product
            .as_ref()
            .unwrap();
        assert!(is(product.product_retailer_id.as_ref(), "sku-1"));
    });
    with("text_in_group", |message| {
        assert!(is(message.group_id.as_ref(), "R1JPVVAtMQ=="));
    });
    with("text_from_ad", |message| {
        let referral = message.referral().unwrap();
        assert!(
            is(referral.ctwa_clid.as_ref(), "clid-0001") && is(referral.source_type.as_ref(), "ad")
        );
        assert!(referral.welcome_message.unwrap().text.is_some());
    });
}

#[test]
fn media() {
    for (name, kind, mime) in [
        ("image", "image", "image/jpeg"),
        ("video", "video", "video/mp4"),
        ("audio_voice_note", "audio", "audio/ogg; codecs=opus"),
        ("voice", "voice", "audio/ogg; codecs=opus"),
        ("document", "document", "application/pdf"),
        ("sticker", "sticker", "image/webp"),
    ] {
        with(name, |message| {
            let media = message.media().unwrap();
            assert_eq!(media.kind, kind);
            assert!(is(media.mime_type.as_ref(), mime), "{name}");
            assert!(media.id.starts_with("5000000") && media.url.is_some());
            assert_eq!(media.sha256.unwrap().len(), 44);
            assert_eq!(media.filename.is_some(), name == "document");
        });
    }
    with("audio_voice_note", |message| {
        assert!(matches!(message.content(), Content::Audio(audio) if audio.voice == Some(true)));
    });
    with("text", |message| assert_eq!(message.media(), None));
    with("smb_message_echoes", |message| {
        assert_eq!(message.media().is_some(), message.kind == "image");
    });
}

#[test]
fn taps_and_forms() {
    with("interactive_list_reply", |message| {
        assert!(
            matches!(message.content(), Content::Interactive(Interactive::ListReply(reply))
            if is(reply.id.as_ref(), "express") && is(reply.description.as_ref(), "Next day"))
        );
    });
    with("interactive_flow_reply_not_an_object", |message| {
        assert!(
            matches!(message.content(), Content::Interactive(Interactive::FlowReply(reply))
            if is(reply.response_json.as_ref(), "[1, 2]"))
        );
    });
    with("interactive_call_permission_reply", |message| {
        assert!(
            matches!(message.content(), Content::Interactive(Interactive::CallPermissionReply(reply))
            if is(reply.response.as_ref(), "accept") && reply.expiration_timestamp.is_some())
        );
    });
    with("interactive_future", |message| {
        assert!(
            matches!(message.content(), Content::Interactive(Interactive::Unknown { kind, raw })
            if is(kind.as_ref(), "hologram_reply") && raw.get().contains("h1"))
        );
    });
    with("button", |message| {
        assert!(
            matches!(message.content(), Content::Button(button) if is(button.payload.as_ref(), "stop-offers"))
        );
    });
    for (name, removal) in [
        ("reaction", false),
        ("reaction_removed", true),
        ("reaction_removed_empty", true),
    ] {
        with(name, |message| {
            assert!(
                matches!(message.content(), Content::Reaction(reaction) if reaction.is_removal() == removal)
            );
        });
    }
}

#[test]
fn orders_cards_and_places() {
    with("order", |message| {
        let Content::Order(order) = message.content() else {
            panic!("no order")
        };
        let lines: Vec<_> = order
            .product_items
            .iter()
            .map(|line| (line.quantity, line.item_price))
            .collect();
        assert_eq!(lines, [(Some(2), Some(30.0)), (Some(1), Some(12.5))]);
    });
    with("contacts", |message| {
        let Content::Contacts(cards) = message.content() else {
            panic!("no cards")
        };
        assert_eq!(cards.len(), 2);
        assert!(is(
            cards[0].name.as_ref().unwrap().first_name.as_ref(),
            "Émile"
        ));
        assert_eq!(cards[0].phones[0].wa_id.as_deref(), Some("15550000133"));
        assert!(
            cards[0].org.is_some() && cards[0].addresses.len() == 1 && cards[0].birthday.is_some()
        );
    });
    with("contacts_requested", |message| {
        let Content::Contacts(cards) = message.content() else {
            panic!("no cards")
        };
        assert!(is(cards[0].origin.as_ref(), "contact_request"));
    });
    with("location", |message| {
        let Content::Location(place) = message.content() else {
            panic!("no place")
        };
        assert_eq!((place.latitude, place.longitude), (Some(48.2), Some(16.37)));
    });
}

#[test]
fn notices() {
    with("unsupported", |message| {
        let Content::Unsupported(told) = message.content() else {
            panic!("not unsupported")
        };
        assert!(is(told.kind.as_ref(), "poll") && told.errors[0].code == Some(131_051));
        assert!(is(
            told.errors[0].details.as_ref().map(|details| &details.0),
            "Message type is currently not supported."
        ));
    });
    with("unsupported_unavailable", |message| {
        assert!(is(
            message.errors()[0]
                .details
                .as_ref()
                .map(|details| &details.0),
            "ask the sender to send it again"
        ));
    });
    with("revoke", |message| {
        assert!(
            matches!(message.content(), Content::Revoke(revoke) if revoke.original_message_id.is_some())
        );
    });
    with("edit_caption", |message| {
        let Content::Edit(edit) = message.content() else {
            panic!("no edit")
        };
        let edited = edit.message.unwrap();
        assert!(
            matches!(edited.content(), Content::Image(image) if is(image.caption.as_ref(), "A better caption"))
        );
    });
    with("interactive_missing", |message| {
        assert!(matches!(message.content(), Content::Unknown { .. }));
    });
    with("future_type", |message| {
        assert!(matches!(message.content(), Content::Unknown { raw } if raw.get() == message.raw));
        assert!(message.object().unwrap().get().contains("3.5"));
    });
}

#[test]
fn news_about_who_a_customer_is() {
    with("system_user_changed_number", |message| {
        let Some(IdentityChange::Number {
            old,
            new_phone,
            new_user_id,
            ..
        }) = message.identity_change()
        else {
            panic!("no change of number")
        };
        assert!(is(old.phone.as_ref(), PHONE) && is(old.user_id.as_ref(), USER_ID));
        assert_eq!(new_phone, "15550000108");
        assert!(is(new_user_id.as_ref(), "US.3000000000000108"));
    });
    with("system_user_changed_user_id", |message| {
        let Some(IdentityChange::UserId {
            old,
            new_user_id,
            new_parent_user_id,
        }) = message.identity_change()
        else {
            panic!("no change of user id")
        };
        assert!(old.phone.is_none() && is(old.user_id.as_ref(), USER_ID));
        assert_eq!(new_user_id, "US.3000000000000109");
        assert!(is(new_parent_user_id.as_ref(), "US.ENT.4000000000000109"));
    });
    with("system_customer_identity_changed", |message| {
        assert!(
            matches!(message.identity_change(), Some(IdentityChange::SecurityCode { hash, .. })
            if is(hash.as_ref(), "aGFzaC0x"))
        );
        assert_eq!(message.identity_check().unwrap().acknowledged, Some(false));
    });
    with("system_future", |message| {
        assert_eq!(message.identity_change(), None);
        assert!(matches!(message.content(), Content::System(system)
            if matches!(&system.kind, Some(SystemKind::Other(word)) if *word == "user_moved_to_mars")));
    });
    with("text", |message| {
        assert_eq!(message.identity_change(), None);
    });
}

#[test]
fn echoes_name_the_customer_as_recipient() {
    with("smb_message_echoes", |message| {
        assert_eq!(message.recipient().phone, Some(PHONE));
    });
    with("smb_message_echoes_to_user_id", |message| {
        let customer = message.recipient();
        assert_eq!(customer.phone, None);
        assert!(is(customer.user_id, USER_ID) && is(customer.name, "Zoë Example"));
    });
}

#[test]
fn history_knows_its_thread_and_direction() {
    let body = fixture("history");
    let mut seen = Vec::new();
    for update in parse(&body).unwrap().updates() {
        if let UpdateBody::History(history) = &update.body {
            let thread = history.thread.as_ref().unwrap();
            assert_eq!(
                (thread.phase, thread.chunk_order, thread.progress),
                (Some(0), Some(1), Some(55))
            );
            let customer = history.customer();
            seen.push((
                history.outbound,
                customer.phone.map(str::to_owned),
                customer.user_id.map(Text::to_string),
            ));
        }
    }
    let by_phone = |outbound| (outbound, Some(PHONE.to_owned()), None);
    let by_user_id = (false, None, Some(USER_ID.to_owned()));
    assert_eq!(
        seen,
        [by_phone(false), by_phone(true), by_phone(false), by_user_id]
    );
}

#[test]
fn wrong_types_are_absent() {
    let mut kinds = Vec::new();
    with("odd/wrong_types", |message| {
        kinds.push(message.kind.to_string());
        assert!(message.from.is_none() && message.timestamp.is_none() && message.context.is_none());
        assert!(
            message.group_id.is_none() && message.contact.is_none() && message.errors().is_empty()
        );
        if let Content::Location(place) = message.content() {
            assert_eq!((place.latitude, place.longitude), (Some(48.2), None));
        }
    });
    assert_eq!(kinds, ["text", "image", "unknown", "contacts", "location"]);
    with("odd/repeated_and_escaped_keys", |message| {
        assert_eq!(message.id, "wamid.TESTFIXTUREINREPEATED");
        assert!(
            matches!(message.content(), Content::Text(text) if is(text.body.as_ref(), "second"))
        );
    });
    with("odd/escaped_backslashes", |message| {
        assert!(matches!(message.content(), Content::Text(text)
            if is(text.body.as_ref(), "C:\\u0000 and \\ud800 / \u{1}")));
    });
}
