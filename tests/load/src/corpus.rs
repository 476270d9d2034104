//! Distinct, signed webhooks: six in ten are statuses, the rest messages, most of them text.

use std::fmt::Write;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use waypost_whatsapp::signature::sign;

/// The secret that all benchmarks share.
pub const SECRET: &str = "bench-app-secret";

/// One webhook with one update.
#[derive(Clone)]
pub struct Webhook {
    /// JSON.
    pub body: Bytes,
    /// Value of `X-Hub-Signature-256`.
    pub signature: String,
}

/// `count` webhooks; same seed, same bytes.
pub fn webhooks(count: usize, seed: u64) -> Vec<Webhook> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count).map(|i| webhook(&mut rng, i)).collect()
}

fn webhook(rng: &mut StdRng, i: usize) -> Webhook {
    let (at, number) = (1_790_000_000 + i / 50, 100_000_000_000_000 + i % 4);
    let update = if rng.random_ratio(6, 10) {
        status(rng, at)
    } else {
        message(rng, i, at)
    };
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"200000000000001","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550001111","phone_number_id":"{number}"}},{update}}},"field":"messages"}}]}}]}}"#
    );
    Webhook {
        signature: sign(SECRET.as_bytes(), body.as_bytes()),
        body: Bytes::from(body),
    }
}

fn status(rng: &mut StdRng, at: usize) -> String {
    let (id, to) = (wamid(rng), phone(rng));
    let status = ["sent", "delivered", "read"][rng.random_range(0..3)];
    format!(
        r#""statuses":[{{"id":"{id}","status":"{status}","timestamp":"{at}","recipient_id":"{to}","pricing":{{"billable":true,"pricing_model":"PMP","category":"utility","type":"regular"}}}}]"#
    )
}

fn message(rng: &mut StdRng, i: usize, at: usize) -> String {
    let (id, from) = (wamid(rng), phone(rng));
    let (kind, object) = match rng.random_range(0..100) {
        0..70 => {
            let tail = "x".repeat(rng.random_range(0..120));
            let text = format!(r#"{{"body":"Hola, \u00bfme ayudas con mi pedido? {tail}"}}"#);
            ("text", text)
        }
        70..80 => (
            "image",
            media(rng, r#""mime_type":"image/jpeg","caption":"foto""#),
        ),
        80..88 => (
            "audio",
            media(rng, r#""mime_type":"audio/ogg; codecs=opus","voice":true"#),
        ),
        88..94 => (
            "interactive",
            format!(
                r#"{{"type":"button_reply","button_reply":{{"id":"opt-{}","title":"S\u00ed"}}}}"#,
                i % 7
            ),
        ),
        94..97 => (
            "location",
            format!(
                r#"{{"latitude":{:.6},"longitude":{:.6},"name":"Oficina"}}"#,
                19.43 + rng.random::<f64>(),
                -99.13 + rng.random::<f64>()
            ),
        ),
        _ => (
            "reaction",
            format!(
                r#"{{"message_id":"{}","emoji":"\ud83d\udc4d"}}"#,
                wamid(rng)
            ),
        ),
    };
    format!(
        r#""contacts":[{{"profile":{{"name":"Ana"}},"wa_id":"{from}"}}],"messages":[{{"from":"{from}","id":"{id}","timestamp":"{at}","type":"{kind}","{kind}":{object}}}]"#
    )
}

fn media(rng: &mut StdRng, more: &str) -> String {
    let id: u64 = rng.random_range(0..1_000_000_000_000_000);
    format!(r#"{{{more},"sha256":"{}=","id":"{id}"}}"#, token(rng, 43))
}

fn wamid(rng: &mut StdRng) -> String {
    format!("wamid.{}", token(rng, 52))
}

fn phone(rng: &mut StdRng) -> String {
    format!("5215{:09}", rng.random_range(0..1_000_000_000_u64))
}

fn token(rng: &mut StdRng, length: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+A";
    let mut text = String::with_capacity(length);
    for _ in 0..length {
        let _ = text.write_char(char::from(LETTERS[rng.random_range(0..64)]));
    }
    text
}
