//! How long `parse` and `updates` take: one update a webhook, and a batch of 1,000.
//!
//! Run with `cargo run --release -p waypost-whatsapp --example parse_speed`.

#![expect(clippy::print_stdout, reason = "an example reports to its terminal")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use waypost_whatsapp::{UpdateBody, parse};

/// Long enough for a stable mean, short enough to wait for.
const RUN: Duration = Duration::from_secs(1);

fn main() {
    let message = |number: usize| {
        format!(
            r#"{{"from":"1555{number:07}","from_user_id":"US.{number:016}","id":"wamid.HBgLMTU1NTAw{number:024}","timestamp":"1764000000","text":{{"body":"Is the blue one back in stock \u00e9?"}},"type":"text"}}"#
        )
    };
    let contact = |number: usize| {
        format!(
            r#"{{"profile":{{"name":"Ada Example"}},"wa_id":"1555{number:07}","user_id":"US.{number:016}"}}"#
        )
    };
    let status = |number: usize| {
        format!(
            r#"{{"id":"wamid.HBgLMTU1NTAw{number:024}","status":"delivered","timestamp":"1764000000","recipient_id":"1555{number:07}","recipient_user_id":"US.{number:016}","biz_opaque_callback_data":"order-{number}","pricing":{{"billable":true,"pricing_model":"PMP","category":"utility","type":"regular"}}}}"#
        )
    };
    let many = |of: &dyn Fn(usize) -> String| (0..1000).map(of).collect::<Vec<_>>().join(",");
    let reversed = (0..1000).rev().map(contact).collect::<Vec<_>>().join(",");
    measure("one message", &body(&contact(7), "messages", &message(7)));
    measure("one status", &body(&contact(7), "statuses", &status(7)));
    measure(
        "1,000 messages",
        &body(&many(&contact), "messages", &many(&message)),
    );
    measure(
        "the same, contacts reversed",
        &body(&reversed, "messages", &many(&message)),
    );
    measure(
        "1,000 statuses",
        &body(&many(&contact), "statuses", &many(&status)),
    );
}

fn body(contacts: &str, list: &str, items: &str) -> Vec<u8> {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100000000000001","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550000001","phone_number_id":"200000000000001"}},"contacts":[{contacts}],"{list}":[{items}]}},"field":"messages"}}]}}]}}"#
    )
    .into_bytes()
}

fn measure(name: &str, body: &[u8]) {
    let (mut rounds, mut updates) = (0u32, 0usize);
    let start = Instant::now();
    while start.elapsed() < RUN {
        for _ in 0..16 {
            rounds += 1;
            updates += heads(black_box(body));
        }
    }
    let spent = start.elapsed();
    let per_update = spent.as_secs_f64() * 1e6 / updates as f64;
    let per_byte = spent.as_secs_f64() * 1e9 / (f64::from(rounds) * body.len() as f64);
    println!(
        "{name:28} {} bytes  {per_update:.2} µs an update  {per_byte:.2} ns a byte",
        body.len()
    );
}

/// What the worker asks of a webhook: the heads, and whether an item is good.
fn heads(body: &[u8]) -> usize {
    let updates = parse(body)
        .map(|webhook| webhook.updates())
        .unwrap_or_default();
    let good = |update: &&waypost_whatsapp::Update<'_>| {
        !matches!(update.body, UpdateBody::Malformed { .. })
    };
    black_box(&updates).iter().filter(good).count()
}
