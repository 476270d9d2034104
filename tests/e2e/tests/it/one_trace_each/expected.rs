//! What is expected of traces and metrics.

use waypost_e2e::webhook::NUMBER;

/// A webhook with one message.
pub(super) const WEBHOOK: &str = "\
POST /webhook [ingress server]
  inbox publish [ingress producer]
    inbox process [worker consumer] -> inbox batch
      event publish [worker producer] -> events publish
        realtime push [realtime consumer]
      persist [worker client] -> persist batch
";

/// The batch that the webhook was in.
pub(super) const BATCH: &str = "\
inbox batch [worker consumer] -> inbox publish
  events publish [worker producer]
  inbox reserve [worker client]
  inbox settle [worker client]
  parse [worker internal]
  persist batch [worker client] #1
";

/// The first request and the second are refused for the moment.
pub(super) const SEND: &str = "\
POST /v1/messages [ingress server]
  outbox publish [ingress producer]
    facts process [worker consumer] -> facts batch
      event publish [worker producer] -> events publish
        realtime push [realtime consumer]
      persist [worker client] -> persist batch
    outbox process [dispatcher consumer] #1 error
      POST /{number}/messages [dispatcher client] error
      facts process [worker consumer] -> facts batch
        event publish [worker producer] -> events publish
          realtime push [realtime consumer]
        persist [worker client] -> persist batch
    outbox process [dispatcher consumer] #2 error
      POST /{number}/messages [dispatcher client] error
      facts process [worker consumer] -> facts batch
        event publish [worker producer] -> events publish
          realtime push [realtime consumer]
        persist [worker client] -> persist batch
    outbox process [dispatcher consumer] #3
      POST /{number}/messages [dispatcher client]
      facts process [worker consumer] -> facts batch
        event publish [worker producer] -> events publish
          realtime push [realtime consumer]
        persist [worker client] -> persist batch
  status delivered [worker internal] -> inbox process
  status read [worker internal] -> inbox process
  status sent [worker internal] -> inbox process
";

/// The webhook of a status leads to the send.
pub(super) const STATUS: &str = "\
POST /webhook [ingress server]
  inbox publish [ingress producer]
    inbox process [worker consumer] -> POST /v1/messages, inbox batch
      event publish [worker producer] -> events publish
        realtime push [realtime consumer]
      persist [worker client] -> persist batch
";

/// A send whose sender has a trace of its own, and that goes at once.
pub(super) const SENT_BY_ANOTHER: &str = "\
below 00f067aa0ba902b7: POST /v1/messages [ingress server]
  outbox publish [ingress producer]
    facts process [worker consumer] -> facts batch
      event publish [worker producer] -> events publish
        realtime push [realtime consumer]
      persist [worker client] -> persist batch
    outbox process [dispatcher consumer] #1
      POST /{number}/messages [dispatcher client]
      facts process [worker consumer] -> facts batch
        event publish [worker producer] -> events publish
          realtime push [realtime consumer]
        persist [worker client] -> persist batch
  status sent [worker internal] -> inbox process
";

