//! Who is who: found again, learnt, merged, renamed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::time::Duration;

use support::*;
use waypost_store::{AccountRow, IdentityChange, Item, MessageRow, Person, StatusRow, Store};

/// One message of a person, and the contact it was given to.
async fn say(f: &Fixture, wamid: &str, person: Person<'_>, when: u64) -> uuid::Uuid {
    contact(&f.write(messages(vec![text(wamid, person, when)])).await[0])
}

async fn change_number(f: &Fixture, wamid: &str, old: Person<'_>, new: &str, when: u64) {
    let row = MessageRow {
        kind: "system",
        change: Some(IdentityChange::Number {
            old,
            new_phone: new,
        }),
        ..text(wamid, old, when)
    };
    f.write(messages(vec![row])).await;
}

#[tokio::test]
async fn one_person_is_found_by_either_name() {
    let f = fixture().await;
    let a = say(&f, "w1", both("1", "DE.1"), 1).await;
    assert_eq!(say(&f, "w2", phone("1"), 2).await, a);
    assert_eq!(say(&f, "w3", bsuid("DE.1"), 3).await, a);
    assert_ne!(say(&f, "w4", phone("2"), 4).await, a);
    assert_eq!(f.store.summary().await.unwrap().contacts, 2);
}

#[tokio::test]
async fn accounts_do_not_share_contacts() {
    let f = fixture().await;
    let a = say(&f, "w1", phone("1"), 1).await;
    let other = MessageRow {
        waba_id: "another",
        ..text("w2", phone("1"), 2)
    };
    assert_ne!(contact(&f.write(messages(vec![other])).await[0]), a);
}

#[tokio::test]
async fn within_one_batch_names_that_meet_are_one_person() {
    let f = fixture().await;
    let rows = vec![
        text("w1", phone("1"), 1),
        text("w2", bsuid("DE.1"), 2),
        text("w3", both("1", "DE.1"), 3),
    ];
    let outcomes = f.write(messages(rows)).await;
    assert_eq!(contact(&outcomes[0]), contact(&outcomes[1]));
    assert_eq!(f.store.summary().await.unwrap().contacts, 1);
}

#[tokio::test]
async fn when_two_contacts_turn_out_to_be_one_the_older_survives() {
    let f = fixture().await;
    let older = say(&f, "w1", bsuid("DE.1"), 1).await;
    let younger = say(&f, "w2", phone("1"), 2).await;
    assert_ne!(older, younger);
    assert_eq!(say(&f, "w3", both("1", "DE.1"), 3).await, older);
    assert_eq!(f.holder("phone", "1").await, Some(older));
    assert_eq!(
        f.count("SELECT count(DISTINCT contact_id) FROM messages")
            .await,
        1
    );
    let summary = f.store.summary().await.unwrap();
    assert_eq!((summary.contacts, summary.merged_contacts), (1, 1));
    assert_eq!((f.orphans().await, f.strays().await), (0, 0));
}

#[tokio::test]
async fn a_chain_of_merges_leads_to_the_survivor_in_one_step() {
    let f = fixture().await;
    let first = say(&f, "w1", phone("1"), 1).await;
    say(&f, "w2", bsuid("DE.2"), 2).await;
    say(&f, "w3", phone("3"), 3).await;
    say(&f, "w4", both("3", "DE.2"), 4).await;
    assert_eq!(say(&f, "w5", both("1", "DE.2"), 5).await, first);
    let into = "SELECT count(*) FROM contacts WHERE merged_into IS NOT NULL AND merged_into <> (SELECT id FROM contacts WHERE merged_into IS NULL)";
    assert_eq!(f.count(into).await, 0);
    assert_eq!(f.holder("phone", "3").await, Some(first));
}

#[tokio::test]
async fn a_status_teaches_that_two_names_are_one_but_alone_makes_nobody() {
    let f = fixture().await;
    let heard = |word, person| StatusRow {
        person,
        ..status("w9", word, 1)
    };
    f.write(statuses(vec![heard("sent", phone("1"))])).await;
    assert_eq!(f.store.summary().await.unwrap().contacts, 0);
    let a = say(&f, "w1", phone("1"), 1).await;
    let outcomes = f
        .write(statuses(vec![heard("delivered", both("1", "DE.1"))]))
        .await;
    assert_eq!(contact(&outcomes[0]), a);
    assert_eq!(say(&f, "w2", bsuid("DE.1"), 2).await, a);
    f.write(statuses(vec![heard("read", both("2", "DE.2"))]))
        .await;
    assert_eq!(f.store.summary().await.unwrap().contacts, 2);
}

