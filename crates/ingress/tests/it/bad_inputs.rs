//! Everything that can be wrong with a request, and that none of it costs more than that request.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use waypost_whatsapp::signature::sign;

use crate::local_redis::LocalRedis;
use crate::raw::{answer, exchange, header, is_closed, post, post_with, signed, status};
use crate::service::{SECRET, Service};

const LIMIT: usize = 3 * 1024 * 1024;

fn chunked(chunks: &str) -> Vec<u8> {
    let signature = sign(SECRET.as_bytes(), b"{}");
    format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nx-hub-signature-256: {signature}\r\n\r\n{chunks}"
    )
    .into_bytes()
}

#[tokio::test]
async fn signatures_that_are_not_quite_right() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let body = b"{}";
    let right = sign(SECRET.as_bytes(), body);
    let hex = right.strip_prefix("sha256=").unwrap();
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        (
            "one digit short",
            post(&right[..right.len() - 1], body),
            401,
        ),
        ("one digit long", post(&format!("{right}0"), body), 401),
        ("no prefix", post(hex, body), 401),
        ("other prefix", post(&format!("sha1={hex}"), body), 401),
        (
            "prefix in upper case",
            post(&format!("SHA256={hex}"), body),
            401,
        ),
        (
            "not hex",
            post(&format!("sha256={}", "z".repeat(64)), body),
            401,
        ),
        ("empty", post("", body), 401),
        ("prefix alone", post("sha256=", body), 401),
        (
            "of another body",
            post(&sign(SECRET.as_bytes(), b"{ }"), body),
            401,
        ),
        (
            "twice",
            post_with(
                &format!("x-hub-signature-256: {right}\r\nx-hub-signature-256: {right}\r\n"),
                body,
            ),
            401,
        ),
        (
            "the old header",
            post_with(&format!("x-hub-signature: {right}\r\n"), body),
            401,
        ),
    ];
    for (name, request, expected) in cases {
        let answer = exchange(service.address, &request).await;
        assert_eq!(status(&answer), expected, "{name}: {answer}");
    }
    let mut not_utf8 =
        b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nx-hub-signature-256: sha256="
            .to_vec();
    not_utf8.extend([0xff; 64]);
    not_utf8.extend(b"\r\n\r\n{}");
    assert_eq!(status(&exchange(service.address, &not_utf8).await), 401);
    assert_eq!(redis.waiting().await, 0);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn bodies_that_break_parsers_are_kept_as_they_are() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let deep = "[".repeat(200_000);
    let bodies: Vec<Vec<u8>> = vec![
        br#"{"entry":"\ud800"}"#.to_vec(),
        br#"{"entry":"\udc00\ud800"}"#.to_vec(),
        br#"{"entry":"\u0000"}"#.to_vec(),
        b"{\"entry\":\"\0\"}".to_vec(),
        deep.into_bytes(),
        format!("{{\"n\":1{}}}", "0".repeat(5_000)).into_bytes(),
        br#"{"n":1e999999,"m":-0.0}"#.to_vec(),
        br#"{"a":1,"a":2}"#.to_vec(),
        br#"{"unterminated":"#.to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        vec![0xc3, 0x28, 0xff],
        b"<xml/>".to_vec(),
        vec![b' '; LIMIT],
    ];
    for body in &bodies {
        let answer = exchange(service.address, &signed(body)).await;
        assert_eq!(status(&answer), 200, "{answer}");
    }
    let kept: Vec<Vec<u8>> = redis
        .take()
        .await
        .iter()
        .map(|envelope| envelope.body.to_vec())
        .collect();
    assert!(
        kept == bodies,
        "something came out otherwise than it went in"
    );
    service.stop().await.unwrap();
}

