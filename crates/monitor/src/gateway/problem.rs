//! Why a request was not served, as RFC 9457 has it.

use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use waypost_runtime::RequestId;

use super::kind::Kind;

/// Faults that are told of; whoever has made more has enough to mend.
const MOST_FAULTS: usize = 50;

/// As much of a name that is not known is told back.
const MOST_LETTERS: usize = 100;

/// Why a request was not served.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    /// What belongs to this one beyond what all have: faults, reason, plans.
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with a field of a request, or with a parameter that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its path, by the names of the proto, like `filter.class`; as it came where it is not known.
    pub(crate) field: String,
    /// What it must be.
    pub(crate) detail: String,
}

impl Fault {
    pub(crate) fn new(field: impl AsRef<str>, detail: impl Into<String>) -> Self {
        Self {
            field: field.as_ref().chars().take(MOST_LETTERS).collect(),
            detail: detail.into(),
        }
    }
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    /// What is wrong with the fields of a request, all of it.
    pub(crate) fn faults(mut faults: Vec<Fault>) -> Self {
        faults.truncate(MOST_FAULTS);
        let told: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} {}", fault.field, fault.detail))
            .collect();
        let told = told.join("; ");
        Self::new(Kind::InvalidArgument, told.trim()).with_faults(&faults)
    }

    pub(crate) fn with_faults(self, faults: &[Fault]) -> Self {
        let errors: Vec<Value> = faults
            .iter()
            .map(|fault| json!({ "field": fault.field, "detail": fault.detail }))
            .collect();
        self.with("errors", errors)
    }

    /// Adds a member, unless there is one of that name.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.entry(name).or_insert_with(|| value.into());
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The methods that there are.
    pub(crate) fn not_allowed(allowed: &str) -> Self {
        let problem = Self::new(
            Kind::MethodNotAllowed,
            format!("There is {allowed} of this path."),
        );
        match HeaderValue::try_from(allowed) {
            Ok(value) => problem.with_header(ALLOW, value),
            Err(_) => problem,
        }
    }

    /// When to try again.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// What RFC 6750 wants told to who has no token, or a wrong one.
    pub(crate) fn challenge(self, wrong: bool) -> Self {
        let challenge = match wrong {
            false => "Bearer",
            true => "Bearer error=\"invalid_token\"",
        };
        self.with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// As JSON. What all problems have wins over members of the same name.
    pub(crate) fn value(&self, id: RequestId) -> Value {
        let mut members = self.members.clone();
        members.insert("type".to_owned(), self.kind.uri().into());
        members.insert("title".to_owned(), self.kind.title().into());
        members.insert("status".to_owned(), self.kind.status().as_u16().into());
        members.insert("detail".to_owned(), self.detail.clone().into());
        members.insert("instance".to_owned(), format!("urn:uuid:{id}").into());
        members.insert("code".to_owned(), self.kind.code().into());
        members.insert("requestId".to_owned(), id.to_string().into());
        Value::Object(members)
    }
}