#[tokio::test]
async fn a_username_moves_and_merges_nobody() {
    let f = fixture().await;
    let named = |id, name| Person {
        username: Some(name),
        ..bsuid(id)
    };
    let a = say(&f, "w1", named("DE.1", "ann"), 1).await;
    let b = say(&f, "w2", named("DE.2", "bob"), 2).await;
    assert_eq!(f.holder("username", "ann").await, Some(a));
    // Ann renames herself; her old name is free, and Bob takes it.
    say(&f, "w3", named("DE.1", "anna"), 3).await;
    assert_eq!(f.holder("username", "ann").await, None);
    assert_eq!(say(&f, "w4", named("DE.2", "ann"), 4).await, b);
    assert_eq!(f.holder("username", "ann").await, Some(b));
    // Taken over while still held, and an old message that arrives late takes nothing back.
    assert_eq!(say(&f, "w5", named("DE.1", "ann"), 5).await, a);
    assert_eq!(f.holder("username", "ann").await, Some(a));
    say(&f, "w6", named("DE.2", "ann"), 4).await;
    assert_eq!(f.holder("username", "ann").await, Some(a));
    assert_eq!(f.store.summary().await.unwrap().merged_contacts, 0);
}

#[tokio::test]
async fn a_parent_id_alone_merges_nobody() {
    let f = fixture().await;
    let of = |id| Person {
        parent_bsuid: Some("DE.ENT.1"),
        ..bsuid(id)
    };
    let a = say(&f, "w1", of("DE.1"), 1).await;
    let b = say(&f, "w2", of("DE.2"), 2).await;
    assert_ne!(a, b);
    assert_eq!(f.holder("parent_bsuid", "DE.ENT.1").await, Some(b));
}

#[tokio::test]
async fn a_new_number_stays_with_its_person() {
    let f = fixture().await;
    let a = say(&f, "w1", phone("1"), 1).await;
    change_number(&f, "w2", phone("1"), "2", 10).await;
    assert_eq!(f.holder("phone", "1").await, None);
    assert_eq!(say(&f, "w3", phone("2"), 11).await, a);
    // Said before the change, arrived after it: still the same person.
    assert_eq!(say(&f, "w4", phone("1"), 5).await, a);
    // Later the number is somebody else's.
    assert_ne!(say(&f, "w5", phone("1"), 99).await, a);
    // And the news, told again, takes nothing from him.
    let b = f.holder("phone", "1").await;
    change_number(&f, "w2", phone("1"), "2", 10).await;
    assert_eq!(f.holder("phone", "1").await, b);
}

#[tokio::test]
async fn a_new_number_that_has_spoken_already_is_merged() {
    let f = fixture().await;
    let a = say(&f, "w1", phone("1"), 1).await;
    let b = say(&f, "w2", phone("2"), 12).await;
    assert_ne!(a, b);
    change_number(&f, "w3", phone("1"), "2", 10).await;
    assert_eq!(f.holder("phone", "2").await, Some(a));
    assert_eq!(
        f.count("SELECT count(DISTINCT contact_id) FROM messages")
            .await,
        1
    );
    assert_eq!((f.orphans().await, f.strays().await), (0, 0));
}

#[tokio::test]
async fn a_new_user_id_is_learnt_from_message_and_field_alike() {
    let f = fixture().await;
    let a = say(&f, "w1", both("1", "DE.1"), 1).await;
    let change = IdentityChange::UserId {
        old: bsuid("DE.1"),
        new_bsuid: "DE.2",
        new_parent: Some("DE.ENT.2"),
    };
    let message = MessageRow {
        change: Some(change),
        ..text("w2", bsuid("DE.1"), 10)
    };
    let field = AccountRow {
        at: Some(at(10)),
        changes: vec![change],
        ..account("user_id_update", 1)
    };
    f.write(vec![Item::Message(message), Item::Account(field)])
        .await;
    assert_eq!(f.holder("bsuid", "DE.1").await, None);
    assert_eq!(f.holder("bsuid", "DE.2").await, Some(a));
    assert_eq!(f.holder("parent_bsuid", "DE.ENT.2").await, Some(a));
    assert_eq!(say(&f, "w3", bsuid("DE.2"), 11).await, a);
    assert_eq!(f.store.summary().await.unwrap().contacts, 1);
}

