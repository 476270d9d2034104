//! The words of the closed labels.

use crate::metrics::label::label;

label! {
    /// How a webhook was answered.
    WebhookResult: "result" {
        Accepted = "accepted", Spooled = "spooled", Unauthorized = "unauthorized", Invalid = "invalid",
        TooLarge = "too_large", Unavailable = "unavailable", Timeout = "timeout",
    }
}

label! {
    /// How a message handed in over the Send API was answered.
    SendResult: "result" {
        Accepted = "accepted", Replayed = "replayed", Refused = "refused", Unauthorized = "unauthorized",
        Backlog = "backlog", Unavailable = "unavailable",
    }
}

label! {
    /// What became of a batch.
    BatchResult: "result" { Committed = "committed", Retried = "retried", HandedBack = "handed_back" }
}

label! {
    /// A stage of a batch.
    Stage: "stage" {
        Reserve = "reserve", Parse = "parse", Persist = "persist", Publish = "publish", Settle = "settle",
    }
}

label! {
    /// What an item of a batch is.
    ItemKind: "kind" {
        Message = "message", Status = "status", Account = "account", Send = "send", Fact = "fact",
    }
}

label! {
    /// What became of an item.
    ItemResult: "result" { New = "new", Duplicate = "duplicate", Window = "window", Failed = "failed" }
}

label! {
    /// What recognised a duplicate.
    DedupLevel: "level" {
        Memory = "memory", Window = "window", Database = "database", Content = "content",
    }
}

label! {
    /// What an event is about.
    EventKind: "kind" {
        Message = "message", Status = "status", Contact = "contact", Account = "account",
    }
}

label! {
    /// What an attempt to send was judged to be.
    AttemptClass: "class" {
        Done = "done", Retry = "retry", SlowDown = "slow_down", Never = "never",
        StopNumber = "stop_number", Unknown = "unknown",
    }
}

label! {
    /// Why a message was given up.
    DeadClass: "class" {
        Rejected = "rejected", Expired = "expired", Exhausted = "exhausted", Unknown = "unknown",
        NumberStopped = "number_stopped",
    }
}

label! {
    /// Which limit was in the way.
    Limit: "limit" { Number = "number", Pair = "pair", Account = "account" }
}

label! {
    /// How a browser is connected.
    Transport: "transport" { Sse = "sse", Websocket = "websocket", Polling = "polling" }
}

label! {
    /// Why the connection of a browser ended.
    EndReason: "reason" {
        Left = "left", Slow = "slow", Expired = "expired", Draining = "draining", Behind = "behind",
    }
}

label! {
    /// How a call ended: the codes of gRPC, in the order of their numbers.
    RpcCode: "code" {
        Ok = "ok", Cancelled = "cancelled", Unknown = "unknown", InvalidArgument = "invalid_argument",
        DeadlineExceeded = "deadline_exceeded", NotFound = "not_found", AlreadyExists = "already_exists",
        PermissionDenied = "permission_denied", ResourceExhausted = "resource_exhausted",
        FailedPrecondition = "failed_precondition", Aborted = "aborted", OutOfRange = "out_of_range",
        Unimplemented = "unimplemented", Internal = "internal", Unavailable = "unavailable",
        DataLoss = "data_loss", Unauthenticated = "unauthenticated",
    }
}

label! {
    /// A queue.
    Queue: "queue" { Inbox = "inbox", Facts = "facts", Outbox = "outbox" }
}

label! {
    /// What an entry of a queue is doing.
    EntryState: "state" {
        Waiting = "waiting", Active = "active", Delayed = "delayed", Parked = "parked",
        Scheduled = "scheduled", Dead = "dead",
    }
}

label! {
    /// What a connection of a pool is doing; `waiting` are those who want one.
    PoolState: "state" { InUse = "in_use", Idle = "idle", Waiting = "waiting" }
}

label! {
    /// What was on its way to the collector.
    Signal: "signal" { Traces = "traces", Metrics = "metrics" }
}

impl RpcCode {
    /// The code with this number; what gRPC does not know is unknown.
    pub fn from_number(number: i32) -> Self {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        Self::ALL.get(place).copied().unwrap_or(Self::Unknown)
    }
}
