//! Messages.

use waypost_rpc::v1::{Direction, Message};
use waypost_store::KnownMessage;

use super::dead::explain;
use super::time::{stamp, stamp_of};

/// A message as the store knows it.
pub(crate) fn message(known: KnownMessage) -> Message {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    Message {
        id: known.id.to_string(),
        direction: direction(known.direction).into(),
        origin: known.origin,
        phone_number_id: known.phone_number_id,
        account_id: known.waba_id,
        contact_id: id(known.contact_id),
        contact_name: known.contact_name.unwrap_or_default(),
        person_phone: known.person_phone.unwrap_or_default(),
        person_user_id: known.person_bsuid.unwrap_or_default(),
        group_id: known.group_id.unwrap_or_default(),
        r#type: known.kind,
        wamid: known.wamid.unwrap_or_default(),
        state: known.state.unwrap_or_default(),
        state_class: known.state_class.unwrap_or_default(),
        status: known.status.unwrap_or_default(),
        error_code: known.error_code.unwrap_or(0),
        attempts: known.attempts,
        priority: known.priority.unwrap_or_default(),
        accepted_at: Some(stamp(known.accepted_at)),
        sent_at: stamp_of(known.sent_at),
        delivered_at: stamp_of(known.delivered_at),
        read_at: stamp_of(known.read_at),
        played_at: stamp_of(known.played_at),
        failed_at: stamp_of(known.failed_at),
        send_at: stamp_of(known.send_at),
        expires_at: stamp_of(known.expires_at),
        on_unknown: known.on_unknown.unwrap_or_default(),
        key_name: known.key_name.unwrap_or_default(),
        request_id: known.request_id.to_string(),
        trace_id: known.trace_id.unwrap_or_default(),
        duplicate_of: known.duplicate_of.unwrap_or_default(),
        payload: known.payload.unwrap_or_default(),
        error_explanation: explain(known.error_code),
    }
}

fn direction(direction: waypost_model::Direction) -> Direction {
    match direction {
        waypost_model::Direction::In => Direction::In,
        waypost_model::Direction::Out => Direction::Out,
    }
}
