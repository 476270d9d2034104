//! Prints docs/METRICS.md.
//!
//! Run with `cargo run -p waypost-telemetry --example metrics_page > docs/METRICS.md`.

#![expect(clippy::print_stdout, reason = "an example reports to its terminal")]

fn main() {
    print!("{}", waypost_telemetry::metrics::markdown());
}
