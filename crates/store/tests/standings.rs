//! Where messages stand of which there is news, and who it is about.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use support::*;
use uuid::Uuid;
use waypost_model::{DeadClass, SendState};
use waypost_store::{FactRow, Item, MessageKey, Outcome, SendRow, Standing, StatusRow};

fn ours(id: Uuid) -> MessageKey<'static> {
    MessageKey {
        id: Some(id),
        phone_number_id: NUMBER,
        wamid: None,
    }
}

fn metas(wamid: &str) -> MessageKey<'_> {
    MessageKey {
        id: None,
        phone_number_id: NUMBER,
        wamid: Some(wamid),
    }
}

/// The one message of a key.
async fn standing(f: &Fixture, key: MessageKey<'_>) -> Standing {
    let mut found = f.store.standings(&[key]).await.unwrap();
    found.pop().flatten().unwrap()
}

fn known_contact(outcome: &Outcome) -> Option<Uuid> {
    match outcome {
        Outcome::Known { contact_id } => *contact_id,
        other => panic!("not known: {other:?}"),
    }
}

#[tokio::test]
async fn each_key_finds_its_message_and_no_other() {
    let f = fixture().await;
    let (id, nobodys) = (Uuid::now_v7(), Uuid::now_v7());
    let outcomes = f
        .write(vec![
            Item::Send(send(id)),
            Item::Message(sent("w.echo", phone("4918"))),
            Item::Message(text("w.in", phone("4919"), 0)),
        ])
        .await;
    let of: Vec<Uuid> = outcomes.iter().map(contact).collect();
    let keys = [
        metas("w.echo"),
        ours(nobodys),
        ours(id),
        // What somebody else called by an id of ours is still Meta's message.
        MessageKey {
            id: Some(nobodys),
            ..metas("w.in")
        },
        MessageKey {
            phone_number_id: "another",
            ..metas("w.echo")
        },
        metas("w.none"),
        ours(id),
        MessageKey {
            id: Some(id),
            ..metas("w.echo")
        },
    ];
    let found = f.store.standings(&keys).await.unwrap();
    let contacts: Vec<_> = found.iter().map(|s| s.as_ref()?.contact_id).collect();
    let expected = [
        Some(of[1]),
        None,
        Some(of[0]),
        Some(of[2]),
        None,
        None,
        Some(of[0]),
        Some(of[0]),
    ];
    assert_eq!(contacts, expected);
    assert!(found[1].is_none() && found[4].is_none() && found[5].is_none());
    assert!(f.store.standings(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn it_tells_how_far_a_message_of_ours_has_come() {
    let f = fixture().await;
    let id = Uuid::now_v7();
    let given_up = FactRow {
        class: Some(DeadClass::Rejected),
        error_code: Some(131_026),
        ..tried(id, 1, SendState::Dead, "never")
    };
    // What was told before the message itself.
    f.write(vec![Item::Fact(given_up)]).await;
    f.write(vec![Item::Send(send(id))]).await;
    let dead = standing(&f, ours(id)).await;
    let sending = dead.sending.unwrap();
    assert_eq!((sending.state.as_str(), sending.life), ("dead", 0));
    assert_eq!(sending.class.as_deref(), Some("rejected"));
    assert_eq!((dead.error_code, dead.wamid), (Some(131_026), None));
    assert_eq!(dead.callback_data.as_deref(), Some("order 7"));

    let sent = FactRow {
        life: 1,
        wamid: Some("w1"),
        ..tried(id, 2, SendState::Sent, "done")
    };
    let items = vec![Item::Fact(sent), Item::Status(status("w1", "read", 9))];
    f.write(items).await;
    // Meta's id leads there as well by now.
    for key in [ours(id), metas("w1")] {
        let sent = standing(&f, key).await;
        assert_eq!((sent.id, sent.wamid.as_deref()), (id, Some("w1")));
        assert_eq!(sent.status.as_deref(), Some("read"));
        let sending = sent.sending.unwrap();
        let place = (sending.state.as_str(), sending.life, sending.attempt);
        assert_eq!(place, ("sent", 1, 2));
    }
}

#[tokio::test]
async fn of_others_it_tells_what_there_is() {
    let f = fixture().await;
    let id = Uuid::now_v7();
    // Whose number it is nobody knows, so nor whom it writes to.
    let nameless = SendRow {
        account: None,
        callback_data: None,
        ..send(id)
    };
    f.write(vec![Item::Send(nameless)]).await;
    let unknown = standing(&f, ours(id)).await;
    assert_eq!((unknown.contact_id, unknown.callback_data), (None, None));
    f.write(messages(vec![sent("w.echo", phone("4918"))])).await;
    f.write(statuses(vec![status("w.echo", "delivered", 9)]))
        .await;
    let echo = standing(&f, metas("w.echo")).await;
    assert_eq!(echo.status.as_deref(), Some("delivered"));
    assert!(echo.sending.is_none() && echo.duplicate_of.is_none());
}

#[tokio::test]
async fn after_a_merge_it_names_the_survivor() {
    let f = fixture().await;
    let outcomes = f
        .write(messages(vec![
            text("w1", phone("4917"), 0),
            text("w2", bsuid("DE.1"), 1),
        ]))
        .await;
    assert_ne!(contact(&outcomes[0]), contact(&outcomes[1]));
    f.write(messages(vec![text("w3", both("4917", "DE.1"), 2)]))
        .await;
    for wamid in ["w1", "w2", "w3"] {
        let survivor = standing(&f, metas(wamid)).await.contact_id;
        assert_eq!(survivor, Some(contact(&outcomes[0])), "{wamid}");
    }
}

/// Whoever stores something again may have to tell of it, in the place of somebody who died before he could.
#[tokio::test]
async fn what_is_known_tells_whom_it_speaks_of() {
    let f = fixture().await;
    let heard = StatusRow {
        person: phone("4917"),
        ..status("w.nobodys", "sent", 9)
    };
    let batch = vec![
        Item::Message(text("w1", phone("4917"), 0)),
        Item::Send(SendRow {
            person: phone("4918"),
            ..send(Uuid::now_v7())
        }),
        Item::Status(heard),
        Item::Status(status("w.nobodys", "read", 10)),
    ];
    let new = f.write(batch.clone()).await;
    let again = f.write(batch).await;
    let people: Vec<_> = again.iter().map(known_contact).collect();
    let (customer, recipient) = (contact(&new[0]), contact(&new[1]));
    let expected = [Some(customer), Some(recipient), Some(customer), None];
    assert_eq!(people, expected);
}
