//! Metrics of the monitor, which also reads the queues. All monitors say the same of those: take the maximum, not the sum.

use super::{buckets, catalog};
use crate::metrics::family::Unit;
use crate::metrics::label::{EntryState, Method, Number, Partition, Queue, RpcCode};

catalog! {
    counter RPC_REQUESTS: (Method, RpcCode), "waypost_rpc_requests_total", Unit::None,
        "Calls of the admin plane, over gRPC and HTTP, by method and how they ended.";
    durations RPC_DURATION: Method, "waypost_rpc_duration_seconds", buckets::STEP,
        "How long a call of the admin plane took; of a stream, until it began.";
    given QUEUE_ENTRIES: (Queue, EntryState, Partition), "waypost_queue_entries", Unit::None,
        "Entries of a queue by what they do. Every monitor says the same.";
    given QUEUE_OLDEST: (Queue, Partition), "waypost_queue_oldest_seconds", Unit::Seconds,
        "Age of the oldest entry that waits; 0 where none does. Every monitor says the same.";
    given QUEUE_DRAIN: Queue, "waypost_queue_drain_seconds", Unit::Seconds,
        "Time until a queue is empty if it goes on as in the last minute; absent while it does not shrink. Every monitor says the same.";
    given QUEUE_PAUSED: Queue, "waypost_queue_paused", Unit::None,
        "1 while somebody has paused a queue, else 0. Every monitor says the same.";
    given NUMBER_ENTRIES: (Number, EntryState), "waypost_number_entries", Unit::None,
        "Messages of a number whose end is not known: `active` are under way, `waiting` all others. Of the 1,000 numbers that have most of them; none of a number that has none. Every monitor says the same.";
    given CONSUMERS: Queue, "waypost_consumers", Unit::None,
        "Processes that take from a queue; of its partitions that which has fewest. Every monitor says the same.";
    given MEMORY_IDS: (), "waypost_memory_ids", Unit::None,
        "Effects that the memory in Redis knows. Every monitor says the same.";
}
