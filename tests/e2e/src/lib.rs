//! End-to-end tests: a webhook over a socket to rows and events.
