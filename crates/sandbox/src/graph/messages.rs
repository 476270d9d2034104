//! `POST /{version}/{phone_number_id}/messages`.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use http::StatusCode;

use super::accepted::{accepted_body, digits_or_all};
use super::answer::{self, Answer, Broken};
use super::armed::{Seen, Verdict};
use super::check;
use super::limits::Over;
use super::log::{AcceptedMessage, Told};
use super::request::SendRequest;
use super::shared::Shared;
use super::wamid::wamid;
use super::webhooks::Sent;
use super::{Effect, ErrorAnswer};

/// A request that has come in whole, from somebody with a good token.
pub(super) struct Incoming<'a> {
    /// Its place among all.
    pub(super) request: u64,
    pub(super) number: &'a str,
    pub(super) token: &'a str,
    pub(super) body: &'a [u8],
}

/// How far from a plain answer this one is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Answer,
    Slow(Duration),
    Reset,
    Truncate,
    Hang,
}

/// Refuses, or accepts and answers: in this order the scripted refusals, what is wrong with the request, the limits.
pub(super) async fn send(shared: &Shared, incoming: Incoming<'_>) -> Result<Answer, Broken> {
    let Some(request) = SendRequest::parse(incoming.body) else {
        let details = "The body is not a JSON object of a message.";
        return Ok(refuse(
            shared,
            &incoming,
            &ErrorAnswer::code(100).details(details),
        ));
    };
    let seen = Seen {
        number: incoming.number,
        recipient: request.to().unwrap_or_default(),
        our_id: request.our_id(),
        token: incoming.token,
    };
    let verdict = shared.faults.verdict(&seen);
    if let Some(verdict) = &verdict
        && let Some(refused) = scripted(shared, &incoming, &verdict.effect)
    {
        return refused;
    }
    let silent = verdict.as_ref().is_some_and(|verdict| verdict.silent);
    let after = after(verdict.as_ref());
    if request.is_mark() {
        return mark(shared, &incoming, &request, after).await;
    }
    if let Err(error) = check::message(&request) {
        return Ok(refuse(shared, &incoming, &error));
    }
    // Room for its statuses first: what is accepted must be told.
    let room = match &shared.webhooks {
        Some(webhooks) if !silent => webhooks.room().await,
        _ => None,
    };
    if let Err(over) = within_limits(shared, incoming.number, seen.recipient) {
        return Ok(refuse(shared, &incoming, &over));
    }
    let latency = shared.latency(incoming.request);
    let at_once = after == After::Answer && latency.is_zero();
    let message = accept(shared, &incoming, &request, at_once);
    if let Some(room) = room {
        room.send(Sent::new(&message, request.recipient_type.as_deref()));
    }
    let body = accepted_body(&request, &message);
    let answer = answer::json(StatusCode::OK, body);
    let ended = end(shared, answer, after, latency).await;
    if !at_once && matches!(after, After::Answer | After::Slow(_)) {
        shared.log.answered(message.seq);
    }
    ended
}

/// The refusals among the effects.
fn scripted(
    shared: &Shared,
    incoming: &Incoming<'_>,
    effect: &Effect,
) -> Option<Result<Answer, Broken>> {
    let refused = match effect {
        Effect::Error(error) => refuse(shared, incoming, error),
        Effect::TokenExpired => refuse(shared, incoming, &expired()),
        Effect::Bare429 { retry_after } => {
            shared.log.told(Told::Status(429));
            let mut answer = answer::bare(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
            answer::retry_after(&mut answer, *retry_after);
            answer
        }
        Effect::ServerError(status) => {
            shared.log.told(Told::Status(*status));
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            answer::bare(
                status,
                "<html><body>Sorry, something went wrong.</body></html>",
            )
        }
        Effect::ResetBefore => {
            shared.log.told(Told::Lost("reset_before"));
            return Some(Err(Broken));
        }
        _ => return None,
    };
    Some(Ok(refused))
}

fn after(verdict: Option<&Verdict>) -> After {
    match verdict.map(|verdict| &verdict.effect) {
        Some(Effect::Slow(time)) => After::Slow(*time),
        Some(Effect::ResetAfter) => After::Reset,
        Some(Effect::TruncatedAnswer) => After::Truncate,
        Some(Effect::HangAfterAccept) => After::Hang,
        _ => After::Answer,
    }
}

async fn mark(
    shared: &Shared,
    incoming: &Incoming<'_>,
    request: &SendRequest<'_>,
    after: After,
) -> Result<Answer, Broken> {
    if let Err(error) = check::mark(request) {
        return Ok(refuse(shared, incoming, &error));
    }
    shared.marked_read.fetch_add(1, Ordering::Relaxed);
    let answer = answer::json(StatusCode::OK, &br#"{"success":true}"#[..]);
    end(shared, answer, after, shared.latency(incoming.request)).await
}

fn within_limits(shared: &Shared, number: &str, to: &str) -> Result<(), ErrorAnswer> {
    let Some(buckets) = shared.buckets() else {
        return Ok(());
    };
    let to = to.trim_start_matches('+');
    buckets.take(number, to).map_err(|over| match over {
        Over::Number => ErrorAnswer::code(130_429)
            .details("Message failed to send because there were too many messages sent from this phone number in a short period of time."),
        Over::Pair => ErrorAnswer::code(131_056)
            .details("Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time."),
    })
}

fn accept(
    shared: &Shared,
    incoming: &Incoming<'_>,
    request: &SendRequest<'_>,
    answered: bool,
) -> AcceptedMessage {
    let to = request.to().unwrap_or_default();
    let our_id = request.our_id();
    shared.log.accept(|seq| AcceptedMessage {
        seq,
        our_id,
        callback: request.callback.as_deref().map(str::to_owned),
        wamid: wamid(shared.settings.seed, seq, &digits_or_all(to)),
        phone_number_id: incoming.number.to_owned(),
        to: to.to_owned(),
        kind: request.kind.as_deref().unwrap_or("text").to_owned(),
        at: SystemTime::now(),
        since_start: shared.began.elapsed(),
        answered,
    })
}

async fn end(
    shared: &Shared,
    answer: Answer,
    after: After,
    latency: Duration,
) -> Result<Answer, Broken> {
    let pause = match after {
        After::Slow(time) => latency + time,
        _ => latency,
    };
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let lost = |how| shared.log.told(Told::Lost(how));
    match after {
        After::Answer | After::Slow(_) => {
            shared.log.told(Told::Status(200));
            Ok(answer)
        }
        After::Truncate => {
            lost("truncated_answer");
            Ok(answer::cut(answer))
        }
        After::Reset => {
            lost("reset_after");
            Err(Broken)
        }
        After::Hang => {
            lost("hang_after_accept");
            std::future::pending().await
        }
    }
}

fn refuse(shared: &Shared, incoming: &Incoming<'_>, error: &ErrorAnswer) -> Answer {
    shared.log.told(Told::Code(error.http_status(), error.code));
    answer::error(error, incoming.request)
}

/// What Meta says to a token that was good once.
pub(super) fn expired() -> ErrorAnswer {
    ErrorAnswer {
        subcode: Some(463),
        message: Some("Error validating access token: Session has expired.".to_owned()),
        ..ErrorAnswer::code(190)
    }
}
