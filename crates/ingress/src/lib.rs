//! Takes Meta's webhooks in: receive, verify, accept, enqueue.
