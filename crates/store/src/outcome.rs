//! What comes out of a batch.

use std::fmt;

use uuid::Uuid;

use crate::StoreError;

/// What became of a batch.
#[derive(Debug)]
pub struct Persisted {
    /// One for each item, in the order of [`crate::Batch::items`].
    pub outcomes: Vec<Outcome>,
    /// The connection broke while we waited for a COMMIT to be confirmed: items that are [`Outcome::Unavailable`] may be
    /// there after all, and their next try will say [`Outcome::Known`].
    pub commit_unknown: bool,
    /// A transaction had to begin again: another batch was in the way, or a bad item had to be found.
    pub retried: bool,
    /// Why something was not written, raw webhooks included, though nobody is to blame for it: try again.
    pub unavailable: Option<StoreError>,
}

/// What became of one item.
pub enum Outcome {
    /// Committed; this call made the row.
    Stored {
        /// Our id of the row.
        id: Uuid,
        /// The person, where the item tells who it is.
        contact_id: Option<Uuid>,
        /// Message of the same content, number and sender sent within the window.
        duplicate_of: Option<String>,
    },
    /// The row was there before: a redelivery, or the second copy within this batch.
    Known {
        /// The person, where the item tells who it is and stands in the batch for the first time.
        contact_id: Option<Uuid>,
    },
    /// Kept out by the window policy `drop`, and recorded in `dropped_duplicates`.
    Dropped {
        /// The message it repeats.
        of: String,
    },
    /// This item can never be stored; all its siblings were tried without it.
    Bad(StoreError),
    /// Not tried, or rolled back, through no fault of the item: try again, it costs no attempt.
    Unavailable(StoreError),
}

/// Message ids hold the phone number, so they are left out.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored {
                id,
                contact_id,
                duplicate_of,
            } => f
                .debug_struct("Stored")
                .field("id", id)
                .field("contact_id", contact_id)
                .field("duplicate", &duplicate_of.is_some())
                .finish(),
            Self::Known { contact_id } => f
                .debug_struct("Known")
                .field("contact_id", contact_id)
                .finish(),
            Self::Dropped { .. } => f.write_str("Dropped"),
            Self::Bad(error) => f.debug_tuple("Bad").field(error).finish(),
            Self::Unavailable(error) => f.debug_tuple("Unavailable").field(error).finish(),
        }
    }
}
