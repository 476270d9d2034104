//! Errors and their details, as `google.rpc` has them. Whoever reads the code alone is told right; whoever reads the details
//! is told which field, which reason, and how to go on.

use prost::{Message, Name};
use prost_types::Any;
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt, pb};
use waypost_queue::QueueError;
use waypost_rpc::rules::Violation;
use waypost_store::StoreError;

/// The domain of our reasons.
pub(crate) const DOMAIN: &str = "waypost";
/// When to ask again while Redis or Postgres is away.
const AGAIN: Duration = Duration::from_secs(2);

/// The request is wrong: every fault with its field.
pub(crate) fn invalid(violations: &[Violation]) -> Status {
    let told: Vec<String> = violations
        .iter()
        .map(|v| format!("{} {}", v.field, v.description))
        .collect();
    let violations: Vec<FieldViolation> = violations
        .iter()
        .map(|v| FieldViolation::new(&v.field, &v.description))
        .collect();
    Status::with_error_details(
        Code::InvalidArgument,
        told.join("; "),
        ErrorDetails::with_bad_request(violations),
    )
}

/// One field is wrong.
pub(crate) fn wrong(field: &str, description: impl Into<String>) -> Status {
    invalid(&[Violation {
        field: field.to_owned(),
        description: description.into(),
    }])
}

/// There is none of that id.
pub(crate) fn not_found(what: &str) -> Status {
    Status::with_error_details(
        Code::NotFound,
        format!("there is no {what} of that id"),
        ErrorDetails::with_error_info("NOT_FOUND", DOMAIN, HashMap::new()),
    )
}

/// The role does not reach.
pub(crate) fn forbidden(reason: &str, text: &str) -> Status {
    Status::with_error_details(
        Code::PermissionDenied,
        text,
        ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()),
    )
}

/// Things are not so that it could be done.
pub(crate) fn precondition(reason: &str, text: &str) -> Status {
    Status::with_error_details(
        Code::FailedPrecondition,
        text,
        ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()),
    )
}

/// The same, with a message of ours among the details.
pub(crate) fn precondition_with<M: Message + Name>(reason: &str, text: &str, detail: &M) -> Status {
    let info = pb::ErrorInfo {
        reason: reason.to_owned(),
        domain: DOMAIN.to_owned(),
        metadata: HashMap::new(),
    };
    let any = |url: String, value: Vec<u8>| Any {
        type_url: url,
        value,
    };
    let status = pb::Status {
        code: Code::FailedPrecondition.into(),
        message: text.to_owned(),
        details: vec![
            any(
                "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
                info.encode_to_vec(),
            ),
            any(
                format!("type.googleapis.com/{}", M::full_name()),
                detail.encode_to_vec(),
            ),
        ],
    };
    Status::with_details(
        Code::FailedPrecondition,
        text,
        status.encode_to_vec().into(),
    )
}

/// Redis could not do it.
pub(crate) fn redis(error: &QueueError) -> Status {
    if error.is_transient() {
        unavailable("REDIS_UNAVAILABLE", &error.to_string())
    } else {
        tracing::error!("{error}");
        Status::internal(error.to_string())
    }
}

/// Postgres could not do it.
pub(crate) fn postgres(error: &StoreError) -> Status {
    if error.is_transient() {
        unavailable("POSTGRES_UNAVAILABLE", &error.to_string())
    } else {
        tracing::error!("{error}");
        Status::internal(error.to_string())
    }
}

/// Something is away for a while.
pub(crate) fn unavailable(reason: &str, text: &str) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    details.set_retry_info(Some(AGAIN));
    Status::with_error_details(Code::Unavailable, text, details)
}