#[tokio::test]
async fn headers_and_encodings_that_are_wrong() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let many: String = (0..500).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = format!("x-long: {}\r\n", "y".repeat(100_000));
    let right = format!(
        "x-hub-signature-256: {}\r\n",
        sign(SECRET.as_bytes(), b"{}")
    );
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        (
            "two lengths that differ",
            post_with("content-length: 3\r\n", b"{}"),
            400,
        ),
        (
            "a length that is no number",
            b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: two\r\n\r\n{}".to_vec(),
            400,
        ),
        (
            "a negative length",
            b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: -2\r\n\r\n{}".to_vec(),
            400,
        ),
        (
            "a length beyond 64 bits",
            b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n"
                .to_vec(),
            400,
        ),
        (
            "an encoding that is not chunked",
            b"POST /webhook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n".to_vec(),
            400,
        ),
        (
            "not HTTP",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello there\r\n\r\n".to_vec(),
            400,
        ),
        (
            "no such version",
            b"POST /webhook HTTP/9.9\r\nhost: x\r\n\r\n".to_vec(),
            400,
        ),
        (
            "a space in a header's name",
            post_with("x y: z\r\n", b"{}"),
            400,
        ),
        ("too many headers", post_with(&many, b"{}"), 431),
        ("a header too long", post_with(&long, b"{}"), 431),
        (
            "a target too long",
            format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "y".repeat(70_000)).into_bytes(),
            431,
        ),
        (
            "the same length twice",
            post_with(&format!("content-length: 2\r\n{right}"), b"{}"),
            200,
        ),
        (
            "a strange content type",
            post_with(&format!("content-type: image/png\r\n{right}"), b"{}"),
            200,
        ),
        ("good chunks", chunked("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"), 200),
        (
            "one good chunk",
            chunked("2;ext=1\r\n{}\r\n0\r\ntrailer: x\r\n\r\n"),
            200,
        ),
        (
            "a chunk size that is no number",
            chunked("zz\r\n{}\r\n0\r\n\r\n"),
            400,
        ),
        (
            "a chunk size too large",
            chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
            400,
        ),
        ("a chunk without its end", chunked("2\r\n{}garbage"), 400),
    ];
    for (name, request, expected) in cases {
        let answer = exchange(service.address, &request).await;
        assert_eq!(status(&answer), expected, "{name}: {answer}");
        assert!(
            header(&answer, "x-request-id").is_some(),
            "{name}: {answer}"
        );
    }
    assert_eq!(redis.waiting().await, 4);
    // After all that, the service is as good as new.
    assert_eq!(
        status(&exchange(service.address, &signed(b"{}")).await),
        200
    );
    service.stop().await.unwrap();
}

