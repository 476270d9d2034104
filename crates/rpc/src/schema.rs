//! What the protos' own options say of methods.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

use crate::v1::Role;

/// The package of the API.
const PACKAGE: &str = "waypost.v1";

/// Everything that the protos define, with our options.
///
/// The descriptors were compiled into this program together with the code; should they not decode, the pool is empty, no
/// method is known, and so nothing is allowed. A test sees to it that it is not.
pub static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(crate::DESCRIPTORS).unwrap_or_default());

/// All methods of the API.
pub static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| {
    POOL.services()
        .filter(|service| service.package_name() == PACKAGE)
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(Method::read)
        .collect()
});

/// A method and what its options say.
#[derive(Clone, Debug)]
pub struct Method {
    /// Its descriptor.
    pub descriptor: MethodDescriptor,
    /// The path of gRPC, like `/waypost.v1.QueueService/Pause`.
    pub path: String,
    /// Service and method without the package, like `QueueService.Pause`.
    pub name: String,
    /// The least role that may call it; `None` when the proto does not say, which nobody may then.
    pub role: Option<Role>,
    /// Whether it changes something.
    pub changes: bool,
    /// Ways to it over HTTP, the usual one first.
    pub routes: Vec<Route>,
}

/// A way to a method over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// GET, POST, PUT or DELETE.
    pub verb: String,
    /// The path, with `{field}` where a field of the request stands.
    pub path: String,
}

impl Method {
    /// The method behind a path of gRPC.
    pub fn at(path: &str) -> Option<&'static Self> {
        METHODS.iter().find(|method| method.path == path)
    }

    /// Whether answers come as a stream.
    pub fn is_stream(&self) -> bool {
        self.descriptor.is_server_streaming()
    }

    fn read(descriptor: MethodDescriptor) -> Self {
        let service = descriptor.parent_service();
        let options = descriptor.options();
        let rule = extension(&options, "waypost.v1.method");
        let field = |name: &str| {
            rule.as_ref()?
                .get_field_by_name(name)
                .map(|v| v.into_owned())
        };
        let role = field("role").and_then(|role| role.as_enum_number());
        let routes = field("routes");
        let routes = routes.as_ref().and_then(Value::as_list).unwrap_or_default();
        Self {
            path: format!("/{}/{}", service.full_name(), descriptor.name()),
            name: format!("{}.{}", service.name(), descriptor.name()),
            role: role
                .and_then(|role| Role::try_from(role).ok())
                .filter(|role| *role != Role::Unspecified),
            changes: field("changes").and_then(|v| v.as_bool()).unwrap_or(false),
            routes: routes.iter().filter_map(Route::read).collect(),
            descriptor,
        }
    }
}

impl Route {
    fn read(value: &Value) -> Option<Self> {
        let route = value.as_message()?;
        let text = |name| Some(route.get_field_by_name(name)?.as_str()?.to_owned());
        Some(Self {
            verb: text("verb")?,
            path: text("path")?,
        })
    }
}

/// One of our options, where it is set.
pub(crate) fn extension(options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let extension = POOL.get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    options.get_extension(&extension).as_message().cloned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_method_says_who_may_and_where_it_is_and_no_way_leads_to_two() {
        assert!(METHODS.len() >= 19, "{}", METHODS.len());
        let mut ways = BTreeSet::new();
        for method in METHODS.iter() {
            assert!(method.role.is_some(), "{} names no role", method.name);
            assert!(!method.routes.is_empty(), "{} has no route", method.name);
            for route in &method.routes {
                assert!(
                    ways.insert((&route.verb, &route.path)),
                    "{} {} leads to two methods",
                    route.verb,
                    route.path
                );
                assert_eq!(
                    method.changes,
                    route.verb != "GET",
                    "{}: what changes is no GET, and what does not is one",
                    method.name
                );
            }
            if method.changes {
                assert!(method.role >= Some(Role::Operator), "{}", method.name);
            }
        }
    }

    #[test]
    fn the_routes_of_the_replaced_service_are_there() {
        for (verb, path, method, role) in [
            ("GET", "stats", "GetStats", Role::Viewer),
            ("POST", "pause", "Pause", Role::Admin),
            ("POST", "resume", "Resume", Role::Admin),
            ("DELETE", "clear", "Clear", Role::Admin),
        ] {
            let method = Method::at(&format!("/waypost.v1.QueueService/{method}")).unwrap();
            let route = Route {
                verb: verb.to_owned(),
                path: format!("/api/queue-monitor/{path}"),
            };
            assert!(method.routes.contains(&route), "{route:?}");
            assert_eq!(method.role, Some(role));
        }
    }
}
