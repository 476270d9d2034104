//! `MessageService`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tonic::{Request, Response, Status};
use uuid::Uuid;
use waypost_model::{Direction as Way, EffectKey};
use waypost_rpc::v1::message_service_server::MessageService;
use waypost_rpc::v1::{
    DecideRequest, DecideResponse, Direction, ListConversationRequest, ListConversationResponse,
    ListConversationsRequest, ListConversationsResponse, Message, MessageServiceGetRequest,
    MessageServiceGetResponse, MessageServiceListRequest, MessageServiceListResponse,
    SendTextRequest, SendTextResponse,
};
use waypost_store::{KnownMessage, MessageFilter};

use super::{conversations, decide, page, send_text, why};
use crate::call::{self, Call};
use crate::convert::message::message;
use crate::convert::time::time_of;
use crate::convert::timeline::timeline;
use crate::fault;
use crate::plane::Plane;

/// How many events to look through for that of a message. They are looked at from the commit on, so it is among the first.
const LOOK_THROUGH: usize = 2_000;

/// The service.
pub(crate) struct Messages(pub(crate) Plane);

#[tonic::async_trait]
impl MessageService for Messages {
    async fn get(
        &self,
        request: Request<MessageServiceGetRequest>,
    ) -> Result<Response<MessageServiceGetResponse>, Status> {
        let call = Call::admit(request)?;
        call.may_read(call.message.include_payload)?;
        let id = call::id("id", &call.message.id)?;
        let history = self.0.store.history(id, call.message.include_payload).await;
        let history = history
            .map_err(|error| fault::postgres(&error))?
            .ok_or_else(|| fault::not_found("message"))?;
        let event = published(&self.0, &history.message).await;
        let mut told = timeline(&history, event);
        told.extend(why::now(&self.0, &history.message).await);
        Ok(Response::new(MessageServiceGetResponse {
            message: Some(message(history.message)),
            timeline: told,
        }))
    }

    async fn list(
        &self,
        request: Request<MessageServiceListRequest>,
    ) -> Result<Response<MessageServiceListResponse>, Status> {
        let call = Call::admit(request)?;
        call.may_read(call.message.include_payload)?;
        let asked = &call.message;
        let id = |field, text: &str| match text {
            "" => Ok(None),
            text => call::id(field, text).map(Some),
        };
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let filter = MessageFilter {
            direction: match asked.direction() {
                Direction::Unspecified => None,
                Direction::In => Some(Way::In),
                Direction::Out => Some(Way::Out),
            },
            phone_number_id: given(&asked.phone_number_id),
            contact_id: id("contact_id", &asked.contact_id)?,
            person_phone: given(&asked.person_phone),
            wamid: given(&asked.wamid),
            request_id: id("request_id", &asked.request_id)?,
            state: given(&asked.state),
            status: given(&asked.status),
            since: time_of(asked.since.as_ref()),
            until: time_of(asked.until.as_ref()),
        };
        let (messages, next_page_token) = self
            .page(
                &filter,
                asked.page_size,
                &asked.page_token,
                asked.include_payload,
            )
            .await?;
        Ok(Response::new(MessageServiceListResponse {
            messages,
            next_page_token,
        }))
    }

    async fn list_conversations(
        &self,
        request: Request<ListConversationsRequest>,
    ) -> Result<Response<ListConversationsResponse>, Status> {
        let listed = conversations::list(&self.0, Call::admit(request)?).await;
        listed.map(Response::new)
    }

    async fn list_conversation(
        &self,
        request: Request<ListConversationRequest>,
    ) -> Result<Response<ListConversationResponse>, Status> {
        let call = Call::admit(request)?;
        call.may_read(call.message.include_payload)?;
        let asked = &call.message;
        let filter = MessageFilter {
            contact_id: Some(call::id("contact_id", &asked.contact_id)?),
            phone_number_id: Some(asked.phone_number_id.clone()).filter(|id| !id.is_empty()),
            ..MessageFilter::default()
        };
        let (messages, next_page_token) = self
            .page(
                &filter,
                asked.page_size,
                &asked.page_token,
                asked.include_payload,
            )
            .await?;
        Ok(Response::new(ListConversationResponse {
            messages,
            next_page_token,
        }))
    }

    async fn decide(
        &self,
        request: Request<DecideRequest>,
    ) -> Result<Response<DecideResponse>, Status> {
        let (plane, call) = (self.0.clone(), Call::admit(request)?);
        let decided = self
            .0
            .to_its_end(async move { decide::decide(&plane, call).await });
        decided.await.map(Response::new)
    }

    async fn send_text(
        &self,
        request: Request<SendTextRequest>,
    ) -> Result<Response<SendTextResponse>, Status> {
        let (plane, call) = (self.0.clone(), Call::admit(request)?);
        let sent = self
            .0
            .to_its_end(async move { send_text::send_text(&plane, call).await });
        sent.await.map(Response::new)
    }
}

impl Messages {
    async fn page(
        &self,
        filter: &MessageFilter,
        size: u32,
        token: &str,
        payload: bool,
    ) -> Result<(Vec<Message>, String), Status> {
        let size = page::size(size, 50);
        let before: Option<Uuid> = page::after(token)?;
        let limit = i64::try_from(size + 1).unwrap_or(i64::MAX);
        let found = self.0.store.messages(filter, before, limit, payload).await;
        let found = found.map_err(|error| fault::postgres(&error))?;
        let more = found.len() > size;
        let found: Vec<_> = found.into_iter().take(size).collect();
        let next = found
            .last()
            .filter(|_| more)
            .map(|last| page::token(&last.id));
        Ok((
            found.into_iter().map(message).collect(),
            next.unwrap_or_default(),
        ))
    }
}

/// The event of a message, and when it was published. The stream forgets, and Redis may be away: then it is not told.
async fn published(plane: &Plane, message: &KnownMessage) -> Option<(String, SystemTime)> {
    let effect = match (&message.state, &message.wamid) {
        (Some(_), _) => EffectKey::send(message.id),
        (None, Some(wamid)) => EffectKey::message(&message.phone_number_id, wamid),
        (None, None) => return None,
    };
    let wanted = effect.to_string();
    let since = message.created_at.duration_since(UNIX_EPOCH).ok()?;
    // Redis' clock may be a little behind that of Postgres.
    let mut position = format!("{}-0", since.as_millis().saturating_sub(1_000));
    let mut looked = 0;
    while looked < LOOK_THROUGH {
        let events = plane.events.after(&position, 500).await.ok()?;
        let last = events.last()?;
        position.clone_from(&last.position);
        looked += events.len();
        if let Some(event) = events.into_iter().find(|event| event.id == wanted) {
            let ms = event.position.split('-').next()?.parse().ok()?;
            return Some((wanted, UNIX_EPOCH + Duration::from_millis(ms)));
        }
    }
    None
}
