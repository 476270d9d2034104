//! Whose key it is.

use std::sync::Arc;

use http::HeaderMap;
use waypost_runtime::keys::bearer;

use super::answer::Problem;
use super::keys::{Key, Keys};
use super::kind::Kind;

/// The key that a request shows. Looked up for every request, so that a key taken away is so at once, also on a
/// connection that is already there.
pub(crate) fn key(keys: &Keys, headers: &HeaderMap) -> Result<Arc<Key>, Problem> {
    let Some(token) = bearer(headers) else {
        let detail = "Send `Authorization: Bearer <key>`, once.";
        return Err(Problem::new(Kind::NoKey, detail));
    };
    keys.current()
        .find(token)
        .ok_or_else(|| Problem::new(Kind::UnknownKey, "This key is not known."))
}
