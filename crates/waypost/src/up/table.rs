//! The short table of addresses.

use std::fmt::Write;

use super::{Addresses, Options};
use crate::terminal::without_password;

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
