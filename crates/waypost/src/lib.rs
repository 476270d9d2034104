//! The command-line program and the all-in-one.
