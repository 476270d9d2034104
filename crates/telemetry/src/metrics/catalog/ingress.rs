//! Metrics of the ingress: webhooks and the Send API.

use super::{buckets, catalog};
use crate::metrics::family::Unit;
use crate::metrics::label::{SendResult, WebhookResult};

catalog! {
    counter WEBHOOKS: WebhookResult, "waypost_webhooks_total", Unit::None,
        "Webhooks received, by how they were answered: `accepted` lies in Redis, `spooled` on disk, `unauthorized` had no valid signature.";
    counter WEBHOOK_BYTES: (), "waypost_webhook_bytes_total", Unit::Bytes,
        "Bytes of the bodies of webhooks that were taken.";
    durations WEBHOOK_DURATION: (), "waypost_webhook_duration_seconds", buckets::STEP,
        "From the head of a webhook to its answer.";
    counter SEND_REQUESTS: SendResult, "waypost_send_requests_total", Unit::None,
        "Messages handed in over the Send API, by how they were answered: `replayed` repeats an earlier answer to the same Idempotency-Key, `backlog` was too much for a number.";
    durations SEND_REQUEST_DURATION: (), "waypost_send_request_duration_seconds", buckets::STEP,
        "From the head of a request to the Send API to its answer.";
    given SPOOL_BYTES: (), "waypost_spool_bytes", Unit::Bytes,
        "Bytes that wait on disk until Redis is back.";
    given SPOOL_RECORDS: (), "waypost_spool_records", Unit::None,
        "Webhooks that wait on disk until Redis is back.";
    amounts ENQUEUE_GROUP_ENTRIES: (), "waypost_enqueue_group_entries", buckets::GROUP,
        "Entries that went to Redis in one command.";
    durations ENQUEUE_DURATION: (), "waypost_enqueue_duration_seconds", buckets::STEP,
        "How long Redis took to acknowledge a group of entries.";
}
