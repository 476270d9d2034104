//! The key that a request shows.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The bearer token of a request; two headers are as good as none.
pub fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_bearer_token_counts() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            bearer(&headers).map(<[u8]>::to_vec)
        };
        assert_eq!(read(&["Bearer wpk_1"]).as_deref(), Some(&b"wpk_1"[..]));
        assert_eq!(read(&["bearer  wpk_1 "]).as_deref(), Some(&b"wpk_1"[..]));
        for none in [
            &[][..],
            &["Bearer"],
            &["Bearer "],
            &["Basic d3Br"],
            &["wpk_1"],
            &["Bearer a", "Bearer a"],
        ] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