#[tokio::test]
async fn bodies_over_the_limit_by_length_and_by_chunks() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let body = vec![b' '; LIMIT + 1];

    // By length: the answer comes though not one byte of the body has been sent.
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let whole = signed(&body);
    stream
        .write_all(&whole[..whole.len() - body.len()])
        .await
        .unwrap();
    let text = answer(&mut stream).await;
    assert_eq!(status(&text), 413, "{text}");
    assert_eq!(header(&text, "connection"), Some("close"));
    drop(stream);
    // And it comes through to a sender that goes on sending.
    assert_eq!(status(&exchange(service.address, &whole).await), 413);

    // By chunks: as soon as one byte too many is there.
    let mut head = post_with(
        &format!(
            "x-hub-signature-256: {}\r\n",
            sign(SECRET.as_bytes(), &body)
        ),
        b"",
    );
    head = String::from_utf8(head)
        .unwrap()
        .replace("content-length: 0", "transfer-encoding: chunked")
        .into_bytes();
    let mut request = head;
    for piece in body.chunks(64 * 1024) {
        request.extend(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend(piece);
        request.extend(b"\r\n");
    }
    // No last chunk: the service may not wait for it.
    assert_eq!(status(&exchange(service.address, &request).await), 413);
    assert_eq!(redis.waiting().await, 0);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn heads_and_bodies_that_take_too_long() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let whole = signed(b"{\"entry\":[]}");
    let head = whole.len() - 12;
    for (name, sent) in [
        ("half a head", head / 2),
        ("no body", head),
        ("half a body", head + 6),
    ] {
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        stream.write_all(&whole[..sent]).await.unwrap();
        let text = answer(&mut stream).await;
        assert_eq!(status(&text), 408, "{name}: {text}");
        assert!(header(&text, "x-request-id").is_some(), "{name}: {text}");
        assert_eq!(header(&text, "connection"), Some("close"), "{name}: {text}");
        assert!(is_closed(&mut stream).await, "{name}");
    }
    assert_eq!(redis.waiting().await, 0);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn bodies_that_end_early_and_clients_that_close_their_half() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let whole = signed(b"{\"entry\":[]}");

    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&whole[..whole.len() - 3]).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(status(&answer(&mut stream).await), 400);

    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&whole).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(status(&answer(&mut stream).await), 200);

    // Gone altogether in mid-body: nobody to answer, nothing to keep.
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&whole[..whole.len() - 3]).await.unwrap();
    drop(stream);
    assert_eq!(
        status(&exchange(service.address, &signed(b"{}")).await),
        200
    );
    assert_eq!(redis.waiting().await, 2);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn expect_continue_is_answered_only_when_the_body_is_wanted() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let body = b"{}";
    let signature = format!("x-hub-signature-256: {}\r\n", sign(SECRET.as_bytes(), body));
    let wanted = post_with(&format!("expect: 100-continue\r\n{signature}"), body);
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(&wanted[..wanted.len() - 2]).await.unwrap();
    assert_eq!(status(&answer(&mut stream).await), 100);
    stream.write_all(body).await.unwrap();
    assert_eq!(status(&answer(&mut stream).await), 200);

    let unwanted = post_with("expect: 100-continue\r\n", body);
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream
        .write_all(&unwanted[..unwanted.len() - 2])
        .await
        .unwrap();
    assert_eq!(status(&answer(&mut stream).await), 401);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn pipelined_and_kept_alive_requests_are_each_answered() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let two = [signed(b"1"), signed(b"2")].concat();
    stream.write_all(&two).await.unwrap();
    // Both answers may come in one piece, so they are read as bytes.
    let mut text = String::new();
    while text.matches("HTTP/1.1 200").count() < 2 || !text.ends_with("\r\n\r\n") {
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).await.unwrap();
        assert_ne!(read, 0, "closed after {text}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    stream.write_all(&signed(b"3")).await.unwrap();
    assert_eq!(status(&answer(&mut stream).await), 200);
    service.stop().await.unwrap();
    assert_eq!(redis.waiting().await, 3);
}

#[tokio::test]
async fn memory_for_bodies_is_bounded_for_all_of_them_together() {
    let redis = LocalRedis::start().await;
    let settings = [
        ("ingress.body_limit", "1MiB"),
        ("ingress.body_memory", "1MiB"),
        ("ingress.body_timeout", "30s"),
    ];
    let service = Service::ready(&redis.url(), &settings).await;
    let body = vec![b' '; 900_000];
    let whole = signed(&body);
    // Holds most of the memory, and proves it: a second one of the same size is sent away.
    let mut holder = TcpStream::connect(service.address).await.unwrap();
    holder.write_all(&whole[..whole.len() - 1]).await.unwrap();
    crate::local_redis::eventually("the second body finds no memory", || async {
        let text = exchange(service.address, &whole).await;
        status(&text) == 503 && header(&text, "retry-after") == Some("5")
    })
    .await;
    assert_eq!(
        status(&exchange(service.address, &signed(b"{}")).await),
        200,
        "small ones still go through"
    );
    holder.write_all(&whole[whole.len() - 1..]).await.unwrap();
    assert_eq!(status(&answer(&mut holder).await), 200);
    assert_eq!(status(&exchange(service.address, &whole).await), 200);
    service.stop().await.unwrap();
}
