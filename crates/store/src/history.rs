//! What is known of messages, both ways, for whoever asks. None of it is `Debug`, because it holds what people wrote.
//!
//! `known` is a message as its row tells it, `told` what happened to it. `list` finds messages by filters, and `pick` decides
//! along which index; `conversations` finds the newest message of each conversation.
//! `standing` is what events tell of a message beside their news.

mod conversations;
mod known;
mod list;
mod pick;
mod standing;
mod told;

use futures_util::future::try_join4;
use uuid::Uuid;

use crate::{Store, StoreError};
pub use conversations::{Conversation, Conversations};
pub use known::KnownMessage;
pub use list::MessageFilter;
pub use standing::{MessageKey, Sending, Standing};
pub use told::{Attempt, HeardStatus, Step};

/// A message, and all that was told of it, oldest first.
#[derive(Clone)]
pub struct History {
    /// Its row.
    pub message: KnownMessage,
    /// Attempts to send it; none of one that came in.
    pub attempts: Vec<Attempt>,
    /// Facts told of it, its acceptance first; none of one that was not sent through us.
    pub steps: Vec<Step>,
    /// What Meta told of it.
    pub statuses: Vec<HeardStatus>,
}

impl Store {
    /// A message with all that was told of it and with its body; `None` when there is none of that id.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn message(&self, id: Uuid) -> Result<Option<History>, StoreError> {
        self.history(id, true).await
    }

    /// The same, with the body or without.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn history(&self, id: Uuid, payload: bool) -> Result<Option<History>, StoreError> {
        let message = known::select("SELECT $1::uuid AS id", payload);
        let client = self.client().await?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&id];
        let answers = try_join4(
            client.query_opt(&message, &parameters),
            client.query(told::ATTEMPTS, &parameters),
            client.query(told::STEPS, &parameters),
            client.query(told::STATUSES, &parameters),
        );
        let result = self.within(answers).await;
        let (message, attempts, steps, statuses) = self.settle(client, result)?;
        Ok(message.map(|message| History {
            message: known::read(&message),
            attempts: attempts.iter().map(told::attempt).collect(),
            steps: steps.iter().map(told::step).collect(),
            statuses: statuses.iter().map(told::heard_status).collect(),
        }))
    }
}
