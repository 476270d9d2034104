//! Which path is whose, and who may call.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use waypost_whatsapp::signature::sign;

use super::answer::{self, Answer, Broken};
use super::log::Told;
use super::shared::Shared;
use super::{ErrorAnswer, control, media, messages};

/// Meta's largest: a document of 100 MB, and what surrounds it in a form.
const MAX_BODY: usize = 101 << 20;

/// Answers one request; an error breaks the connection.
pub(super) async fn route(shared: &Shared, request: Request<Incoming>) -> Result<Answer, Broken> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(answer::bare(StatusCode::PAYLOAD_TOO_LARGE, "")),
    };
    let path = head.uri.path();
    if let Some(rest) = path.strip_prefix("/_sandbox/") {
        return Ok(control::answer(shared, &head, rest, &body));
    }
    if path == media::FILES {
        return Ok(media::file(shared, &head));
    }
    let request = shared.log.requested();
    let token = bearer(&head);
    if let Err(error) = may_call(shared, &head, token) {
        shared.log.told(Told::Code(error.http_status(), error.code));
        return Ok(answer::error(&error, request));
    }
    let mut parts = path.trim_start_matches('/').split('/');
    let place = (parts.next(), parts.next(), parts.next(), parts.next());
    let (Some(version), Some(node), edge, None) = place else {
        return Ok(unknown(shared, request));
    };
    if !is_version(version) || node.is_empty() {
        return Ok(unknown(shared, request));
    }
    match (&head.method, edge) {
        (&Method::POST, Some("messages")) => {
            let incoming = messages::Incoming {
                request,
                number: node,
                token,
                body: &body,
            };
            messages::send(shared, incoming).await
        }
        _ => Ok(on_media(shared, &head, (node, edge), &body)
            .unwrap_or_else(|| unknown(shared, request))),
    }
}

fn on_media(
    shared: &Shared,
    head: &Parts,
    place: (&str, Option<&str>),
    body: &Bytes,
) -> Option<Answer> {
    match (&head.method, place) {
        (&Method::POST, (_, Some("media"))) => Some(media::upload(shared, head, body)),
        (&Method::GET, (id, None)) => Some(media::describe(shared, id)),
        (&Method::DELETE, (id, None)) => Some(media::delete(shared, id)),
        _ => None,
    }
}

/// What follows `Bearer`, or nothing.
pub(super) fn bearer(head: &Parts) -> &str {
    let value = head.headers.get(AUTHORIZATION);
    let text = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    }
}

fn may_call(shared: &Shared, head: &Parts, token: &str) -> Result<(), ErrorAnswer> {
    if !shared.takes_token(token) {
        return Err(ErrorAnswer {
            message: Some("Invalid OAuth access token - Cannot parse access token".to_owned()),
            ..ErrorAnswer::code(190)
        });
    }
    let (true, Some(secret)) = (shared.settings.require_proof, &shared.settings.app_secret) else {
        return Ok(());
    };
    let right = sign(secret.as_bytes(), token.as_bytes());
    let given = query(head, "appsecret_proof");
    match given.is_some() && given == right.strip_prefix("sha256=") {
        true => Ok(()),
        false => Err(ErrorAnswer {
            message: Some("Invalid appsecret_proof provided in the API argument".to_owned()),
            ..ErrorAnswer::code(100)
        }),
    }
}

/// A parameter of the query, as it stands there.
pub(super) fn query<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    let pairs = head.uri.query()?.split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

fn unknown(shared: &Shared, request: u64) -> Answer {
    let error = ErrorAnswer {
        message: Some("Unsupported request. Unknown path components or method.".to_owned()),
        ..ErrorAnswer::code(2_500)
    };
    shared.log.told(Told::Code(error.http_status(), error.code));
    answer::error(&error, request)
}
