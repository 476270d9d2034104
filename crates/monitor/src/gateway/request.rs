//! The message that a request over HTTP stands for.

use http::{HeaderMap, Uri};
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::{Map, Value};
use waypost_rpc::json;

use super::kind::Kind;
use super::problem::{Fault, Problem};
use super::query::Fields;
use super::routes::{Found, Rest};
use super::{BoxError, body, fit};

/// What has been given so far, and what is wrong with it.
struct Given {
    descriptor: MessageDescriptor,
    members: Map<String, Value>,
    faults: Vec<Fault>,
}

/// Reads path, query and body into the message of the method.
///
/// # Errors
/// What is wrong with them.
pub(super) async fn read<B>(
    found: Found,
    uri: Uri,
    headers: HeaderMap,
    body: B,
) -> Result<DynamicMessage, Problem>
where
    B: http_body::Body + Send,
    B::Error: Into<BoxError>,
{
    let mut given = Given::new(found.method.descriptor.input());
    given.add_path(&found.fields);
    given.add_query(uri.query().unwrap_or_default(), found.rest);
    match found.rest {
        // What a GET has in its body means nothing, as RFC 9110 has it, and is not read.
        Rest::Query => drop(body),
        Rest::Either | Rest::Body => given.add(body::read(&headers, body).await?),
    }
    given.into_message()
}

impl Given {
    fn new(descriptor: MessageDescriptor) -> Self {
        Self {
            descriptor,
            members: Map::new(),
            faults: Vec::new(),
        }
    }

    fn add_path(&mut self, named: &[(String, String)]) {
        let mut fields = Fields::default();
        for (name, text) in named {
            fields.put(name, text, &self.descriptor);
        }
        self.add_fields(fields);
    }

    fn add_query(&mut self, query: &str, rest: Rest) {
        let fields = Fields::of_query(query, &self.descriptor);
        if rest != Rest::Body {
            return self.add_fields(fields);
        }
        // Passed over, it would widen what is done: `POST /v1/queues:pause?queue=fact` must not pause all.
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            let detail = "is no parameter: fields belong into the JSON body";
            self.faults.push(Fault::new(name, detail));
        }
    }

    fn add_fields(&mut self, fields: Fields) {
        let (tree, faults) = fields.into_parts();
        self.faults.extend(faults);
        self.add(Value::Object(tree));
    }

    /// Adds an object with fields of the request, once it fits.
    fn add(&mut self, value: Value) {
        let members = fit::object(value, &self.descriptor, "", &mut self.faults);
        for (name, member) in members {
            if self.members.contains_key(&name) {
                let detail = "is given in two places: the path, the query, the body";
                self.faults.push(Fault::new(name, detail));
            } else {
                self.members.insert(name, member);
            }
        }
    }

    fn into_message(self) -> Result<DynamicMessage, Problem> {
        if !self.faults.is_empty() {
            return Err(Problem::faults(self.faults));
        }
        json::read(Value::Object(self.members), &self.descriptor)
            .map_err(|error| Problem::new(Kind::InvalidArgument, error.to_string()))
    }
}
