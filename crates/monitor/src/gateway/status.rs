//! Errors of gRPC, with their details, as problems.

use std::time::Duration;

use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Map, Value};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt, pb};
use waypost_rpc::json;
use waypost_rpc::schema::POOL;

use super::answer::{ROLE, role};
use super::kind::Kind;
use super::problem::{Fault, Problem};

/// What a `Retry-After` says where nobody knows better.
const AGAIN: u64 = 2;
/// The guard's word for a token that nobody has.
const TOKEN_UNKNOWN: &str = "TOKEN_UNKNOWN";
/// What types of ours begin with.
const OURS: &str = "waypost.v1.";

/// An error as a problem.
pub(super) fn problem(status: &Status) -> Problem {
    let kind = Kind::of(status.code());
    let details = status.get_error_details();
    let mut problem = Problem::new(kind, status.message());
    if let Some(bad) = details.bad_request() {
        let faults = bad.field_violations.iter();
        let faults: Vec<Fault> = faults
            .map(|violation| Fault::new(&violation.field, &violation.description))
            .collect();
        problem = problem.with_faults(&faults);
    }
    if let Some(info) = details.error_info() {
        problem = problem.with("reason", info.reason.as_str());
        if !info.metadata.is_empty() {
            let metadata = info.metadata.iter();
            let metadata: Map<String, Value> = metadata
                .map(|(name, text)| (name.clone(), Value::from(text.as_str())))
                .collect();
            problem = problem.with("metadata", metadata);
        }
    }
    for (name, value) in own_details(status) {
        problem = problem.with(&name, value);
    }
    if kind.waits() {
        problem = problem.retry_after(again(status, &details));
    }
    if status.code() == Code::Unauthenticated {
        let reason = details.error_info().map(|info| info.reason.as_str());
        problem = problem.challenge(reason == Some(TOKEN_UNKNOWN));
    }
    match role(status.metadata()) {
        Some(role) => problem.with_header(ROLE, role),
        None => problem,
    }
}

/// The members of all details that are messages of this API, like the plan of what is to be confirmed.
fn own_details(status: &Status) -> Map<String, Value> {
    let mut members = Map::new();
    let Ok(all) = pb::Status::decode(status.details()) else {
        return members;
    };
    for detail in all.details {
        let name = detail.type_url.rsplit('/').next().unwrap_or_default();
        let known = name
            .starts_with(OURS)
            .then(|| POOL.get_message_by_name(name));
        let Some(descriptor) = known.flatten() else {
            continue;
        };
        let message = DynamicMessage::decode(descriptor, detail.value.as_slice());
        let value = message.ok().and_then(|message| json::write(&message).ok());
        if let Some(Value::Object(object)) = value {
            members.extend(object);
        }
    }
    members
}

/// In how many seconds to try again: whole ones, and at least one.
fn again(status: &Status, details: &ErrorDetails) -> u64 {
    let told = details.retry_info().and_then(|info| info.retry_delay);
    let header = || {
        let value = status.metadata().get("retry-after")?;
        Some(Duration::from_secs(value.to_str().ok()?.parse().ok()?))
    };
    let Some(delay) = told.or_else(header) else {
        return AGAIN;
    };
    let partly = u64::from(delay.subsec_nanos() > 0);
    delay.as_secs().saturating_add(partly).max(1)
}
