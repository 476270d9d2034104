//! Names of attributes: OpenTelemetry's semantic conventions, and a few of our own under `waypost.`.

/// `messaging.system`: always [`SYSTEM`].
pub const MESSAGING_SYSTEM: &str = "messaging.system";
/// The value of [`MESSAGING_SYSTEM`].
pub const SYSTEM: &str = "waypost";
/// `messaging.operation.name`: `reserve`, `settle`.
pub const OPERATION: &str = "messaging.operation.name";
/// `messaging.operation.type`: `create`, `send`, `receive`, `process` or `settle`.
pub const OPERATION_TYPE: &str = "messaging.operation.type";
/// `messaging.destination.name`: `inbox`, `facts`, `outbox`, `events`.
pub const DESTINATION: &str = "messaging.destination.name";
/// `messaging.destination.partition.id`.
pub const PARTITION: &str = "messaging.destination.partition.id";
/// `messaging.message.id`: our UUID of a message or an entry.
pub const MESSAGE_ID: &str = "messaging.message.id";
/// `messaging.batch.message_count`.
pub const BATCH_COUNT: &str = "messaging.batch.message_count";

/// `http.request.method`.
pub const HTTP_METHOD: &str = "http.request.method";
/// `http.response.status_code`.
pub const HTTP_STATUS: &str = "http.response.status_code";
/// `http.route`: the pattern, never the path, which may hold ids.
pub const HTTP_ROUTE: &str = "http.route";
/// `http.request.body.size`.
pub const HTTP_BODY_SIZE: &str = "http.request.body.size";
/// `url.scheme`.
pub const URL_SCHEME: &str = "url.scheme";
/// `server.address`.
pub const SERVER_ADDRESS: &str = "server.address";
/// `error.type`: a word or a code, of which there are few.
pub const ERROR_TYPE: &str = "error.type";

/// `rpc.system.name`: `grpc`.
pub const RPC_SYSTEM: &str = "rpc.system.name";
/// `rpc.method`: `waypost.v1.QueueService/GetStats`.
pub const RPC_METHOD: &str = "rpc.method";
/// `rpc.response.status_code`.
pub const RPC_STATUS: &str = "rpc.response.status_code";

/// `db.system.name`: `postgresql` or `redis`.
pub const DB_SYSTEM: &str = "db.system.name";
/// `db.operation.name`.
pub const DB_OPERATION: &str = "db.operation.name";
/// `db.operation.batch.size`.
pub const DB_BATCH_SIZE: &str = "db.operation.batch.size";

/// The business number, by its `phone_number_id`.
pub const NUMBER: &str = "waypost.number";
/// The id of the request, as `X-Request-Id` tells it.
pub const REQUEST_ID: &str = "waypost.request_id";
/// Which attempt, from 1.
pub const ATTEMPT: &str = "waypost.attempt";
/// The verdict on an attempt.
pub const VERDICT: &str = "waypost.verdict";
/// `unknown` where nobody can say what came of it.
pub const OUTCOME: &str = "waypost.outcome";
