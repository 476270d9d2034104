//! A client for the metrics: that it is there, how it is connected, and why it goes.

use waypost_telemetry::metrics::label::{EndReason, Transport};
use waypost_telemetry::metrics::realtime::{CLIENTS, ENDED};

use super::outlet::Reason;

/// A client that counts, from the moment at which it is known how it is connected.
#[derive(Default)]
pub(super) struct Presence(Option<Transport>);

impl Presence {
    /// It is connected like this now.
    pub(super) fn by(&mut self, transport: Transport) {
        match self.0.replace(transport) {
            Some(before) if before == transport => return,
            Some(before) => CLIENTS.of(before).dec(),
            None => {}
        }
        CLIENTS.of(transport).inc();
    }

    /// It goes; for no reason of ours, if there is none.
    pub(super) fn end(&mut self, reason: Option<Reason>) {
        let Some(transport) = self.0.take() else {
            return;
        };
        CLIENTS.of(transport).dec();
        let reason = match reason {
            None => EndReason::Left,
            Some(Reason::Slow) => EndReason::Slow,
            Some(Reason::Expired) => EndReason::Expired,
            Some(Reason::Draining) => EndReason::Draining,
            Some(Reason::Behind) => EndReason::Behind,
        };
        ENDED.of(reason).inc();
    }
}
