//! What is known of an item beside what it says itself.

use uuid::Uuid;
use waypost_store::Standing;
use waypost_whatsapp::UpdateBody;

use crate::item::{Content, Item};
use crate::persist::Fate;

/// What the database adds to an event.
#[derive(Default)]
pub(crate) struct Beside<'b> {
    /// Whose conversation it belongs to.
    pub(super) contact_id: Option<Uuid>,
    /// The message that this one repeats.
    pub(super) duplicate_of: Option<&'b str>,
    /// Where the message stands that it is or speaks of.
    pub(super) standing: Option<&'b Standing>,
}

impl<'b> Beside<'b> {
    /// The row of the message counts: it says the same however often, and whenever, its events are published. Without one, a
    /// status still says whom it was sent to.
    pub(crate) fn of(item: &Item<'_>, fate: &'b Fate, standing: Option<&'b Standing>) -> Self {
        let (person, repeats) = match fate {
            Fate::New {
                contact_id,
                duplicate_of,
            } => (*contact_id, duplicate_of.as_deref()),
            Fate::Known { contact_id, .. } => (*contact_id, None),
            Fate::Dropped | Fate::Bad(_) | Fate::Open => (None, None),
        };
        // Whoever of a group has read a message is not whose conversation it is.
        let person = person.filter(|_| !is_of_a_group(item));
        Self {
            contact_id: standing.and_then(|row| row.contact_id).or(person),
            duplicate_of: standing
                .and_then(|row| row.duplicate_of.as_deref())
                .or(repeats),
            standing,
        }
    }

    /// Our id of the message, if it was sent through us.
    pub(super) fn message_id(&self) -> Option<Uuid> {
        let row = self.standing.filter(|row| row.sending.is_some())?;
        Some(row.id)
    }

    /// What its sender gave with it.
    pub(super) fn callback_data(&self) -> Option<&'b str> {
        self.standing.and_then(|row| row.callback_data.as_deref())
    }
}

fn is_of_a_group(item: &Item<'_>) -> bool {
    match &item.content {
        Content::Update(update) => {
            matches!(&update.body, UpdateBody::Status(status) if status.is_to_group())
        }
        Content::Send(_) | Content::Fact(_) => false,
    }
}
