//! The id of a request, returned to its sender as `X-Request-Id`.

use std::fmt;

use http::{HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries it.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A UUIDv7, made for every request. An id that the sender proposes is not taken over: it would let a stranger
/// write into our logs and make two requests look like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A new id.
    #[expect(
        clippy::new_without_default,
        reason = "each is different, so there is no default one"
    )]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id as a UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// The value of the header.
    pub fn header_value(self) -> HeaderValue {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = self.0.hyphenated().encode_lower(&mut text);
        // Digits and hyphens always make a header value; an empty one stands for the impossible.
        HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_seven_and_their_header_is_their_text() {
        let (a, b) = (RequestId::new(), RequestId::new());
        assert_ne!(a, b);
        assert_eq!(a.uuid().get_version_num(), 7);
        assert_eq!(a.header_value().to_str().unwrap(), a.to_string());
    }
}
