//! Posts deliveries the way Meta does: many at once, over connections that are kept, again when the answer is not 200.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::scenario::{Delivery, DeliveryKind};

/// How long one attempt may take. Meta does not say what its own limit is.
const ATTEMPT: Duration = Duration::from_secs(30);

/// Sends webhooks to one address.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    url: Uri,
    at_once: usize,
    retry: Retry,
}

/// What to do after an answer other than 200, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Leave it.
    Never,
    /// At once, then after ever longer pauses, as Meta does (for 7 days). A `Retry-After` of the answer is followed,
    /// up to the longest pause. Forged webhooks are never repeated: nobody would.
    LikeMeta {
        /// The pause after the second failure; doubled each time.
        first: Duration,
        /// No pause is longer.
        longest: Duration,
        /// When to give up, counted from the first attempt.
        give_up: Duration,
    },
}

/// What became of one delivery.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its place in the list.
    pub index: usize,
    /// What it was.
    pub kind: DeliveryKind,
    /// The last answer; `None` when there was none.
    pub status: Option<u16>,
    /// How often it was sent.
    pub attempts: u32,
    /// When the last attempt began.
    pub started: SystemTime,
    /// From then to the end of the answer.
    pub latency: Duration,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl Outcome {
    /// True when the answer is the one that such a delivery must get.
    pub fn is_expected(&self) -> bool {
        self.status == Some(self.kind.answer())
    }
}

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The address is of no use.
    #[error(
        "{url:?} is no address to send webhooks to; give one like http://127.0.0.1:8080/webhook"
    )]
    Url {
        /// What was given.
        url: String,
    },
}

impl Sender {
    /// Sends to this address, 16 at once, each only once. Plain HTTP only.
    pub fn new(url: &str) -> Result<Self, SendError> {
        let bad = || SendError::Url {
            url: url.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_| bad())?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() {
            return Err(bad());
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self {
            client,
            url: uri,
            at_once: 16,
            retry: Retry::Never,
        })
    }

    /// Changes how many are on their way at once.
    #[must_use]
    pub fn at_once(self, at_once: usize) -> Self {
        Self {
            at_once: at_once.max(1),
            ..self
        }
    }

    /// Changes what happens after a failure.
    #[must_use]
    pub fn retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// Sends all, starting in the order given, and tells of each as it ends. The outcomes are in the order given.
    pub async fn send_all(
        &self,
        deliveries: &[Delivery],
        mut ended: impl FnMut(&Outcome),
    ) -> Vec<Outcome> {
        let numbered = deliveries.iter().enumerate();
        let mut sending = stream::iter(numbered)
            .map(|(index, delivery)| async move {
                Outcome {
                    index,
                    ..self.send(delivery).await
                }
            })
            .buffer_unordered(self.at_once);
        let mut outcomes = Vec::with_capacity(deliveries.len());
        while let Some(outcome) = sending.next().await {
            ended(&outcome);
            outcomes.push(outcome);
        }
        outcomes.sort_by_key(|outcome| outcome.index);
        outcomes
    }

    /// Sends one, and again as long as the policy wants it.
    pub async fn send(&self, delivery: &Delivery) -> Outcome {
        let began = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (outcome, wish) = self.attempt(delivery, attempts).await;
            match self.pause(&outcome, wish) {
                Some((pause, give_up)) if began.elapsed() + pause < give_up => {
                    tokio::time::sleep(pause).await;
                }
                _ => return outcome,
            }
        }
    }

    /// How long to wait before the next attempt, and when to give up; `None` when it is done.
    fn pause(&self, outcome: &Outcome, wish: Option<Duration>) -> Option<(Duration, Duration)> {
        let Retry::LikeMeta {
            first,
            longest,
            give_up,
        } = self.retry
        else {
            return None;
        };
        if outcome.status == Some(200) || outcome.kind == DeliveryKind::BadSignature {
            return None;
        }
        let doubled = match outcome.attempts {
            1 => Duration::ZERO,
            attempts => first.saturating_mul(1 << (attempts - 2).min(20)),
        };
        Some((wish.unwrap_or(doubled).min(longest), give_up))
    }

    async fn attempt(&self, delivery: &Delivery, attempts: u32) -> (Outcome, Option<Duration>) {
        let (started, clock) = (SystemTime::now(), Instant::now());
        let answer = match tokio::time::timeout(ATTEMPT, self.post(delivery)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", ATTEMPT.as_secs())),
        };
        let (status, wish, error) = match answer {
            Ok((status, wish)) => (Some(status), wish, None),
            Err(error) => (None, None, Some(error)),
        };
        let latency = clock.elapsed();
        let outcome = Outcome {
            index: 0,
            kind: delivery.kind,
            status,
            attempts,
            started,
            latency,
            error,
        };
        (outcome, wish)
    }

    async fn post(&self, delivery: &Delivery) -> Result<(u16, Option<Duration>), String> {
        let mut request =
            Request::post(self.url.clone()).header("content-type", "application/json");
        if let Some(signature) = &delivery.signature {
            request = request.header("x-hub-signature-256", signature);
        }
        let body = Full::new(delivery.body.clone());
        let request = request.body(body).map_err(|error| error.to_string())?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| deepest(&error))?;
        let (status, wish) = (answer.status().as_u16(), retry_after(answer.headers()));
        // To the end, so that the connection can be used again.
        answer
            .into_body()
            .collect()
            .await
            .map_err(|error| deepest(&error))?;
        Ok((status, wish))
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The last cause says what happened; those before it only that something did.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
