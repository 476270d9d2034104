//! Posting a request, and telling apart what surely was not sent from what nobody knows.

use std::error::Error;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use crate::config::DispatcherSettings;
use crate::prepare::Prepared;

/// More than any answer of Meta's; what lies beyond is not needed to understand it.
const LARGEST_ANSWER: usize = 64 << 10;
/// How long an idle connection is kept. Shorter than servers do, so that they seldom close one under a request.
const IDLE: Duration = Duration::from_secs(50);
/// Longest wait that an answer may ask for; Meta's own are hours.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// What came of a request.
pub(crate) enum Called {
    /// An answer.
    Answered {
        status: u16,
        retry_after: Option<Duration>,
        body: BytesMut,
        /// Whether the connection held until the body's end.
        whole: bool,
    },
    /// There was no connection, so Meta cannot have it.
    NotSent(String),
    /// It went out, or may have, and nothing came back.
    Unknown(String),
}

/// The client that all requests share, with its connections.
pub(crate) fn client(settings: &DispatcherSettings) -> Result<Client, reqwest::Error> {
    // reqwest was built without a provider of its own, so that there is one for the whole process. Whoever was here
    // before has installed the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("waypost/", env!("CARGO_PKG_VERSION")))
        .timeout(settings.request_timeout)
        .connect_timeout(settings.connect_timeout)
        .pool_max_idle_per_host(settings.concurrency)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .redirect(Policy::none())
        // A retry of the library's own would be a message sent twice.
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()
}

pub(crate) async fn call(client: &Client, prepared: Prepared) -> Called {
    let request = client
        .post(prepared.url)
        .header(AUTHORIZATION, prepared.authorization)
        .header(CONTENT_TYPE, "application/json")
        .body(prepared.body);
    match request.send().await {
        Ok(response) => answered(response).await,
        Err(error) if error.is_connect() || error.is_builder() => Called::NotSent(why(&error)),
        Err(error) => Called::Unknown(why(&error)),
    }
}

async fn answered(mut response: Response) -> Called {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let mut body = BytesMut::new();
    let whole = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = LARGEST_ANSWER - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if body.len() == LARGEST_ANSWER {
                    break true;
                }
            }
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    Called::Answered {
        status,
        retry_after,
        body,
        whole,
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let wait = Duration::from_secs(text.trim().parse().ok()?);
    // A time that no clock can hold would be the end of whoever adds it to now.
    Some(wait.min(LONGEST_WAIT))
}

/// The last cause says what happened. The address stays out of it: it may hold an `appsecret_proof`.
fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match cause.is::<reqwest::Error>() {
        true => "the request failed".to_owned(),
        false => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn retry_after_is_seconds_and_never_beyond_reason() {
        let of = |text| {
            let value = HeaderValue::from_static(text);
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]))
        };
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(of("18446744073709551615"), Some(LONGEST_WAIT));
        assert_eq!(of("-1"), None);
        assert_eq!(of("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
