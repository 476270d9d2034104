use super::*;

fn whole(encoded: &Encoded) -> Bytes {
    let mut bytes = encoded.head.clone();
    bytes.extend_from_slice(&encoded.body);
    Bytes::from(bytes)
}

fn sample(body: &'static [u8]) -> Envelope {
    let at = UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
    Envelope::webhook(Uuid::now_v7(), at, Bytes::from_static(body))
}

#[test]
fn what_goes_in_comes_out() {
    let mut sent = sample(b"{}");
    sent.attempts = 2;
    sent.request_id = Uuid::now_v7();
    sent.first_error = "first".to_owned();
    sent.last_error = "last".to_owned();
    let got = Envelope::decode(whole(&sent.clone().encode(8192))).unwrap();
    assert_eq!(got, sent);
    assert!(!format!("{got:?}").contains("{}"), "a body in Debug");
}

#[test]
fn the_scripts_find_id_and_time_in_the_head() {
    let sent = sample(b"{}");
    let bytes = whole(&sent.clone().encode(8192));
    assert_eq!(&bytes[2..18], sent.id.as_bytes());
    assert_eq!(received_at_of(&bytes), Some(1_790_000_000_123));
    // Even with every field at its smallest.
    let mut least = sample(b"");
    least.id = Uuid::nil();
    least.request_id = Uuid::nil();
    least.received_at = UNIX_EPOCH;
    let bytes = whole(&least.encode(8192));
    assert_eq!(&bytes[2..18], Uuid::nil().as_bytes());
    assert_eq!(received_at_of(&bytes), Some(1));
}

#[test]
fn the_split_encoding_is_what_prost_would_write() {
    let sent = sample(b"some body");
    let split = whole(&sent.clone().encode(8192));
    let mut fields = sent.head(wire::Encoding::Unspecified, 9);
    fields.body = Bytes::from_static(b"some body");
    assert_eq!(split, fields.encode_to_vec());
}

#[test]
fn large_bodies_are_compressed_and_come_back() {
    let body = Bytes::from(br#"{"object":"whatsapp_business_account"}"#.repeat(1000));
    let mut sent = sample(b"");
    sent.body = body.clone();
    let encoded = sent.encode(8192);
    assert!(encoded.len() < body.len() / 4);
    assert_eq!(Envelope::decode(whole(&encoded)).unwrap().body, body);
}

#[test]
fn damage_is_an_error_and_no_panic() {
    let bytes = whole(&sample(b"{}").encode(8192));
    for end in 0..bytes.len() {
        let _ = Envelope::decode(bytes.slice(..end));
    }
    let mut newer = sample(b"{}").into_wire();
    newer.version = 9;
    assert!(matches!(
        Envelope::from_wire(newer),
        Err(EnvelopeError::Version(9))
    ));
    let mut bomb = sample(b"{}").into_wire();
    bomb.encoding = wire::Encoding::Zstd as i32;
    bomb.body_size = u64::MAX;
    assert!(matches!(
        Envelope::from_wire(bomb),
        Err(EnvelopeError::Body(_))
    ));
}
