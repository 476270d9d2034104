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

/// An address with its password hidden, for screens and logs.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // What follows a question mark may hold a password too.
    let path = path.split('?').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{host}{path}")
        }
        None => format!("{scheme}://{authority}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn passwords_are_hidden_wherever_they_stand() {
        for (url, shown) in [
            ("redis://:secret@h:1/0", "redis://:***@h:1/0"),
            ("postgres://u:se@cret@h:1/d", "postgres://u:***@h:1/d"),
            ("postgres://h/d?password=secret", "postgres://h/d"),
            ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
