//! The file of bearer keys: who may send, and from which numbers.

use waypost_runtime::keys;
use waypost_runtime::keys::Numbers;
pub(crate) use waypost_runtime::keys::is_number;
pub use waypost_runtime::keys::{KeyFault, NewKey};

/// A key of the Send API.
pub(crate) type Key = keys::Key<Numbers>;

/// The keys in force.
pub(crate) type Keys = keys::Keys<Numbers>;

/// Makes a key of this name that may send from these numbers (`phone_number_id`, or `*` for all).
///
/// # Errors
/// When the name or a number is none, or the system has no random bits.
pub fn new_key(name: &str, numbers: &[impl AsRef<str>]) -> Result<NewKey, KeyFault> {
    Numbers::new_key(name, numbers)
}
