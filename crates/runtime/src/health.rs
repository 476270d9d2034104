//! Whether a process is ready, and if not, why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::Phase;
use crate::phase::PhaseSetter;

/// The phase of a process and its named checks. Clones are the same health.
#[derive(Clone, Debug, Default)]
pub struct Health {
    phase: PhaseSetter,
    failing: Arc<Mutex<BTreeMap<&'static str, String>>>,
}

/// One named check. It passes until it is told otherwise.
#[derive(Clone, Debug)]
pub struct Check {
    name: &'static str,
    health: Health,
}

impl Health {
    /// Adds a check. A failing one makes the process not ready, so use it for faults of this very process: when
    /// all copies of a service fail a check together, a load balancer has nowhere left to go.
    pub fn check(&self, name: &'static str) -> Check {
        Check {
            name,
            health: self.clone(),
        }
    }

    /// Moves the process forward to `phase`.
    pub fn enter(&self, phase: Phase) {
        self.phase.enter(phase);
    }

    /// The phase now.
    pub fn phase(&self) -> Phase {
        self.phase.current()
    }

    /// The phase to watch.
    pub fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.watch()
    }

    /// Why the process is not ready, a line each; empty when it is.
    pub fn reasons(&self) -> Vec<String> {
        let phase = self.phase();
        let phase = (phase != Phase::Running).then(|| phase.as_str().to_owned());
        // A map that a panicking thread left behind is still the best knowledge there is.
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let checks = failing
            .iter()
            .map(|(name, reason)| format!("{name}: {reason}"));
        phase.into_iter().chain(checks).collect()
    }
}

impl Check {
    /// The check passes.
    pub fn pass(&self) {
        let mut failing = self
            .health
            .failing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failing.remove(self.name);
    }

    /// The check fails. The reason is shown to whoever may ask the admin listener: no secrets.
    pub fn fail(&self, reason: impl Into<String>) {
        let mut failing = self
            .health
            .failing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failing.insert(self.name, reason.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_running_and_every_check_passing() {
        let health = Health::default();
        let disk = health.check("disk");
        assert_eq!(health.reasons(), ["starting"]);
        health.enter(Phase::Running);
        assert!(health.reasons().is_empty());
        disk.fail("full");
        assert_eq!(health.reasons(), ["disk: full"]);
        disk.pass();
        assert!(health.reasons().is_empty());
        health.enter(Phase::Draining);
        assert_eq!(health.reasons(), ["draining"]);
    }
}
