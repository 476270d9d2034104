//! The short table of addresses.

use std::fmt::Write;

use super::{Addresses, Options};

/// Passwords stay out of it: people paste screens. The ready file has them.
pub(super) fn of(addresses: &Addresses, options: &Options) -> String {
    let mut rows = vec![
        ("webhook", addresses.webhook_url.clone()),
        ("send API", format!("{}/v1/messages", addresses.send_url)),
        ("realtime", addresses.realtime_url.clone()),
        ("sends to", addresses.graph_url.clone()),
        ("redis", without_password(&addresses.redis_url)),
        ("postgres", without_password(&addresses.database_url)),
    ];
    rows.push(("dashboard", addresses.page("/")));
    rows.push(("inbox", addresses.page("/inbox")));
    rows.extend(
        addresses
            .admin_urls
            .iter()
            .map(|url| ("health", format!("{url}/readyz"))),
    );
    if let Some(secret) = &options.app_secret {
        rows.push((
            "app secret",
            format!("{secret}  (made up for this run; set WHATSAPP_APP_SECRET for your own)"),
        ));
    }
    if let Some(token) = &options.verify_token {
        rows.push((
            "verify token",
            format!("{token}  (made up for this run; set WEBHOOK_VERIFY_TOKEN for your own)"),
        ));
    }
    if let Some(key) = &addresses.send_key {
        rows.push((
            "send key",
            format!("{key}  (made for this run; send.keys_file is for your own)"),
        ));
    }
    if let Some(key) = &addresses.realtime_key {
        rows.push((
            "realtime key",
            format!("{key}  (made for this run; realtime.keys_file is for your own)"),
        ));
    }
    if let Some(token) = &addresses.admin_token {
        rows.push((
            "admin token",
            format!("{token}  (made for this run; monitor.tokens_file is for your own)"),
        ));
    }
    let mut table = String::from("Waypost is up. Ctrl-C stops it.\n\n");
    for (name, value) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "  {name:<13} {value}");
    }
    table.push('\n');
    table
}

/// An address with its password hidden, for screens and logs.
fn without_password(url: &str) -> String {
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
