//! Answers: Meta's error body, plain JSON, and bodies that end in the middle.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use serde_json::{Value, json};

use super::ErrorAnswer;
use super::codes::known;

pub(super) type Answer = Response<AnswerBody>;

/// The connection is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the fake Meta broke the connection, as it was told to")]
pub(super) struct Broken;

/// Bytes, all of them or the first half.
pub(super) struct AnswerBody {
    bytes: Bytes,
    cut: Cut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Whole,
    /// Says the whole length, gives half.
    Half,
    /// Half is given; wait once, so that it is written.
    Given,
    Break,
}

pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = bare(status, body);
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=UTF-8"),
    );
    answer
}

pub(super) fn ok(value: &Value) -> Answer {
    json(StatusCode::OK, value.to_string())
}

/// Without JSON.
pub(super) fn bare(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(AnswerBody {
        bytes: body.into(),
        cut: Cut::Whole,
    });
    *answer.status_mut() = status;
    answer
}

/// The first half of it.
pub(super) fn cut(answer: Answer) -> Answer {
    answer.map(|body| AnswerBody {
        cut: Cut::Half,
        ..body
    })
}

pub(super) fn retry_after(answer: &mut Answer, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
}

/// Meta's error body.
pub(super) fn error(error: &ErrorAnswer, trace: u64) -> Answer {
    let title = known(error.code).map_or("Unknown error", |known| known.title);
    let details = error.details.as_deref().unwrap_or(title);
    let message = match &error.message {
        Some(message) => message.clone(),
        None => format!("(#{}) {title}", error.code),
    };
    let mut body = json!({
        "message": message,
        "type": "OAuthException",
        "code": error.code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": format!("A{trace:016x}"),
    });
    if let Some(subcode) = error.subcode {
        body["error_subcode"] = subcode.into();
    }
    if matches!(error.code, 1 | 2) {
        body["is_transient"] = true.into();
    }
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer = json(status, json!({"error": body}).to_string());
    retry_after(&mut answer, error.retry_after);
    answer
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.cut {
            Cut::Whole if self.bytes.is_empty() => Poll::Ready(None),
            Cut::Whole => Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes))))),
            Cut::Half => {
                self.cut = Cut::Given;
                let half = self.bytes.len() / 2;
                Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(half)))))
            }
            Cut::Given => {
                self.cut = Cut::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Break => Poll::Ready(Some(Err(Broken))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut == Cut::Whole && self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
