//! Where browsers reach the realtime service: told to them, and let through by the policy of the inbox page.

use http::Uri;

/// An address of HTTP, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealtimeUrl {
    secure: bool,
    /// Host, and port where it is given.
    authority: String,
    path: String,
}

impl RealtimeUrl {
    /// Reads one. It becomes part of a header that names what a page may reach, so nothing passes here that could name more.
    ///
    /// # Errors
    /// Says what must be otherwise.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let uri: Uri = text
            .parse()
            .map_err(|_| "want an address like https://realtime.example.com".to_owned())?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("want http:// or https:// at its beginning".to_owned()),
        };
        let authority = uri.authority().map(ToString::to_string);
        let authority = authority.unwrap_or_default().to_ascii_lowercase();
        if authority.starts_with('[') {
            return Err(
                "a page's security policy cannot name an IPv6 address: use a host name".to_owned(),
            );
        }
        if !is_host(&authority) {
            return Err("want a host, and a port where it has one, and no more".to_owned());
        }
        if uri.query().is_some() || text.contains('#') {
            return Err("want no query and no fragment".to_owned());
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self {
            secure,
            authority,
            path,
        })
    }

    /// What a page must be allowed to connect to: the origin by HTTP, and by WebSocket.
    pub(crate) fn sources(&self) -> String {
        let (http, ws) = match self.secure {
            true => ("https", "wss"),
            false => ("http", "ws"),
        };
        format!("{http}://{0} {ws}://{0}", self.authority)
    }
}

impl std::fmt::Display for RealtimeUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

/// A name or an IPv4 address, and perhaps a port.
fn is_host(authority: &str) -> bool {
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    !host.is_empty()
        && host.bytes().all(fine)
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_origin_and_nothing_beside_it() {
        let url = RealtimeUrl::parse("https://Realtime.example.com:8443/wp/").unwrap();
        assert_eq!(url.to_string(), "https://realtime.example.com:8443/wp");
        assert_eq!(
            url.sources(),
            "https://realtime.example.com:8443 wss://realtime.example.com:8443"
        );
        let url = RealtimeUrl::parse("http://127.0.0.1:8082").unwrap();
        assert_eq!(url.to_string(), "http://127.0.0.1:8082");
        assert_eq!(url.sources(), "http://127.0.0.1:8082 ws://127.0.0.1:8082");
    }

    #[test]
    fn what_is_no_such_address_is_refused() {
        for wrong in [
            "",
            "realtime.example.com",
            "/realtime",
            "ftp://realtime.example.com",
            "wss://realtime.example.com",
            "https://",
            "https://user:secret@realtime.example.com",
            "https://*",
            "https://*.example.com",
            "https://a;script-src",
            "https://a,b",
            "https://a:0",
            "https://a:b",
            "https://a:1:2",
            "https://[::1]:8082",
            "https://a/?query",
            "https://a/#fragment",
            "https://a b",
        ] {
            assert!(RealtimeUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
