//! Every configuration key of every part.

use waypost_settings::Key;
use waypost_telemetry::TelemetrySettings;

/// The tables of all services. Several read some of them (redis, inbox, log): each is here once.
pub(crate) fn all() -> Vec<&'static [Key]> {
    let mut tables: Vec<&'static [Key]> = Vec::new();
    let services = waypost_ingress::KEYS
        .iter()
        .chain(waypost_dispatcher::KEYS)
        .chain(waypost_worker::KEYS)
        .chain(waypost_monitor::KEYS)
        .chain(waypost_realtime::KEYS)
        // Read by every program itself, before its service.
        .chain(&[TelemetrySettings::KEYS]);
    for table in services {
        // Of tables that share a path the first stays: the same constant, seen through two services.
        let seen = |key: &Key| {
            tables
                .iter()
                .any(|known| known.iter().any(|other| other.path == key.path))
        };
        if !table.iter().any(seen) {
            tables.push(table);
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use waypost_settings::SECTIONS;

    use super::*;

    #[test]
    fn every_key_of_every_service_is_there_once() {
        let mut paths = BTreeMap::new();
        for key in all().into_iter().flatten() {
            assert!(
                paths.insert(key.path, key.help).is_none(),
                "{} is declared twice",
                key.path
            );
        }
        for key in waypost_ingress::KEYS
            .iter()
            .chain(waypost_dispatcher::KEYS)
            .chain(waypost_worker::KEYS)
            .chain(waypost_monitor::KEYS)
            .chain(waypost_realtime::KEYS)
            .copied()
            .flatten()
        {
            assert_eq!(
                paths.get(key.path),
                Some(&key.help),
                "{} differs between services",
                key.path
            );
        }
    }

    #[test]
    fn every_section_is_one_that_the_other_services_leave_alone() {
        for key in all().into_iter().flatten() {
            assert!(
                SECTIONS.contains(&key.section()),
                "{} is in a section that settings does not know",
                key.path
            );
        }
    }
}
