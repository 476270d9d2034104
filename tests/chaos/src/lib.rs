//! Tests that kill, cut, delay and flood.
