//! Metrics of every process.

use super::catalog;
use crate::metrics::family::Unit;
use crate::metrics::label::{Service, Signal, Version};

catalog! {
    given BUILD_INFO: (Version, Service), "waypost_build_info", Unit::None,
        "1, with version and service as labels.";
    given UP: (), "waypost_up_seconds", Unit::Seconds,
        "How long the process has been running.";
    counter REDIS_ERRORS: (), "waypost_redis_errors_total", Unit::None,
        "Commands to Redis that failed.";
    given TOKIO_TASKS: (), "waypost_tokio_tasks", Unit::None,
        "Tasks of the asynchronous runtime that are not done.";
    given TOKIO_BUSY: (), "waypost_tokio_busy_ratio", Unit::Ratio,
        "Part of their time that the runtime's threads were busy, since the last look; close to 1 the process needs more CPU.";
    counter TELEMETRY_DROPPED: Signal, "waypost_telemetry_dropped_total", Unit::None,
        "Spans, or data points of metrics, that did not reach the collector.";
    given RESIDENT_MEMORY: (), "process_resident_memory_bytes", Unit::Bytes,
        "Memory that the process has in RAM.";
    read CPU: (), "process_cpu_seconds_total", Unit::Seconds,
        "CPU time that the process has used.";
    given OPEN_FDS: (), "process_open_fds", Unit::None,
        "Files and sockets that the process has open.";
    given MAX_FDS: (), "process_max_fds", Unit::None,
        "Files and sockets that the process may have open.";
}

/// Metrics of whoever uses Postgres.
pub mod postgres {
    use super::catalog;
    use crate::metrics::family::Unit;
    use crate::metrics::label::PoolState;

    catalog! {
        given POOL: PoolState, "waypost_postgres_pool", Unit::None,
            "Connections to Postgres by what they do; `waiting` are those who want one.";
        counter ERRORS: (), "waypost_postgres_errors_total", Unit::None,
            "Statements to Postgres, or connections, that failed.";
    }
}
