//! The way to the events: a token of the monitor, and a stream of the realtime service.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode};
use serde::Deserialize;
use waypost_rpc::v1::IssueTokenRequest;

use crate::admin::cli::{Access, Tail};
use crate::admin::fault::{self, Fault, Kind};
use crate::admin::session::Session;
use crate::admin::text::{clean, time};

/// How long a token is to last. It cannot be taken back, and each is in the audit.
const TTL: Duration = Duration::from_secs(60 * 60);
/// One that ends sooner than this is not worth connecting with.
const WORTH: Duration = Duration::from_secs(60);
/// A stream that says nothing for so long is dead: it says where it stands every few seconds.
const SILENCE: Duration = Duration::from_secs(120);
/// Most that is read of an answer that is no stream.
const LARGEST_PROBLEM: usize = 64 << 10;

/// Why there is no stream.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It may pass by itself, perhaps only after this long.
    Passing(String, Option<Duration>),
    /// It will not.
    Lasting(Fault),
}

/// What the monitor has given.
struct Pass {
    token: String,
    url: String,
    ends: Instant,
}

/// What opens streams.
pub(super) struct Connector<'a> {
    session: &'a Session,
    arguments: &'a Tail,
    patience: Duration,
    client: Client,
    pass: Option<Pass>,
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl<'a> Connector<'a> {
    pub(super) fn new(
        session: &'a Session,
        access: &Access,
        arguments: &'a Tail,
    ) -> Result<Self, Fault> {
        Ok(Self {
            session,
            arguments,
            patience: access.timeout,
            client: client(access)?,
            pass: None,
        })
    }

    /// Opens a stream that begins after `position`.
    pub(super) async fn open(&mut self, position: Option<&str>) -> Result<Response, Trouble> {
        let left = |pass: &Pass| pass.ends.saturating_duration_since(Instant::now());
        if let Some(pass) = self.pass.take_if(|pass| left(pass) > WORTH) {
            let response = self.request(&pass, position).await;
            // Refused: the secrets may have been changed since, and with a token of now it may work.
            let refused = |response: &Response| response.status() == StatusCode::UNAUTHORIZED;
            if !response.as_ref().is_ok_and(refused) {
                let url = pass.url.clone();
                self.pass = Some(pass);
                return checked(&url, response?).await;
            }
        }
        let pass = self.pass().await?;
        let response = self.request(&pass, position).await;
        let url = pass.url.clone();
        self.pass = Some(pass);
        checked(&url, response?).await
    }

    /// Asks the monitor for a token.
    async fn pass(&self) -> Result<Pass, Trouble> {
        let Tail {
            numbers, contact, ..
        } = self.arguments;
        let request = IssueTokenRequest {
            numbers: match numbers.is_empty() {
                true => vec!["*".to_owned()],
                false => numbers.clone(),
            },
            contact: contact.clone().unwrap_or_default(),
            ttl_seconds: u32::try_from(TTL.as_secs()).unwrap_or(0),
            ..IssueTokenRequest::default()
        };
        let asked = Instant::now();
        let mut monitor = self.session.realtime();
        let issued = self.session.call(monitor.issue_token(request)).await;
        let issued = issued.map_err(|fault| match fault.kind() {
            Kind::Failed => Trouble::Passing(fault.to_string(), None),
            _ => Trouble::Lasting(fault),
        })?;
        let url = self.arguments.realtime_url.clone().unwrap_or(issued.url);
        if url.is_empty() {
            return Err(lasting(
                Kind::Failed,
                "the monitor does not say where the realtime service is: set its monitor.realtime_url, or use --realtime-url",
            ));
        }
        Ok(Pass {
            token: issued.token,
            url,
            ends: asked + TTL,
        })
    }

    async fn request(&self, pass: &Pass, position: Option<&str>) -> Result<Response, Trouble> {
        let url = format!("{}/v1/events", pass.url);
        let mut request = self.client.get(url).bearer_auth(&pass.token);
        request = request.header(ACCEPT, "text/event-stream");
        if let Some(position) = position {
            request = request.header("last-event-id", position);
        }
        match tokio::time::timeout(self.patience, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Trouble::Passing(self.unreachable(&error, pass), None)),
            Err(_) => {
                let text = format!(
                    "the realtime service at {} has not answered within {}; --timeout sets how long to wait",
                    clean(&pass.url),
                    time::span(self.patience.as_secs_f64())
                );
                Err(Trouble::Passing(text, None))
            }
        }
    }

    fn unreachable(&self, error: &reqwest::Error, pass: &Pass) -> String {
        let named = match self.arguments.realtime_url {
            Some(_) => "that is what --realtime-url says",
            None => "that is what monitor.realtime_url says, and --realtime-url names another",
        };
        format!(
            "the realtime service at {} cannot be reached: {}; {named}",
            clean(&pass.url),
            clean(&fault::cause(error))
        )
    }
}

/// The stream, or what an answer means that is none.
async fn checked(url: &str, response: Response) -> Result<Response, Trouble> {
    let (status, headers) = (response.status(), response.headers());
    let header = |name: HeaderName| headers.get(name)?.to_str().ok();
    let stream = header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/event-stream"));
    if status == StatusCode::OK && stream {
        return Ok(response);
    }
    let wait = header(RETRY_AFTER).and_then(|wait| wait.parse().ok());
    let wait = wait.map(Duration::from_secs);
    let said = match detail(response).await {
        Some(detail) => format!(": {}", clean(&detail).trim_end_matches('.')),
        None => String::new(),
    };
    let (url, code) = (clean(url), status.as_u16());
    let at = format!("the realtime service at {url}");
    Err(match status {
        StatusCode::UNAUTHORIZED => lasting(
            Kind::Refused,
            format!(
                "{at} refuses the monitor's token{said}; have both the same realtime.secrets, and clocks that agree?"
            ),
        ),
        StatusCode::BAD_REQUEST => lasting(Kind::Usage, format!("{at} refuses the request{said}")),
        StatusCode::TOO_MANY_REQUESTS => {
            Trouble::Passing(format!("{at} has no place left{said}"), wait)
        }
        status if status.is_server_error() => {
            Trouble::Passing(format!("{at} cannot answer now ({code}){said}"), wait)
        }
        _ => lasting(
            Kind::Failed,
            format!("what answers at {url} is no realtime service ({code}){said}"),
        ),
    })
}

fn lasting(kind: Kind, text: impl Into<String>) -> Trouble {
    Trouble::Lasting(Fault::new(kind, text))
}

/// What an answer says in words.
async fn detail(mut response: Response) -> Option<String> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > LARGEST_PROBLEM {
            return None;
        }
    }
    serde_json::from_slice::<Problem>(&body)
        .ok()
        .map(|problem| problem.detail)
}

fn client(access: &Access) -> Result<Client, Fault> {
    // reqwest has no provider of its own here; if somebody has installed one before, it is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("waypost/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(access.timeout)
        .read_timeout(SILENCE)
        .tcp_nodelay(true)
        // A token is for the address that it was asked for.
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy();
    if let Some(file) = &access.ca {
        builder = builder.tls_certs_only(authorities(file)?);
    }
    let unfit = |error: reqwest::Error| Fault::usage(fault::cause(&error));
    builder.build().map_err(unfit)
}

/// The monitor's authorities are trusted for both: who has some of his own has them for both.
fn authorities(file: &Path) -> Result<Vec<Certificate>, Fault> {
    let wrong =
        |error: &dyn std::fmt::Display| Fault::usage(format!("{}: {error}", file.display()));
    let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
    Certificate::from_pem_bundle(&pem).map_err(|error| wrong(&fault::cause(&error)))
}
