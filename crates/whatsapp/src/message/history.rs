//! Messages of the past, sent once after a business app number was connected. (Meta: webhooks reference, history.)
//!
//! `history[]` has chunks, a chunk has threads, a thread has messages; chunks come out of order. Media follow in
//! webhooks of their own, whose `value.messages` have no thread.

use super::Message;
use crate::contact::{Contact, Customer};
use crate::json::{Items, Json, Wire};
use crate::text::Text;
use crate::webhook::Metadata;

/// One message of the past.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryMessage<'a> {
    /// The message.
    pub message: Message<'a>,
    /// Where it stood; `None` for a media follow-up.
    pub thread: Option<Box<Thread<'a>>>,
    /// `history_context.status`: DELIVERED, ERROR, PENDING, PLAYED, READ, SENT, or a word we do not know.
    pub status: Option<Text<'a>>,
    /// True when the business sent it.
    pub outbound: bool,
}

/// A conversation in a chunk of the past.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread<'a> {
    /// The customer: a phone number, or a business-scoped user id.
    pub id: Option<Text<'a>>,
    /// 0: the first day, 1: up to day 90, 2: up to day 180.
    pub phase: Option<i64>,
    /// Place of the chunk among the phase's.
    pub chunk_order: Option<i64>,
    /// Percent of everything that has been sent.
    pub progress: Option<i64>,
    /// The chunk's `metadata` as received.
    pub(crate) metadata: Json<'a>,
    /// The thread's `context` as received; it may hold the customer's ids.
    pub(crate) context: Json<'a>,
}

impl<'a> HistoryMessage<'a> {
    pub(crate) fn new(
        mut message: Message<'a>,
        thread: Option<&Thread<'a>>,
        number: &Metadata<'a>,
    ) -> Self {
        let outbound = match &message.from {
            Some(from) => number.is_number(from),
            None => {
                message.from_user_id.is_none()
                    && (message.to.is_some() || message.to_user_id.is_some())
            }
        };
        if message.contact.is_none() {
            // [inf] A thread's context names its customer the way `contacts[]` does.
            message.contact = thread.and_then(|thread| Contact::read(thread.context));
        }
        Self {
            status: message.history_status.clone(),
            thread: thread.cloned().map(Box::new),
            outbound,
            message,
        }
    }

    /// The person at the other end. The thread names them where the message does not: outbound ones rarely do.
    pub fn customer(&self) -> Customer<'_, 'a> {
        let mut customer = match self.outbound {
            true => self.message.recipient(),
            false => self.message.sender(),
        };
        let thread = self.thread.as_ref().and_then(|thread| thread.id.as_ref());
        if let (Some(id), None, None) = (thread, customer.phone, customer.user_id) {
            // A user id begins with a country's two letters and a dot.
            match id.contains('.') {
                true => customer.user_id = Some(id),
                false => customer.phone = Some(id.trim_start_matches('+')),
            }
        }
        customer
    }
}

impl<'a> Thread<'a> {
    /// The threads of one chunk, each with its messages.
    pub(crate) fn all_of(chunk: Json<'a>) -> impl Iterator<Item = (Self, Items<'a>)> {
        let metadata = chunk.member("metadata").unwrap_or(Json::NULL);
        let number = |name| metadata.member(name).and_then(i64::read);
        let chunk_head = Self {
            id: None,
            phase: number("phase"),
            chunk_order: number("chunk_order"),
            progress: number("progress"),
            metadata,
            context: Json::NULL,
        };
        let threads = chunk.member("threads").and_then(Json::items);
        threads.into_iter().flatten().filter_map(move |thread| {
            let head = Self {
                id: thread.member("id").and_then(Text::read_id),
                context: thread.member("context").unwrap_or(Json::NULL),
                ..chunk_head.clone()
            };
            Some((head, thread.member("messages")?.items()?))
        })
    }
}
