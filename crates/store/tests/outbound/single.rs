//! One message and what stands around it: what it may hold, whom it names, what can be read of it.

use uuid::Uuid;
use waypost_model::SendState;
use waypost_store::{FactRow, Item, NumberRow, Outcome, Person, SendRow};

use crate::orders::{end, replayed, sent_as};
use crate::support::*;

#[tokio::test]
async fn an_account_nobody_named_is_learnt_from_webhooks() {
    let f = fixture().await;
    let nameless = |id| SendRow {
        account: None,
        ..send(id)
    };
    let (early, late) = (Uuid::now_v7(), Uuid::now_v7());
    let outcomes = f.write(vec![Item::Send(nameless(early))]).await;
    assert!(matches!(outcomes[0], Outcome::Stored { id, contact_id: None, .. } if id == early));
    let number = NumberRow {
        phone_number_id: NUMBER,
        waba_id: WABA,
        display_phone_number: "+1 555-000 1",
    };
    f.store.learn(&[number, number]).await.unwrap();
    f.store.learn(&[number]).await.unwrap();
    let outcomes = f.write(vec![Item::Send(nameless(late))]).await;
    assert_eq!(f.holder("phone", "4917").await, Some(contact(&outcomes[0])));
    let sql = "SELECT waba_id FROM messages WHERE id = $1";
    assert_eq!(f.text(sql, &[&late]).await.as_deref(), Some(WABA));
    assert_eq!(f.text(sql, &[&early]).await.as_deref(), Some(""));
    let shown = f.store.number_shown_as("15550001", "").await.unwrap();
    assert_eq!(shown.as_deref(), Some(NUMBER));
    let shown = f.store.number_shown_as("1 (555) 0001", "another").await;
    assert_eq!(shown.unwrap(), None);
}

#[tokio::test]
async fn nul_costs_a_character_and_no_history() {
    let f = fixture().await;
    let id = Uuid::now_v7();
    let row = SendRow {
        callback_data: Some("a\0b"),
        kind: "te\0xt",
        ..send(id)
    };
    let retry = FactRow {
        error_message: Some("what\0ever"),
        fbtrace_id: Some("A\0"),
        verdict: "re\0try",
        ..tried(id, 1, SendState::Retrying, "")
    };
    f.write(vec![Item::Send(row), Item::Fact(retry)]).await;
    let found = f.store.message(id).await.unwrap().unwrap();
    assert_eq!(found.message.callback_data.as_deref(), Some("a\u{fffd}b"));
    assert_eq!(
        found.attempts[0].error_message.as_deref(),
        Some("what\u{fffd}ever")
    );
}

#[tokio::test]
async fn what_postgres_refuses_costs_only_itself() {
    let f = fixture().await;
    let ids: Vec<Uuid> = (0..9).map(|_| Uuid::now_v7()).collect();
    let mut items: Vec<Item<'_>> = ids.iter().map(|id| Item::Send(send(*id))).collect();
    items[4] = Item::Send(SendRow {
        payload: r#"{"text":"\u0000"}"#,
        ..send(ids[4])
    });
    items.push(Item::Fact(sent_as(ids[0], 1, "w0")));
    // Does not compress below the size of an index entry.
    let noise: String = (0..200).map(|_| Uuid::new_v4().to_string()).collect();
    items.push(Item::Fact(sent_as(ids[1], 1, &noise)));
    let persisted = write(&f.store, items).await;
    for (i, outcome) in persisted.outcomes.iter().enumerate() {
        let bad = i == 4 || i == 10;
        assert_eq!(matches!(outcome, Outcome::Bad(_)), bad, "{i}: {outcome:?}");
    }
    assert_eq!(end(&f, ids[0]).await.state, "sent");
    assert_eq!(end(&f, ids[1]).await.state, "accepted");
}

#[tokio::test]
async fn the_whole_history_can_be_read() {
    let f = fixture().await;
    let id = Uuid::now_v7();
    f.write(replayed(id, "w1")).await;
    let found = f.store.message(id).await.unwrap().unwrap();
    assert_eq!(found.message.state.as_deref(), Some("sent"));
    assert_eq!(found.message.callback_data.as_deref(), Some("order 7"));
    assert_eq!(found.message.status.as_deref(), Some("failed"));
    let steps: Vec<_> = found
        .steps
        .iter()
        .map(|s| (s.life, s.attempt, s.state.as_str()))
        .collect();
    let expected = [
        (0, 0, "accepted"),
        (0, 1, "dead"),
        (1, 1, "accepted"),
        (1, 2, "sent"),
    ];
    assert_eq!(steps, expected);
    let attempts: Vec<_> = found
        .attempts
        .iter()
        .map(|a| (a.attempt, a.life, a.error_code))
        .collect();
    assert_eq!(attempts, [(1, 0, Some(131_026)), (2, 1, None)]);
    assert_eq!(found.statuses.len(), 1);
    assert!(f.store.message(Uuid::now_v7()).await.unwrap().is_none());
}

/// Groups and marks are nobody's conversation.
#[tokio::test]
async fn who_is_nobody_becomes_no_contact() {
    let f = fixture().await;
    let row = SendRow {
        person: Person::default(),
        group_id: Some("g1"),
        ..send(Uuid::now_v7())
    };
    f.write(vec![Item::Send(row)]).await;
    assert_eq!(f.count("SELECT count(*) FROM contacts").await, 0);
}

#[tokio::test]
async fn the_states_stand_in_the_same_order_in_both_places() {
    let f = fixture().await;
    for state in SendState::ALL {
        let rank = format!("SELECT send_state_rank('{}')::bigint", state.as_str());
        assert_eq!(f.count(&rank).await, i64::from(state.rank()));
    }
}
