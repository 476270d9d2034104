//! Who sends.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use uuid::Uuid;

use super::encode::{key_value, text};

/// The resource of this process: a random id tells its copies, and its lives, apart.
pub(super) fn of(name: &str, version: &str) -> Resource {
    let mut attributes = vec![
        key_value("service.name", text(name)),
        key_value("service.version", text(version)),
        key_value("service.instance.id", text(Uuid::new_v4().to_string())),
        key_value("process.pid", text(std::process::id().to_string())),
        key_value("telemetry.sdk.name", text("waypost")),
        key_value("telemetry.sdk.language", text("rust")),
    ];
    // In Kubernetes this is the name of the pod.
    if let Ok(host) = std::fs::read_to_string("/proc/sys/kernel/hostname") {
        attributes.push(key_value("host.name", text(host.trim())));
    }
    Resource {
        attributes,
        ..Resource::default()
    }
}

/// What made the data.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "waypost".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}
