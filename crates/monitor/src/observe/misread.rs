//! A message that the gateway could not make of what it was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// In the extensions of a call through the gateway. The message is read while the call is under way; where there is none, the service
/// sees a call without a message and calls that an error of ours.
#[derive(Clone, Debug, Default)]
pub(crate) struct Misread(Arc<AtomicBool>);

impl Misread {
    /// There is no message, and the caller is told why.
    pub(crate) fn say(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_said(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
