//! The service in this process, on port 0.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use waypost_ingress::{Config, IngressError, Listeners, run};
use waypost_settings::MapLookup;

use crate::local_redis::eventually;
use crate::raw;

pub(crate) const SECRET: &str = "first secret";
pub(crate) const SECOND_SECRET: &str = "second secret";

pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// The Send API's, when the settings name a file of keys.
    pub(crate) send: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), IngressError>>,
}

pub(crate) fn lookup(redis_url: &str, settings: &[(&str, &str)]) -> MapLookup {
    let mut lookup = MapLookup::from([
        ("redis.url", redis_url),
        ("whatsapp.app_secrets", "first secret,second secret"),
        ("whatsapp.verify_tokens", "token one,token-two"),
        ("ingress.header_timeout", "500ms"),
        ("ingress.body_timeout", "700ms"),
    ]);
    for (key, value) in settings {
        lookup = lookup.with(*key, *value);
    }
    lookup
}

impl Service {
    /// A service that listens; whether it is ready is another matter.
    pub(crate) async fn start(redis_url: &str, settings: &[(&str, &str)]) -> Self {
        let config = Config::from_lookup(&lookup(redis_url, settings)).unwrap();
        let webhook = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let send = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [&webhook, &admin, &send].map(|listener| listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let listeners = Listeners {
            webhook,
            send: Some(send),
            admin: Some(admin),
        };
        let done = tokio::spawn(run(config, listeners, async move {
            let _ = stopped.await;
        }));
        Self {
            address: addresses[0],
            admin: addresses[1],
            send: addresses[2],
            stop,
            done,
        }
    }

    /// A service that is ready.
    pub(crate) async fn ready(redis_url: &str, settings: &[(&str, &str)]) -> Self {
        let service = Self::start(redis_url, settings).await;
        eventually("the service is ready", || service.is_ready()).await;
        service
    }

    pub(crate) async fn is_ready(&self) -> bool {
        let text = raw::exchange(
            self.admin,
            b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .await;
        text.starts_with("HTTP/1.1 200")
    }

    /// Waits for the service to end by itself.
    pub(crate) async fn ended(self) -> Result<(), IngressError> {
        self.done.await.unwrap()
    }

    pub(crate) async fn stop(self) -> Result<(), IngressError> {
        self.stop.send(()).unwrap();
        self.done.await.unwrap()
    }
}
