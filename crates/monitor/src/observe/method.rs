//! What a path is called.

use std::collections::HashMap;
use std::sync::LazyLock;

use waypost_rpc::schema::METHODS;
use waypost_telemetry::metrics::label::Method;

/// Those that are not of this API. They are asked all the time, and have no spans.
const COMMON: [&str; 4] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// How a method appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// In metrics: `QueueService/Pause`.
    pub(super) label: Method,
    /// In traces, where it appears there: `waypost.v1.QueueService/Pause`.
    pub(super) span: Option<&'static str>,
}

static NAMED: LazyLock<HashMap<&'static str, Named>> = LazyLock::new(|| {
    let ours = METHODS.iter().map(|method| (&*method.path, true));
    let common = COMMON.into_iter().map(|path| (path, false));
    let named = ours.chain(common).map(|(path, is_ours)| {
        let name = path.trim_start_matches('/');
        let short = name.rsplit('.').next().unwrap_or(name);
        let label = Method::of(short);
        let span = is_ours.then_some(name);
        (path, Named { label, span })
    });
    named.collect()
});

impl Named {
    /// The method behind a path. Whatever else strangers ask for shares one name.
    pub(super) fn at(path: &str) -> Self {
        let nobody = Self {
            label: Method::OTHER,
            span: None,
        };
        NAMED.get(path).copied().unwrap_or(nobody)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_place_of_its_own_and_strangers_make_none() {
        for method in METHODS.iter() {
            let named = Named::at(&method.path);
            assert_ne!(named.label, Method::OTHER, "{}", method.path);
            assert_eq!(named.span, method.path.strip_prefix('/'));
        }
        let check = Named::at(COMMON[0]);
        assert_eq!(check.label, Method::of("Health/Check"));
        assert_eq!(check.span, None);
        for path in ["/waypost.v1.QueueService/Nothing", "/x", ""] {
            assert_eq!(Named::at(path).label, Method::OTHER);
        }
    }
}
