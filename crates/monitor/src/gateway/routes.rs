//! Which method a path leads to.

use std::sync::LazyLock;

use http::Method as Verb;
use percent_encoding::percent_decode_str;
use waypost_rpc::schema::{METHODS, Method};

use super::kind::Kind;
use super::problem::Problem;

/// A way that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) method: &'static Method,
    /// Where the fields that the path does not name are.
    pub(super) rest: Rest,
    /// The fields that the path names, with what it says of them.
    pub(super) fields: Vec<(String, String)>,
}

/// Where the fields of a request are that its path does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// In the query. A body means nothing.
    Query,
    /// In the query, or in a JSON body.
    Either,
    /// In a JSON body.
    Body,
}

/// A route, taken apart.
struct Way {
    method: &'static Method,
    verb: &'static str,
    segments: Vec<Segment>,
}

/// What stands between two slashes.
enum Segment {
    /// This.
    Text(&'static str),
    /// The value of a field, and this behind it.
    Field {
        name: &'static str,
        suffix: &'static str,
    },
}

static WAYS: LazyLock<Vec<Way>> = LazyLock::new(|| {
    let methods = METHODS.iter();
    let routes = methods.flat_map(|method| method.routes.iter().map(move |route| (method, route)));
    routes
        .map(|(method, route)| Way {
            method,
            verb: &route.verb,
            segments: route.path.split('/').map(Segment::read).collect(),
        })
        .collect()
});

impl Rest {
    /// By the verb of the route.
    pub(crate) fn of(verb: &str) -> Self {
        match verb {
            "GET" => Self::Query,
            "DELETE" => Self::Either,
            _ => Self::Body,
        }
    }
}

impl Segment {
    fn read(text: &'static str) -> Self {
        let field = text.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        match field {
            Some((name, suffix)) => Self::Field { name, suffix },
            None => Self::Text(text),
        }
    }
}

impl Way {
    /// The fields that the path names, if it is this way. A colon parts a name from a verb, so none is part of a value, unless
    /// it is encoded.
    fn fields(&self, path: &str) -> Option<Vec<(String, String)>> {
        let mut fields = Vec::new();
        let mut given = path.split('/');
        for segment in &self.segments {
            let text = given.next()?;
            match segment {
                Segment::Text(known) if *known == text => {}
                Segment::Text(_) => return None,
                Segment::Field { name, suffix } => {
                    let value = text.strip_suffix(suffix)?;
                    if value.is_empty() || value.contains(':') {
                        return None;
                    }
                    let value = percent_decode_str(value).decode_utf8().ok()?;
                    fields.push(((*name).to_owned(), value.into_owned()));
                }
            }
        }
        given.next().is_none().then_some(fields)
    }
}

/// The way that a request takes. HEAD goes where GET does; the server leaves the body out.
///
/// # Errors
/// When there is no such path, or not with this verb.
pub(super) fn find(verb: &Verb, path: &str) -> Result<Found, Problem> {
    let verb = match *verb {
        Verb::HEAD => Verb::GET.as_str(),
        _ => verb.as_str(),
    };
    let mut others = Vec::new();
    for way in WAYS.iter() {
        let Some(fields) = way.fields(path) else {
            continue;
        };
        if way.verb == verb {
            return Ok(Found {
                method: way.method,
                rest: Rest::of(verb),
                fields,
            });
        }
        others.push(way.verb);
    }
    if others.is_empty() {
        let detail = "There is nothing at this path; /openapi.json says what there is.";
        return Err(Problem::new(Kind::NotFound, detail));
    }
    if others.contains(&"GET") {
        others.push("HEAD");
    }
    Err(Problem::not_allowed(&others.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(verb: &Verb, path: &str) -> (String, Vec<(String, String)>) {
        let found = find(verb, path).unwrap();
        (found.method.name.clone(), found.fields)
    }

    fn field(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn every_route_leads_to_its_method() {
        for method in METHODS.iter() {
            for route in &method.routes {
                let path = route.path.replace('{', "a").replace('}', "b");
                let verb = Verb::from_bytes(route.verb.as_bytes()).unwrap();
                assert_eq!(name(&verb, &path).0, method.name, "{}", route.path);
            }
        }
    }

    #[test]
    fn fields_are_decoded_and_verbs_are_none_of_them() {
        let found = name(&Verb::GET, "/v1/messages/a%2Fb%3Ac%20d");
        assert_eq!(
            found,
            ("MessageService.Get".to_owned(), field("id", "a/b:c d"))
        );
        let found = name(&Verb::POST, "/v1/messages/17:decide");
        assert_eq!(
            found,
            ("MessageService.Decide".to_owned(), field("id", "17"))
        );
        let found = name(&Verb::HEAD, "/v1/queues/stats");
        assert_eq!(found, ("QueueService.GetStats".to_owned(), Vec::new()));
    }

    #[test]
    fn what_is_not_there_is_told_from_what_cannot_be_done() {
        for path in [
            "/v1",
            "/v1/",
            "/v1/messages/",
            "/v1/messages/a:b",
            "/v1/messages/%ff",
            "/v1/audit/",
        ] {
            let problem = find(&Verb::GET, path).unwrap_err();
            assert_eq!(problem.kind(), Kind::NotFound, "{path}");
        }
        for (verb, path, allow) in [
            (Verb::POST, "/v1/audit", "GET, HEAD"),
            (Verb::OPTIONS, "/v1/queues", "DELETE"),
            (Verb::GET, "/v1/messages/17:decide", "POST"),
            (Verb::TRACE, "/v1/numbers/1/limit", "PUT"),
        ] {
            let problem = find(&verb, path).unwrap_err();
            assert_eq!(problem.kind(), Kind::MethodNotAllowed, "{path}");
            let allow = http::HeaderValue::from_static(allow);
            assert_eq!(problem.headers(), [(http::header::ALLOW, allow)], "{path}");
        }
    }
}
