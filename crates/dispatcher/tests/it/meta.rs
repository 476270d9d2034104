//! A Meta whose requests are to be looked at.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type Heads = Arc<Mutex<Vec<Parts>>>;
type Answer = fn(usize) -> (u16, &'static str);

/// One that serves until it is dropped.
pub(crate) struct Meta {
    pub(crate) url: String,
    heads: Heads,
    task: JoinHandle<()>,
}

impl Meta {
    /// Starts one that answers the n-th request, from 0, so.
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Heads::default();
        let kept = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let kept = Arc::clone(&kept);
                let service = service_fn(move |request| keep(Arc::clone(&kept), answer, request));
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(served);
            }
        });
        Self { url, heads, task }
    }

    /// Heads of what has come so far.
    pub(crate) fn heads(&self) -> Vec<Parts> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(
    kept: Heads,
    answer: Answer,
    request: Request<Incoming>,
) -> Result<Response<String>, hyper::Error> {
    let (head, body) = request.into_parts();
    body.collect().await?;
    let mut heads = kept.lock().unwrap();
    let (status, text) = answer(heads.len());
    heads.push(head);
    let mut response = Response::new(text.to_owned());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(response)
}
