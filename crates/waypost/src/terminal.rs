//! What people read. A terminal or pipe that is gone is no reason to stop working.

use std::io::{self, Write};

/// Prints text to standard output as it is.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Prints one line to standard output.
pub(crate) fn line(text: &str) {
    out(&format!("{text}\n"));
}

/// Prints why we end.
pub(crate) fn error(text: &str) {
    let _ = writeln!(io::stderr(), "waypost: {text}");
}
