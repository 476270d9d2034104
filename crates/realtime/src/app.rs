//! What all requests share.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::{HeaderMap, HeaderName, Request};
use waypost_runtime::Peer;
use waypost_token::Tokens;

use crate::config::Origins;
use crate::hub::Hub;
use crate::limits::Limits;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What every request to the public listener needs.
pub(crate) struct App {
    pub(crate) hub: Hub,
    pub(crate) tokens: Tokens,
    pub(crate) limits: Limits,
    pub(crate) origins: Origins,
    pub(crate) trust_forwarded: bool,
    pub(crate) panicked: Arc<AtomicU64>,
}

impl App {
    /// Whose request it is.
    pub(crate) fn address<B>(&self, request: &Request<B>) -> Option<IpAddr> {
        let forwarded = || forwarded(request.headers()).filter(|_| self.trust_forwarded);
        let peer = request.extensions().get::<Peer>();
        forwarded().or_else(|| peer.map(|Peer(address)| address.ip()))
    }
}

/// The last entry: the one that our own proxy wrote. Those before it are whatever the client sent.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let value = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    let last = value.to_str().ok()?.rsplit(',').next()?.trim();
    last.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_last_entry_counts() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
            }
            forwarded(&headers).map(|address| address.to_string())
        };
        assert_eq!(of(&["10.0.0.1, 192.0.2.7"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(
            of(&["10.0.0.1", "2001:db8::1"]).as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(of(&["10.0.0.1, unknown"]), None);
        assert_eq!(of(&[]), None);
    }
}
