//! A call for the metrics.

use std::time::Instant;

use http::Request;
use tonic::Code;
use waypost_telemetry::metrics::label::{Method, RpcCode};
use waypost_telemetry::metrics::monitor::{RPC_DURATION, RPC_REQUESTS};

use super::method::Named;
use super::noted::Note;

/// How long it takes and how it ends.
pub(crate) struct Counted {
    method: Method,
    started: Instant,
}

impl Note for Counted {
    fn begin<B>(request: &mut Request<B>) -> Self {
        Self {
            method: Named::at(request.uri().path()).label,
            started: Instant::now(),
        }
    }

    fn begun(&mut self) {
        RPC_DURATION.of(self.method).record(self.started.elapsed());
    }

    fn ended(&mut self, code: Code) {
        let code = RpcCode::from_number(code as i32);
        RPC_REQUESTS.of((self.method, code)).inc();
    }
}
