//! The private listener: tokens for browsers.
//!
//! A front end's own server asks here, with its bearer key, for a token that it hands to a browser. In reading order: `ask`, what
//! it asks; `route`, which request this is and whose key it shows.

mod ask;
mod route;

use waypost_runtime::keys;
use waypost_runtime::keys::Numbers;

pub(crate) use route::{Desk, service};

/// The keys in force.
pub(crate) type Keys = keys::Keys<Numbers>;

/// Makes a key that may ask for tokens for these numbers (`phone_number_id`, or `*` for all).
///
/// # Errors
/// When the name or a number is none, or the system has no random bits.
pub fn new_key(name: &str, numbers: &[impl AsRef<str>]) -> Result<keys::NewKey, keys::KeyFault> {
    Numbers::new_key(name, numbers)
}
