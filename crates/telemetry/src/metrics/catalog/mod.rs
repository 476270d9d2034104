//! Every metric that there is, by the part of Waypost that has it.
//!
//! A line says kind, name in the code, labels, name, unit or buckets, and help. Kinds: `counter`, `moved` (a gauge that
//! counts from zero), `given` (a gauge that is absent before it is set), `read` (a counter that somebody else keeps),
//! `durations`, `amounts`.

pub mod buckets;
pub mod common;
pub mod dispatcher;
pub mod ingress;
pub(super) mod labels;
pub mod monitor;
pub mod realtime;
pub mod worker;

use super::family::Metric;

/// A part of Waypost that has metrics of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Every process.
    Common,
    /// Whoever uses Postgres.
    Postgres,
    /// Webhooks and the Send API.
    Ingress,
    /// What turns entries into rows.
    Worker,
    /// What sends.
    Dispatcher,
    /// What pushes to browsers.
    Realtime,
    /// The admin plane, which also reads the queues for all.
    Monitor,
}

impl Part {
    /// Every part, in the order of the page.
    pub const ALL: &'static [Self] = &[
        Self::Ingress,
        Self::Worker,
        Self::Dispatcher,
        Self::Realtime,
        Self::Monitor,
        Self::Postgres,
        Self::Common,
    ];

    /// Whose they are, as a heading.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Common => "Every service",
            Self::Postgres => "Services that use Postgres: worker, monitor",
            Self::Ingress => "Ingress",
            Self::Worker => "Worker",
            Self::Dispatcher => "Dispatcher",
            Self::Realtime => "Realtime",
            Self::Monitor => "Monitor",
        }
    }

    /// Its metrics.
    pub(super) fn metrics(self) -> &'static [&'static dyn Metric] {
        match self {
            Self::Common => common::ALL,
            Self::Postgres => common::postgres::ALL,
            Self::Ingress => ingress::ALL,
            Self::Worker => worker::ALL,
            Self::Dispatcher => dispatcher::ALL,
            Self::Realtime => realtime::ALL,
            Self::Monitor => monitor::ALL,
        }
    }
}

/// Declares metrics, a line each.
macro_rules! catalog {
    ($($kind:ident $id:ident: $labels:ty, $name:literal, $measure:expr, $help:literal;)+) => {
        $(catalog!(@$kind $id: $labels, $name, $measure, $help);)+

        /// All of them, in the order of the page.
        pub(in $crate::metrics) static ALL: &[&dyn $crate::metrics::family::Metric] = &[$(&$id),+];
    };
    (@counter $id:ident: $labels:ty, $name:literal, $unit:expr, $help:literal) => {
        #[doc = concat!("`", $name, "`: ", $help)]
        pub static $id: $crate::metrics::Counter<
            $labels,
            { <$labels as $crate::metrics::label::Labels>::ROWS },
        > = $crate::metrics::Counter::new($name, $help, $unit);
    };
    (@moved $($line:tt)+) => { catalog!(@gauge moved $($line)+); };
    (@given $($line:tt)+) => { catalog!(@gauge given $($line)+); };
    (@read $($line:tt)+) => { catalog!(@gauge read $($line)+); };
    (@gauge $new:ident $id:ident: $labels:ty, $name:literal, $unit:expr, $help:literal) => {
        #[doc = concat!("`", $name, "`: ", $help)]
        pub static $id: $crate::metrics::Gauge<
            $labels,
            { <$labels as $crate::metrics::label::Labels>::ROWS },
        > = $crate::metrics::Gauge::$new($name, $help, $unit);
    };
    (@durations $($line:tt)+) => { catalog!(@histogram Time $($line)+); };
    (@amounts $($line:tt)+) => { catalog!(@histogram Amount $($line)+); };
    (@histogram $measure:ident $id:ident: $labels:ty, $name:literal, $buckets:expr, $help:literal) => {
        #[doc = concat!("`", $name, "`: ", $help)]
        pub static $id: $crate::metrics::Histogram<
            $crate::metrics::histogram::$measure,
            $labels,
            { <$labels as $crate::metrics::label::Labels>::ROWS },
        > = $crate::metrics::Histogram::new($name, $help, $buckets);
    };
}

pub(crate) use catalog;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::family::{Kind, Unit};
    use super::*;

    #[test]
    fn names_are_unique_and_say_kind_and_unit() {
        let mut seen = BTreeSet::new();
        for metric in Part::ALL.iter().flat_map(|part| part.metrics()) {
            let desc = metric.desc();
            let name = desc.name;
            assert!(seen.insert(name), "{name} twice");
            assert!(
                name.starts_with("waypost_") || name.starts_with("process_"),
                "{name}"
            );
            let base = name.strip_suffix("_total").unwrap_or(name);
            assert_eq!(base != name, desc.kind == Kind::Counter, "{name}");
            let unit = desc.unit.as_str();
            assert!(
                desc.unit == Unit::None || base.ends_with(unit),
                "{name} is in {unit}"
            );
            assert!(desc.help.ends_with('.'), "{name}: {}", desc.help);
        }
    }

    #[test]
    fn every_part_is_on_the_page_once() {
        let parts: BTreeSet<_> = Part::ALL.iter().map(|part| part.title()).collect();
        assert_eq!(parts.len(), Part::ALL.len());
    }
}
