//! The members of `value` that carry updates, found in one walk.

use crate::json::{Cursor, Json};

/// The arrays of a change's value that are routed; each `None` when absent or null.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct List<'a> {
    pub(crate) metadata: Option<Json<'a>>,
    pub(crate) contacts: Option<Json<'a>>,
    pub(crate) messages: Option<Json<'a>>,
    pub(crate) statuses: Option<Json<'a>>,
    pub(crate) echoes: Option<Json<'a>>,
    pub(crate) history: Option<Json<'a>>,
    pub(crate) errors: Option<Json<'a>>,
}

impl<'a> List<'a> {
    /// Walks the value that starts here; gives it back whole, too.
    pub(super) fn cut(cursor: &mut Cursor<'a>) -> (Json<'a>, Self) {
        let mut list = Self::default();
        let value = cursor.object(|cursor, key| {
            let member = cursor.value();
            let place = match &*key {
                "metadata" => &mut list.metadata,
                "contacts" => &mut list.contacts,
                "messages" => &mut list.messages,
                "statuses" => &mut list.statuses,
                "message_echoes" => &mut list.echoes,
                "history" => &mut list.history,
                "errors" => &mut list.errors,
                _ => return,
            };
            *place = (!member.is_null()).then_some(member);
        });
        (value, list)
    }
}
