//! Messages by what is known of them.

use std::time::SystemTime;

use uuid::Uuid;
use waypost_model::Direction;

use super::pick::Pick;
use super::{KnownMessage, known};
use crate::{Store, StoreError};

/// Which messages to list. What is not set does not restrict.
#[derive(Clone, Default)]
pub struct MessageFilter {
    /// Only one way.
    pub direction: Option<Direction>,
    /// Only of this business number.
    pub phone_number_id: Option<String>,
    /// Only with this person. One who was merged into another stands for that other.
    pub contact_id: Option<Uuid>,
    /// Only with whoever has or had this phone number.
    pub person_phone: Option<String>,
    /// Only with this id of Meta's, or one that Meta gave it when it was sent a second time.
    pub wamid: Option<String>,
    /// Only brought by this request.
    pub request_id: Option<Uuid>,
    /// Only in this state.
    pub state: Option<String>,
    /// Only with this status.
    pub status: Option<String>,
    /// Only accepted or received then or later.
    pub since: Option<SystemTime>,
    /// Only accepted or received before.
    pub until: Option<SystemTime>,
}

impl Store {
    /// Messages, newest first by id, at most `limit`: those with ids smaller than `before`, which is the last id of the page
    /// before. With their bodies if `payload`.
    ///
    /// Read along an index whatever the filter, with one exception: for a direction, the state `sent`, and the statuses `sent`,
    /// `delivered` and `read` alone, all messages are gone through, as these are what most of them have.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<Uuid>,
        limit: i64,
        payload: bool,
    ) -> Result<Vec<KnownMessage>, StoreError> {
        let Some(pick) = Pick::of(filter, before, limit) else {
            return Ok(Vec::new());
        };
        let rows = self
            .ask(&known::select(&pick.sql, payload), &pick.values)
            .await?;
        Ok(rows.iter().map(known::read).collect())
    }
}
