//! The sender against a small server on a real socket.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use waypost_sandbox::{Delivery, DeliveryKind, Retry, Scenario, Sender};

/// What the server got, and what it answers.
#[derive(Default)]
struct Meeting {
    /// Status and Retry-After for the next requests; 200 when there is none left.
    script: Mutex<VecDeque<(u16, Option<u64>)>>,
    got: Mutex<Vec<(Option<String>, Bytes)>>,
    connections: AtomicUsize,
}

async fn server(script: &[(u16, Option<u64>)]) -> (SocketAddr, Arc<Meeting>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let meeting = Arc::new(Meeting {
        script: Mutex::new(script.iter().copied().collect()),
        ..Meeting::default()
    });
    let shared = Arc::clone(&meeting);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            shared.connections.fetch_add(1, Ordering::Relaxed);
            let meeting = Arc::clone(&shared);
            let answer = service_fn(move |request| answer(request, Arc::clone(&meeting)));
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer),
            );
        }
    });
    (address, meeting)
}

async fn answer(
    request: Request<Incoming>,
    meeting: Arc<Meeting>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let signature = request
        .headers()
        .get("x-hub-signature-256")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    meeting.got.lock().unwrap().push((signature, body));
    let (status, wish) = meeting
        .script
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or((200, None));
    let mut response = Response::builder().status(status);
    if let Some(seconds) = wish {
        response = response.header("retry-after", seconds);
    }
    Ok(response.body(Full::new(Bytes::from_static(b"ok"))).unwrap())
}

fn sender(address: SocketAddr) -> Sender {
    Sender::new(&format!("http://{address}/webhook")).unwrap()
}

fn delivery(kind: DeliveryKind) -> Delivery {
    Delivery {
        body: Bytes::from_static(b"{}"),
        signature: Some("sha256=ab".to_owned()),
        kind,
        updates: 0,
    }
}

const PATIENT: Retry = Retry::LikeMeta {
    first: Duration::from_millis(1),
    longest: Duration::from_millis(300),
    give_up: Duration::from_secs(20),
};

#[tokio::test]
async fn a_whole_plan_arrives_over_few_connections() {
    let (address, meeting) = server(&[]).await;
    let plan = Scenario::rough(1, 600).plan(b"secret");
    let mut ended = 0;
    let outcomes = sender(address)
        .at_once(4)
        .send_all(&plan.deliveries, |_| ended += 1)
        .await;
    assert_eq!(
        (outcomes.len(), ended),
        (plan.deliveries.len(), plan.deliveries.len())
    );
    for (index, outcome) in outcomes.iter().enumerate() {
        assert_eq!(
            (outcome.index, outcome.status, outcome.attempts),
            (index, Some(200), 1)
        );
        // This server checks no signature, which the outcome must not hide.
        assert_eq!(
            outcome.is_expected(),
            outcome.kind != DeliveryKind::BadSignature
        );
    }
    let mut got = meeting.got.lock().unwrap().clone();
    let mut sent: Vec<_> = plan
        .deliveries
        .iter()
        .map(|delivery| (delivery.signature.clone(), delivery.body.clone()))
        .collect();
    got.sort();
    sent.sort();
    assert!(got == sent, "bodies and signatures arrive as planned");
    assert!(
        meeting.connections.load(Ordering::Relaxed) <= 8,
        "connections are kept"
    );
}

#[tokio::test]
async fn it_tries_again_like_meta() {
    let (address, meeting) = server(&[(503, None), (503, None), (500, None)]).await;
    let outcome = sender(address)
        .retry(PATIENT)
        .send(&delivery(DeliveryKind::Good))
        .await;
    assert_eq!((outcome.status, outcome.attempts), (Some(200), 4));
    assert_eq!(meeting.got.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn it_follows_retry_after_up_to_its_longest_pause() {
    let (address, _meeting) = server(&[(503, Some(3_600))]).await;
    let began = Instant::now();
    let outcome = sender(address)
        .retry(PATIENT)
        .send(&delivery(DeliveryKind::Good))
        .await;
    assert_eq!((outcome.status, outcome.attempts), (Some(200), 2));
    assert!(
        began.elapsed() >= Duration::from_millis(300),
        "the first pause of its own would be none"
    );
}

#[tokio::test]
async fn the_forged_and_the_impatient_come_once() {
    let (address, meeting) = server(&[(401, None), (503, None)]).await;
    let forged = sender(address)
        .retry(PATIENT)
        .send(&delivery(DeliveryKind::BadSignature))
        .await;
    assert!(forged.is_expected() && forged.attempts == 1);
    let once = sender(address).send(&delivery(DeliveryKind::Good)).await;
    assert_eq!(
        (once.status, once.attempts, once.is_expected()),
        (Some(503), 1, false)
    );
    assert_eq!(meeting.got.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn no_answer_is_told_and_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let retry = Retry::LikeMeta {
        first: Duration::from_millis(1),
        longest: Duration::from_millis(4),
        give_up: Duration::from_millis(60),
    };
    let outcome = sender(address)
        .retry(retry)
        .send(&delivery(DeliveryKind::Good))
        .await;
    assert_eq!(outcome.status, None);
    assert!(outcome.error.is_some() && outcome.attempts > 2);
}

#[test]
fn addresses_of_no_use_are_refused() {
    for url in [
        "",
        "webhook",
        "https://127.0.0.1/webhook",
        "ftp://127.0.0.1/",
    ] {
        let error = Sender::new(url).unwrap_err();
        assert!(error.to_string().contains("http://"), "{url}");
    }
}