/// The attributes that every span of a name has, whatever else it has. `*` is any value.
pub(super) const ATTRIBUTES: &[(&str, &[(&str, &str)])] = &[
    (
        "POST /webhook",
        &[
            ("http.request.method", "POST"),
            ("http.route", "/webhook"),
            ("url.scheme", "http"),
            ("http.request.body.size", "*"),
            ("http.response.status_code", "200"),
            ("waypost.request_id", "*"),
        ],
    ),
    (
        "inbox publish",
        &[
            ("messaging.system", "waypost"),
            ("messaging.destination.name", "inbox"),
            ("messaging.operation.type", "send"),
            ("messaging.message.id", "*"),
        ],
    ),
    (
        "inbox process",
        &[
            ("messaging.system", "waypost"),
            ("messaging.destination.name", "inbox"),
            ("messaging.destination.partition.id", "0"),
            ("messaging.operation.type", "process"),
            ("messaging.message.id", "*"),
            ("waypost.waited_ms", "*"),
            ("waypost.number", NUMBER),
        ],
    ),
    (
        "POST /v1/messages",
        &[
            ("http.request.method", "POST"),
            ("http.route", "/v1/messages"),
            ("url.scheme", "http"),
            ("http.response.status_code", "202"),
            ("waypost.request_id", "*"),
        ],
    ),
    (
        "outbox publish",
        &[
            ("messaging.system", "waypost"),
            ("messaging.destination.name", "outbox"),
            ("messaging.operation.type", "send"),
            ("messaging.message.id", "*"),
            ("waypost.number", NUMBER),
        ],
    ),
    (
        "outbox process",
        &[
            ("messaging.system", "waypost"),
            ("messaging.destination.name", "outbox"),
            ("messaging.operation.type", "process"),
            ("messaging.message.id", "*"),
            ("waypost.number", NUMBER),
            ("waypost.priority", "normal"),
            ("waypost.waited_ms", "*"),
            ("waypost.verdict", "*"),
            ("waypost.state", "*"),
        ],
    ),
    (
        "POST /{number}/messages",
        &[
            ("http.request.method", "POST"),
            ("url.template", "/{number}/messages"),
            ("server.address", "127.0.0.1"),
            ("server.port", "*"),
            ("http.request.body.size", "*"),
            ("http.response.status_code", "*"),
            ("waypost.verdict", "*"),
        ],
    ),
    (
        "facts process",
        &[
            ("messaging.system", "waypost"),
            ("messaging.destination.name", "facts"),
            ("messaging.destination.partition.id", "0"),
            ("messaging.operation.type", "process"),
            ("messaging.message.id", "*"),
            ("waypost.waited_ms", "*"),
            ("waypost.number", NUMBER),
        ],
    ),
    (
        "inbox batch",
        &[
            ("messaging.system", "waypost"),
            ("messaging.destination.name", "inbox"),
            ("messaging.destination.partition.id", "0"),
            ("messaging.batch.message_count", "*"),
        ],
    ),
    (
        "inbox reserve",
        &[
            ("db.system.name", "redis"),
            ("messaging.operation.type", "receive"),
        ],
    ),
    (
        "inbox settle",
        &[
            ("db.system.name", "redis"),
            ("messaging.operation.type", "settle"),
        ],
    ),
    (
        "persist batch",
        &[
            ("db.system.name", "postgresql"),
            ("db.operation.name", "BATCH INSERT"),
            ("db.operation.batch.size", "*"),
        ],
    ),
    (
        "persist",
        &[
            ("db.system.name", "postgresql"),
            ("db.operation.name", "BATCH INSERT"),
            ("db.operation.batch.size", "1"),
        ],
    ),
    (
        "events publish",
        &[
            ("messaging.destination.name", "events"),
            ("messaging.batch.message_count", "*"),
        ],
    ),
    (
        "event publish",
        &[
            ("messaging.system", "waypost"),
            ("messaging.destination.name", "events"),
            ("messaging.operation.type", "send"),
        ],
    ),
    (
        "realtime push",
        &[
            ("messaging.system", "waypost"),
            ("messaging.destination.name", "events"),
            ("messaging.operation.type", "process"),
            ("waypost.number", NUMBER),
            ("waypost.event_kind", "*"),
            ("waypost.position", "*"),
            ("waypost.clients", "1"),
            ("waypost.taken", "true"),
        ],
    ),
    (
        "waypost.v1.QueueService/GetStats",
        &[
            ("rpc.system.name", "grpc"),
            ("rpc.method", "waypost.v1.QueueService/GetStats"),
            ("rpc.response.status_code", "OK"),
            ("waypost.request_id", "*"),
        ],
    ),
];

/// A metric of each service that has something to count, and what all have.
pub(super) const METRICS: &[(&str, &str)] = &[
    ("waypost-ingress", "waypost_webhooks_total"),
    ("waypost-ingress", "waypost_send_requests_total"),
    ("waypost-worker", "waypost_batches_total"),
    ("waypost-worker", "waypost_committed_latency_seconds"),
    ("waypost-dispatcher", "waypost_attempts_total"),
    ("waypost-dispatcher", "waypost_sent_latency_seconds"),
    ("waypost-realtime", "waypost_realtime_events_total"),
    ("waypost-realtime", "waypost_realtime_clients"),
    ("waypost-monitor", "waypost_queue_entries"),
    ("waypost-monitor", "waypost_rpc_requests_total"),
];
pub(super) const COMMON: [&str; 3] = [
    "waypost_build_info",
    "waypost_up_seconds",
    "process_resident_memory_bytes",
];
