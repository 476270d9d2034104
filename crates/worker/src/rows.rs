//! How Meta's words become rows.

#[cfg(test)]
mod tests;

use waypost_model::{DeliveryStatus, Direction, Origin};
use waypost_store::{
    AccountRow, IdentityChange as Change, Item as Row, MediaRow, MessageRow, Person, RawWebhook,
    StatusRow,
};
use waypost_whatsapp::{
    Account, Contact, Customer, HistoryMessage, IdentityChange, Message, Status, Text, Update,
    UpdateBody,
};

use crate::item::{Content, Item};
use crate::outbound::fact_row;

/// The field with the address book of the phone app.
const ADDRESS_BOOK: &str = "smb_app_state_sync";

/// The row of an item; `None` for one that is malformed and was set aside.
pub(crate) fn row<'t>(item: &'t Item<'_>) -> Option<Row<'t>> {
    match &item.content {
        Content::Update(update) => update_row(item, update),
        Content::Send(sending) => Some(Row::Send(sending.row(item.trace_id.as_deref()))),
        Content::Fact(fact) => Some(Row::Fact(fact_row(fact))),
    }
}

fn update_row<'t>(item: &'t Item<'_>, update: &'t Update<'_>) -> Option<Row<'t>> {
    Some(match &update.body {
        UpdateBody::Message(message) => {
            let mut row = message_row(item, update, message, message.sender());
            row.content = item.digest;
            Row::Message(row)
        }
        UpdateBody::Echo(message) => {
            let mut row = message_row(item, update, message, message.recipient());
            (row.direction, row.origin) = (Direction::Out, Origin::Echo);
            Row::Message(row)
        }
        UpdateBody::History(history) => Row::Message(history_row(item, update, history)),
        UpdateBody::Status(status) => Row::Status(status_row(item, update, status)),
        UpdateBody::Account(account) => Row::Account(account_row(item, update, account)),
        UpdateBody::Malformed { .. } => return None,
    })
}

/// The webhook as received.
pub(crate) fn raw(envelope: &waypost_queue::Envelope) -> RawWebhook<'_> {
    RawWebhook {
        id: envelope.id,
        received_at: envelope.received_at,
        body: &envelope.body,
    }
}

/// The trace of a `traceparent` (W3C Trace Context), if it names one.
pub(crate) fn trace_id(traceparent: &str) -> Option<&str> {
    let id = traceparent.split('-').nth(1)?;
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    // All zeros is what the standard calls invalid.
    let good = id.len() == 32 && id.bytes().all(hex) && id.bytes().any(|b| b != b'0');
    good.then_some(id)
}

fn message_row<'t>(
    item: &'t Item<'_>,
    update: &'t Update<'_>,
    message: &'t Message<'_>,
    person: Customer<'t, '_>,
) -> MessageRow<'t> {
    MessageRow {
        direction: Direction::In,
        origin: Origin::Live,
        waba_id: &update.waba_id,
        phone_number_id: &update.metadata.phone_number_id,
        wamid: &message.id,
        kind: &message.kind,
        sent_at: message.timestamp,
        received_at: item.envelope.received_at,
        request_id: item.envelope.request_id,
        trace_id: item.trace_id.as_deref(),
        person: person_of(person),
        group_id: text(message.group_id.as_ref()),
        context_wamid: message
            .context
            .as_ref()
            .and_then(|context| text(context.id.as_ref())),
        status: None,
        content: None,
        media: item.media.as_ref().map(|media| MediaRow {
            media_id: &media.id,
            mime_type: text(media.mime_type.as_ref()),
            sha256: text(media.sha256.as_ref()),
            url: text(media.url.as_ref()),
            filename: text(media.filename.as_ref()),
            kind: &media.kind,
        }),
        change: item.changes.first().and_then(change),
        payload: message.raw,
    }
}

fn history_row<'t>(
    item: &'t Item<'_>,
    update: &'t Update<'_>,
    history: &'t HistoryMessage<'_>,
) -> MessageRow<'t> {
    let mut row = message_row(item, update, &history.message, history.customer());
    row.origin = Origin::History;
    if history.outbound {
        row.direction = Direction::Out;
    }
    // History spells its states in capitals.
    row.status = history
        .status
        .as_ref()
        .map(|status| DeliveryStatus::parse(&status.to_lowercase()));
    row
}

fn status_row<'t>(
    item: &'t Item<'_>,
    update: &'t Update<'_>,
    status: &'t Status<'_>,
) -> StatusRow<'t> {
    let our_id = status.our_id();
    StatusRow {
        waba_id: &update.waba_id,
        phone_number_id: &update.metadata.phone_number_id,
        wamid: &status.id,
        status: &status.status,
        at: status.timestamp,
        received_at: item.envelope.received_at,
        request_id: item.envelope.request_id,
        recipient_id: text(status.recipient_id.as_ref()),
        participant: text(status.participant()),
        person: person_of(status.customer()),
        error_code: status.error_code(),
        message_id: our_id,
        // Where it holds our id it says nothing more.
        callback: text(status.biz_opaque_callback_data.as_ref()).filter(|_| our_id.is_none()),
        payload: status.raw,
    }
}

fn account_row<'t>(
    item: &'t Item<'_>,
    update: &'t Update<'_>,
    account: &'t Account<'_>,
) -> AccountRow<'t> {
    AccountRow {
        waba_id: &update.waba_id,
        field: &account.field,
        phone_number_id: text(account.phone_number_id.as_ref()),
        at: update.time,
        received_at: item.envelope.received_at,
        request_id: item.envelope.request_id,
        content: item.fingerprint,
        payload: account.raw,
        changes: item.changes.iter().filter_map(change).collect(),
        contacts: item
            .contacts
            .iter()
            .map(|contact| person_named(contact, account.field.as_str()))
            .collect(),
    }
}

fn person_of<'t>(customer: Customer<'t, '_>) -> Person<'t> {
    Person {
        phone: customer.phone,
        bsuid: text(customer.user_id),
        parent_bsuid: text(customer.parent_user_id),
        username: text(customer.username),
        name: text(customer.name),
    }
}

/// Here a name counts as one of the business's address book. Only one field brings such; what people call themselves
/// comes with their messages.
fn person_named<'t>(contact: &'t Contact<'_>, field: &str) -> Person<'t> {
    let name = text(contact.name.as_ref()).filter(|_| field == ADDRESS_BOOK);
    Person {
        phone: text(contact.wa_id.as_ref()),
        bsuid: text(contact.user_id.as_ref()),
        parent_bsuid: text(contact.parent_user_id.as_ref()),
        username: text(contact.username.as_ref()),
        name,
    }
}

fn change<'t>(change: &'t IdentityChange<'_>) -> Option<Change<'t>> {
    let person = |old: &'t waypost_whatsapp::Identity<'_>| Person {
        phone: text(old.phone.as_ref()),
        bsuid: text(old.user_id.as_ref()),
        parent_bsuid: text(old.parent_user_id.as_ref()),
        ..Person::default()
    };
    match change {
        IdentityChange::Number { old, new_phone, .. } => Some(Change::Number {
            old: person(old),
            new_phone,
        }),
        IdentityChange::UserId {
            old,
            new_user_id,
            new_parent_user_id,
        } => Some(Change::UserId {
            old: person(old),
            new_bsuid: new_user_id,
            new_parent: text(new_parent_user_id.as_ref()),
        }),
        // The same person with the same ids on another phone.
        IdentityChange::SecurityCode { .. } => None,
    }
}

fn text<'t>(text: Option<&'t Text<'_>>) -> Option<&'t str> {
    text.map(Text::as_str)
}