#[tokio::test]
async fn a_change_of_somebody_unknown_makes_him_known_by_both() {
    let f = fixture().await;
    let field = AccountRow {
        at: Some(at(10)),
        changes: vec![IdentityChange::UserId {
            old: bsuid("DE.1"),
            new_bsuid: "DE.2",
            new_parent: None,
        }],
        ..account("user_id_update", 1)
    };
    f.write(vec![Item::Account(field)]).await;
    let a = say(&f, "w1", bsuid("DE.2"), 11).await;
    assert_eq!(say(&f, "w2", bsuid("DE.1"), 5).await, a);
}

#[tokio::test]
async fn the_newest_name_counts_and_the_address_book_has_its_own() {
    let f = fixture().await;
    let called = |name| Person {
        name: Some(name),
        ..phone("1")
    };
    say(&f, "w1", called("Ann"), 5).await;
    say(&f, "w2", called("Anna"), 9).await;
    say(&f, "w3", called("A."), 7).await;
    let book = AccountRow {
        contacts: vec![called("Customer Ann")],
        ..account("smb_app_state_sync", 1)
    };
    f.write(vec![Item::Account(book)]).await;
    let read = |column: &str| format!("SELECT {column} FROM contacts");
    assert_eq!(f.text(&read("name"), &[]).await.as_deref(), Some("Anna"));
    assert_eq!(
        f.text(&read("book_name"), &[]).await.as_deref(),
        Some("Customer Ann")
    );
}

/// Many write the same new people at once, by phone, by user id and by both. Everybody ends up as one contact each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn races_leave_no_orphans_and_no_strays() {
    let f = fixture().await;
    let people: Vec<(String, String)> = (0..40)
        .map(|i| (format!("49{i:03}"), format!("DE.{i}")))
        .collect();
    for round in 0..5 {
        let wamids: Vec<Vec<String>> = (0..6)
            .map(|w| (0..40).map(|i| format!("r{round}.{w}.{i}")).collect())
            .collect();
        let writers = wamids.iter().enumerate().map(|(writer, wamids)| {
            let rows = people.iter().zip(wamids).map(|((number, id), wamid)| {
                let person = match (writer + round) % 3 {
                    0 => phone(number),
                    1 => bsuid(id),
                    _ => both(number, id),
                };
                text(wamid, person, 1)
            });
            let mut items: Vec<_> = rows.collect();
            items.rotate_left(writer * 7);
            f.write(messages(items))
        });
        futures_util::future::join_all(writers).await;
        assert_eq!((f.orphans().await, f.strays().await), (0, 0));
    }
    let summary = f.store.summary().await.unwrap();
    assert_eq!(summary.contacts, 40);
    assert_eq!(summary.message_total(), 5 * 6 * 40);
    let holders =
        "SELECT count(DISTINCT contact_id) FROM contact_identifiers WHERE valid_to IS NULL";
    assert_eq!(f.count(holders).await, 40);
}

/// A merge in one batch while others write to both contacts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_written_during_a_merge_follow_it() {
    let f = fixture().await;
    let store: &Store = &f.store;
    for round in 0..20 {
        let (number, id) = (format!("49{round}"), format!("DE.{round}"));
        say(&f, &format!("a{round}"), phone(&number), 1).await;
        say(&f, &format!("b{round}"), bsuid(&id), 1).await;
        let names: Vec<String> = (0..4).map(|i| format!("c{round}.{i}")).collect();
        let one =
            |i: usize, person| Box::pin(write(store, messages(vec![text(&names[i], person, 2)])));
        tokio::time::timeout(
            Duration::from_secs(30),
            futures_util::future::join4(
                one(0, phone(&number)),
                one(1, both(&number, &id)),
                one(2, bsuid(&id)),
                one(3, both(&number, &id)),
            ),
        )
        .await
        .unwrap();
        assert_eq!((f.orphans().await, f.strays().await), (0, 0));
    }
    assert_eq!(f.store.summary().await.unwrap().contacts, 20);
}
