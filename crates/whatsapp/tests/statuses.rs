//! Statuses, field by field.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use support::fixture;
use uuid::Uuid;
use waypost_whatsapp::{Status, UpdateBody, echo, parse};

fn with(name: &str, mut look: impl FnMut(&Status<'_>)) -> usize {
    let body = fixture(name);
    let mut seen = 0;
    for update in parse(&body).unwrap().updates() {
        let UpdateBody::Status(status) = &update.body else {
            panic!("{name} has something else")
        };
        look(status);
        seen += 1;
    }
    seen
}

#[test]
fn a_sent_one_tells_price_and_conversation() {
    with("status_sent", |status| {
        assert!(status.timestamp.is_some());
        assert_eq!(status.biz_opaque_callback_data.as_deref(), Some("order-17"));
        assert_eq!(status.participant(), None);
        let details = status.details();
        let pricing = details.pricing.unwrap();
        assert_eq!(
            (pricing.billable, pricing.category.as_deref()),
            (Some(true), Some("utility"))
        );
        let conversation = details.conversation.unwrap();
        assert!(
            conversation.expiration_timestamp.is_some()
                && conversation.origin.unwrap().kind.is_some()
        );
        let customer = status.customer();
        assert_eq!(customer.phone, Some("15550000107"));
        assert_eq!(customer.name.unwrap().as_str(), "Zoë Example");
    });
}

#[test]
fn a_failed_one_tells_why() {
    with("status_failed", |status| {
        assert_eq!(status.error_code(), Some(131_026));
        assert_eq!(
            status.errors()[0].details.as_ref().unwrap().0,
            "Unable to deliver"
        );
        assert!(status.contact.is_none() && status.recipient_user_id.is_none());
    });
    with("status_read", |status| {
        assert_eq!(status.error_code(), None);
    });
}

#[test]
fn a_group_has_one_a_participant() {
    let mut participants = Vec::new();
    let seen = with("status_group", |status| {
        assert!(status.is_to_group());
        participants.push(status.participant().unwrap().to_string());
        assert_eq!(
            status.customer().phone,
            Some(participants.last().unwrap().as_str()),
            "not the group's id"
        );
    });
    assert_eq!(
        (seen, participants),
        (2, vec!["15550000107".to_owned(), "15550000108".to_owned()])
    );
}

#[test]
fn a_user_id_may_be_all_there_is() {
    for name in ["status_to_user_id", "status_old_parent_name"] {
        with(name, |status| {
            assert_eq!(status.recipient_id, None);
            assert_eq!(
                status.recipient_user_id.as_deref(),
                Some("US.3000000000000107")
            );
            assert_eq!(
                status.recipient_parent_user_id.as_deref(),
                Some("US.ENT.4000000000000107"),
                "{name}"
            );
            // The contact knows the phone that the status leaves out.
            assert_eq!(status.customer().phone, Some("15550000107"));
        });
    }
}

#[test]
fn payments() {
    with("status_payment", |status| {
        assert_eq!(status.kind.as_deref(), Some("payment"));
        let payment = status.details().payment.unwrap();
        let amount = payment.amount.unwrap();
        assert_eq!((amount.value, amount.offset), (Some(12_500), Some(100)));
        assert!(payment.transaction.unwrap().get().contains("upi"));
    });
}

#[test]
fn an_echo_of_ours_names_our_message() {
    with("status_sent", |status| {
        assert_eq!(status.our_id(), None);
        let id = Uuid::from_u128(7);
        let mut echoed = status.clone();
        let callback = echo::callback(id);
        echoed.biz_opaque_callback_data = Some(callback.as_str().into());
        assert_eq!(echoed.our_id(), Some(id));
        echoed.biz_opaque_callback_data = None;
        assert_eq!(echoed.our_id(), None);
    });
}
