//! Which metrics a process shows, and reading them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::catalog::{Part, common};
use super::family::Family;
use super::label::{Service, Version};
use super::{process, runtime};

/// Parts that were enabled, a bit each.
static ENABLED: AtomicU32 = AtomicU32::new(0);
static OBSERVERS: Mutex<Vec<(u64, Look)>> = Mutex::new(Vec::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

type Look = Arc<dyn Fn() + Send + Sync>;

/// Keeps what [`observe`] was given; dropping it ends that.
#[derive(Debug)]
#[must_use = "dropping it ends the observation"]
pub struct Observer(u64);

/// Shows the metrics of a part. A service says so when it starts; those of [`Part::Common`] are shown always.
pub fn enable(part: Part) {
    ENABLED.fetch_or(1 << part as u32, Ordering::Relaxed);
}

/// Says which program this is, for `waypost_build_info`. The first one counts.
pub fn identify(service: &str, version: &str) {
    let labels = (Version::of(version), Service::of(service));
    common::BUILD_INFO.of(labels).set(1.0);
}

/// Calls `look` whenever metrics are about to be read, so that it can set gauges of what it knows. It must not block.
pub fn observe(look: impl Fn() + Send + Sync + 'static) -> Observer {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    observers().push((id, Arc::new(look)));
    Observer(id)
}

/// Everything that is shown, read now.
pub fn collect() -> Vec<Family> {
    process::look();
    runtime::look();
    // Not under the lock: a look may begin or end an observation.
    let looks: Vec<Look> = observers()
        .iter()
        .map(|(_, look)| Arc::clone(look))
        .collect();
    looks.iter().for_each(|look| look());
    let enabled = ENABLED.load(Ordering::Relaxed) | 1 << Part::Common as u32;
    let parts = Part::ALL
        .iter()
        .filter(|part| enabled & (1 << **part as u32) != 0);
    parts
        .flat_map(|part| part.metrics())
        .map(|metric| Family {
            desc: metric.desc(),
            points: metric.points(),
        })
        .filter(|family| !family.points.is_empty())
        .collect()
}

fn observers() -> std::sync::MutexGuard<'static, Vec<(u64, Look)>> {
    // A list that a panicking thread left behind is whole.
    OBSERVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Observer {
    fn drop(&mut self) {
        observers().retain(|(id, _)| *id != self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::label::PoolState;
    use super::*;

    fn names() -> Vec<&'static str> {
        collect().iter().map(|family| family.desc.name).collect()
    }

    #[test]
    fn only_parts_that_are_there_are_shown() {
        let before = names();
        assert!(before.contains(&"waypost_up_seconds"));
        assert!(!before.contains(&"waypost_batches_total"));
        enable(Part::Worker);
        assert!(names().contains(&"waypost_batches_total"));
    }

    #[test]
    fn observers_look_until_they_are_dropped() {
        enable(Part::Postgres);
        let looks = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&looks);
        let observer = observe(move || {
            count.fetch_add(1, Ordering::Relaxed);
            common::postgres::POOL.of(PoolState::Idle).set(7.0);
        });
        assert!(names().contains(&"waypost_postgres_pool"));
        drop(observer);
        let seen = looks.load(Ordering::Relaxed);
        collect();
        assert!(seen > 0 && seen == looks.load(Ordering::Relaxed));
    }
}
