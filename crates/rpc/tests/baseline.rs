//! What buf does not know of: routes, roles and rules of the last release still hold. See `proto/README.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value};
use waypost_rpc::schema::POOL;

const BASELINE: &str = "../../proto/baseline.binpb";

fn baseline() -> DescriptorPool {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(BASELINE);
    DescriptorPool::decode(std::fs::read(path).unwrap().as_slice()).unwrap()
}

/// One of our options, read by the pool that it was written with.
fn option(options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let pool = options.descriptor().parent_pool().clone();
    let extension = pool.get_extension_by_name(name).unwrap();
    options
        .has_extension(&extension)
        .then(|| options.get_extension(&extension).as_message().cloned())?
}

fn get(message: &DynamicMessage, name: &str) -> Option<Value> {
    let field = message.descriptor().get_field_by_name(name)?;
    message
        .has_field(&field)
        .then(|| message.get_field(&field).into_owned())
}

/// Whether whoever kept to the old rule keeps to the new one: it is as it was, gone, or wider.
fn bears(name: &str, old: Option<&Value>, new: &Value) -> bool {
    match (name, old, new) {
        ("example", _, _) => true,
        ("max_length", Some(Value::U32(old)), Value::U32(new)) => new >= old,
        ("maximum", Some(Value::F64(old)), Value::F64(new)) => new >= old,
        ("minimum", Some(Value::F64(old)), Value::F64(new)) => new <= old,
        (_, old, new) => old == Some(new),
    }
}

#[test]
fn no_route_is_gone_and_no_method_asks_for_a_higher_role() {
    let mut seen = 0;
    for old in baseline()
        .services()
        .flat_map(|s| s.methods().collect::<Vec<_>>())
    {
        let name = old.full_name().to_owned();
        let new = POOL
            .get_service_by_name(old.parent_service().full_name())
            .and_then(|service| service.methods().find(|m| m.name() == old.name()))
            .unwrap_or_else(|| panic!("{name} is gone"));
        let before = option(&old.options(), "waypost.v1.method").unwrap();
        let now = option(&new.options(), "waypost.v1.method").unwrap();
        let role = |rule| get(rule, "role").and_then(|role| role.as_enum_number());
        assert!(role(&now) <= role(&before), "{name} asks for a higher role");
        let routes = |rule: &DynamicMessage| -> Vec<_> {
            let routes = get(rule, "routes").unwrap();
            let routes = routes.as_list().unwrap().iter();
            routes
                .map(|route| {
                    let route = route.as_message().unwrap();
                    (get(route, "verb"), get(route, "path"))
                })
                .collect()
        };
        let now = routes(&now);
        for route in routes(&before) {
            assert!(now.contains(&route), "{name}: the route {route:?} is gone");
            seen += 1;
        }
    }
    assert!(seen > 20, "the baseline has only {seen} routes");
}

#[test]
fn no_rule_of_a_field_has_become_stricter() {
    let mut seen = 0;
    let baseline = baseline();
    let fields = |pool: &DescriptorPool, message: &str| -> Vec<_> {
        pool.get_message_by_name(message)
            .unwrap()
            .fields()
            .collect()
    };
    let messages = baseline
        .all_messages()
        .filter(|message| message.package_name() == "waypost.v1");
    for message in messages {
        for new in fields(&POOL, message.full_name()) {
            let Some(now) = option(&new.options(), "waypost.v1.field") else {
                continue;
            };
            let before = message
                .get_field_by_name(new.name())
                .map(|old| option(&old.options(), "waypost.v1.field"));
            for rule in now.descriptor().fields() {
                let Some(value) = get(&now, rule.name()) else {
                    continue;
                };
                let ok = match &before {
                    // A new field may have any rule but this: old clients do not send it.
                    None => rule.name() != "required",
                    Some(before) => {
                        let old = before.as_ref().and_then(|before| get(before, rule.name()));
                        bears(rule.name(), old.as_ref(), &value)
                    }
                };
                assert!(ok, "{}: {} is stricter", new.full_name(), rule.name());
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "only {seen} rules");
}
