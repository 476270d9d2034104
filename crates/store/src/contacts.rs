//! Who is who.
//!
//! A contact is a key of our own; phone number, user id, parent id and username are rows beside it, unique within a
//! WhatsApp Business Account. Phone and user id are *strong*: seen together they are one person, and if each has a contact
//! already, the two are merged into the older. Parent id and username are *weak*: they move to whom they were last seen
//! with, and merge nobody.
//!
//! A batch is resolved in this order:
//!
//! - `keys`: what the batch says, as groups of strong keys that belong together.
//! - `lookup`: who holds these keys.
//! - `resolve`: decides for each group: the one who is there, a new one, or a merge. `write` holds its statements.
//! - `merge`: two become one, messages included.
//! - `change`: a number or user id was announced as changed.
//!
//! **Races.** Every batch takes an advisory lock for its accounts: shared if it only adds, exclusive if it must take
//! something from somebody (merge, change, a name that moves). So a contact cannot be merged away between being looked up
//! and being written into a message, and adding goes on in parallel. Of two that add the same key at once the unique index
//! lets one through, before either has made a contact; the other starts again and finds it. A batch that needs more than
//! it has rolls back too, and starts again with the exclusive lock.

mod change;
mod keys;
mod lookup;
mod merge;
mod resolve;
mod write;

pub(crate) use change::apply;
pub(crate) use keys::Mention;
pub(crate) use resolve::{News, resolve};

use crate::bulk::Table;

/// Statements of this module, to be prepared before a batch begins.
pub(crate) const HOT: [&str; 3] = [lookup::LOOKUP, lookup::LAST_CHANGE, resolve::LOCK_SHARED];

/// Tables of this module, likewise.
pub(crate) const TABLES: [&Table; 2] = [&write::IDENTIFIERS, &write::CONTACTS];
