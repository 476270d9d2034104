//! `MessageService.ListConversations`.

use tonic::Status;
use uuid::Uuid;
use waypost_rpc::v1::{Conversation, ListConversationsRequest, ListConversationsResponse};
use waypost_store::{Conversation as Known, MessageFilter};

use super::page;
use crate::call::{self, Call};
use crate::convert::message::message;
use crate::fault;
use crate::plane::Plane;

pub(super) async fn list(
    plane: &Plane,
    call: Call<ListConversationsRequest>,
) -> Result<ListConversationsResponse, Status> {
    call.may_read(call.message.include_payload)?;
    let asked = &call.message;
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let filter = MessageFilter {
        phone_number_id: given(&asked.phone_number_id),
        contact_id: match asked.contact_id.as_str() {
            "" => None,
            contact => Some(call::id("contact_id", contact)?),
        },
        person_phone: given(&asked.person_phone),
        ..MessageFilter::default()
    };
    let before: Option<Uuid> = page::after(&asked.page_token)?;
    let size = page::size(asked.page_size, 30);
    let found = plane
        .store
        .conversations(&filter, before, size, asked.include_payload)
        .await
        .map_err(|error| fault::postgres(&error))?;
    let next = found.next.map(|next| page::token(&next));
    let ids: Vec<String> = found
        .found
        .iter()
        .map(|one| one.phone_number_id.clone())
        .collect();
    let shown = plane.store.displayed_numbers(&ids).await;
    let shown = shown.map_err(|error| fault::postgres(&error))?;
    let conversation = |one: Known| {
        let shown = shown.get(&one.phone_number_id);
        conversation(one, shown.cloned().unwrap_or_default())
    };
    Ok(ListConversationsResponse {
        conversations: found.found.into_iter().map(conversation).collect(),
        next_page_token: next.unwrap_or_default(),
    })
}

fn conversation(known: Known, shown: String) -> Conversation {
    let since = known.unanswered_since.map(|id| id.to_string());
    Conversation {
        contact_id: known.contact_id.to_string(),
        phone_number_id: known.phone_number_id,
        last_message: Some(message(known.last)),
        unanswered: known.unanswered,
        unanswered_since: since.unwrap_or_default(),
        display_phone_number: shown,
    }
}
