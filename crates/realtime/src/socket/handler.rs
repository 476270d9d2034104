//! What engineioxide calls: a session begins, a packet comes, a session ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use engineioxide::handler::EngineIoHandler;
use engineioxide::socket::{DisconnectReason, Sid};
use engineioxide::{Socket as Session, Str};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::packet::{self, Auth, Said, Unreadable};
use super::{connect, pump};
use crate::app::App;

/// A client of Socket.IO: a session of Engine.IO, whatever transport carries it at the moment.
pub(super) type Client = Session<State>;

/// How long a session may take to connect. Until then it costs us a place and has shown no token.
const CONNECT: Duration = Duration::from_secs(10);

/// The handler of all sessions.
pub(super) struct Handler {
    pub(super) app: Arc<App>,
    /// One task a session.
    pub(super) tasks: TaskTracker,
    /// Ends sessions that have not connected; the hub ends the others.
    pub(super) stop: CancellationToken,
}

/// What a session remembers: who waits for its CONNECT. Nobody does after the first.
#[derive(Default)]
pub(super) struct State(Mutex<Option<oneshot::Sender<Shown>>>);

type Shown = Result<Auth, Unreadable>;

impl State {
    fn expect(&self, waiting: oneshot::Sender<Shown>) {
        *self.lock() = Some(waiting);
    }

    fn connect(&self) -> Option<oneshot::Sender<Shown>> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<oneshot::Sender<Shown>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EngineIoHandler for Handler {
    type Data = State;

    fn on_connect(self: Arc<Self>, client: Arc<Client>) {
        let (waiting, connect) = oneshot::channel();
        client.data.expect(waiting);
        let handler = Arc::clone(&self);
        self.tasks
            .spawn(async move { handler.session(&client, connect).await });
    }

    fn on_disconnect(&self, client: Arc<Client>, _reason: DisconnectReason) {
        // If it still waits for its CONNECT, nobody will send one.
        client.data.connect();
    }

    fn on_message(self: &Arc<Self>, text: Str, client: Arc<Client>) {
        match packet::parse(&text) {
            Ok(Said::Connect {
                namespace: "/",
                auth,
            }) => {
                // A second CONNECT changes nothing.
                if let Some(waiting) = client.data.connect() {
                    let _ = waiting.send(auth);
                }
            }
            Ok(Said::Connect { namespace, .. }) => {
                let error = packet::refused(namespace, "Invalid namespace", "namespace");
                if client.emit(error).is_err() {
                    // It asks and asks, and does not read.
                    client.close(DisconnectReason::PacketParsingError);
                }
            }
            Ok(Said::Disconnect { namespace: "/" }) => {
                client.close(DisconnectReason::TransportClose);
            }
            Ok(Said::Disconnect { .. } | Said::Event) => {}
            Err(packet::Malformed) => client.close(DisconnectReason::PacketParsingError),
        }
    }

    fn on_binary(self: &Arc<Self>, _data: Bytes, client: Arc<Client>) {
        client.close(DisconnectReason::PacketParsingError);
    }
}

impl Handler {
    /// A session from its begin to its end.
    async fn session(&self, client: &Client, connect: oneshot::Receiver<Shown>) {
        let shown = tokio::select! {
            shown = timeout(CONNECT, connect) => shown,
            () = self.stop.cancelled() => {
                client.close(DisconnectReason::ClosingServer);
                return;
            }
        };
        let auth = match shown {
            Ok(Ok(auth)) => auth,
            // It left.
            Ok(Err(_)) => return,
            Err(_) => {
                client.close(DisconnectReason::TransportClose);
                return;
            }
        };
        match connect::admit(&self.app, auth) {
            Ok((subscription, _place)) => {
                // Not the session's own id: with that anybody could read on in its stead.
                let id = Sid::new();
                let _ = client.emit(packet::connected(id.as_str()));
                pump::pump(client, subscription).await;
            }
            Err(refusal) => {
                let error = packet::refused("/", &refusal.message, refusal.code);
                pump::goodbye(client, error).await;
            }
        }
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}
