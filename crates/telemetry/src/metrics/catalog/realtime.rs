//! Metrics of realtime.

use super::{buckets, catalog};
use crate::metrics::family::Unit;
use crate::metrics::label::{EndReason, Transport};

catalog! {
    moved CLIENTS: Transport, "waypost_realtime_clients", Unit::None,
        "Browsers connected.";
    counter EVENTS: (), "waypost_realtime_events_total", Unit::None,
        "Events read from the stream.";
    counter DELIVERIES: (), "waypost_realtime_deliveries_total", Unit::None,
        "Events handed to a browser's connection; one event counts once for each browser.";
    counter ENDED: EndReason, "waypost_realtime_ended_total", Unit::None,
        "Connections ended: by the browser (`left`), or by us because it read too slowly, its token expired, this process drains, or it fell behind the stream itself.";
    durations LAG: (), "waypost_realtime_lag_seconds", buckets::STEP,
        "From an event's being published to its being handed out.";
}
