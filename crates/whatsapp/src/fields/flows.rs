//! `flows`: state and health of flows.

use crate::json::object;
use crate::text::{Text, Token};

object! {
    /// `flows`.
    pub struct Flows<'a> {
        /// FLOW_STATUS_CHANGE, CLIENT_ERROR_RATE, ENDPOINT_ERROR_RATE, ENDPOINT_LATENCY, ENDPOINT_AVAILABILITY,
        /// FLOW_VERSION_EXPIRY_WARNING.
        pub event: Option<Text<'a>>,
        /// Text for people.
        pub message: Option<Text<'a>>,
        /// The flow.
        pub flow_id: Option<Token<'a>>,
        /// With FLOW_STATUS_CHANGE.
        pub old_status: Option<Text<'a>>,
        /// With FLOW_STATUS_CHANGE.
        pub new_status: Option<Text<'a>>,
        /// ACTIVATED or DEACTIVATED, of the health events.
        pub alert_state: Option<Text<'a>>,
        /// What is alarming, in the event's unit.
        pub threshold: Option<f64>,
        /// Percent of requests that failed.
        pub error_rate: Option<f64>,
        /// Percent of the time that the endpoint answered.
        pub availability: Option<f64>,
        /// Milliseconds, half of the requests.
        pub p50_latency: Option<f64>,
        /// Milliseconds, nine tenths of the requests.
        pub p90_latency: Option<f64>,
        /// How many requests the figures are made of.
        pub requests_count: Option<i64>,
    }
}
