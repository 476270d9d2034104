//! Pages: how many, and from where on. A page token is opaque to callers; inside it is where the page before has ended.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::Status;

use crate::fault;

/// The size asked for, or the usual one.
pub(super) fn size(asked: u32, usual: u32) -> usize {
    let size = if asked == 0 { usual } else { asked };
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// The token for the next page.
pub(super) fn token<T: Serialize>(at: &T) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(at).unwrap_or_default())
}

/// Where the page before has ended; `None` for the first page.
///
/// # Errors
/// When the token is none of ours. It says that there is no such page rather than that the text is malformed: to a caller any text may
/// be one.
pub(super) fn after<T: DeserializeOwned>(token: &str) -> Result<Option<T>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    match bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        Some(at) => Ok(Some(at)),
        None => Err(fault::not_found("page")),
    }
}
