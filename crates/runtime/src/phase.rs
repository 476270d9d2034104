//! Where a process stands in its life, as a value that others can watch.

use tokio::sync::watch;

/// The phases of a process, in order. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Not yet able to do its work.
    Starting,
    /// Doing its work.
    Running,
    /// Told to stop: takes nothing new, finishes what it has.
    Draining,
    /// Done.
    Stopped,
}

/// Moves the phase forward. One per process.
#[derive(Clone, Debug)]
pub struct PhaseSetter(watch::Sender<Phase>);

impl Default for PhaseSetter {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Starting))
    }
}

impl PhaseSetter {
    /// Enters `phase`, unless the process is beyond it already: a start that completes during the drain must not
    /// make the process look ready again.
    pub fn enter(&self, phase: Phase) {
        self.0.send_if_modified(|current| {
            let forward = phase > *current;
            if forward {
                *current = phase;
            }
            forward
        });
    }

    /// The phase now.
    pub fn current(&self) -> Phase {
        *self.0.borrow()
    }

    /// The phase to watch.
    pub fn watch(&self) -> watch::Receiver<Phase> {
        self.0.subscribe()
    }
}

impl Phase {
    /// The word for answers and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_phase_only_goes_forward_and_is_seen() {
        let setter = PhaseSetter::default();
        let mut watched = setter.watch();
        setter.enter(Phase::Draining);
        setter.enter(Phase::Running);
        assert_eq!(setter.current(), Phase::Draining);
        let seen = watched
            .wait_for(|phase| *phase >= Phase::Draining)
            .await
            .unwrap();
        assert_eq!(*seen, Phase::Draining);
    }
}
