//! From the hub to the client, at the client's pace. What waits meanwhile waits in the hub, which bounds it.

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use engineioxide::socket::DisconnectReason;
use engineioxide::{Str, TransportType};
use tokio::time::{sleep, timeout};
use waypost_telemetry::metrics::label::Transport;

use super::handler::Client;
use super::pace::{Mark, Pace, pauses};
use super::packet;
use crate::hub::{Bye, Step, Subscription};

/// How long the last packet may take to go out: a poll has to come for it.
const FLUSH: Duration = Duration::from_secs(2);
/// How long the transport may take to close after it.
const CLOSE: Duration = Duration::from_secs(1);
/// A client that caught up is not to keep the room for it.
const FEW: usize = 64;

/// Pushes until one side ends it.
pub(super) async fn pump(client: &Client, subscription: Subscription) {
    let mut pump = Pump {
        client,
        subscription,
        pace: Pace::new(),
    };
    let end = pump.run().await;
    // The client counts no longer, however long it takes to go.
    drop(pump);
    if let Some(bye) = end {
        goodbye(client, packet::bye(bye)).await;
    }
}

/// Says a last thing and closes the transport: `socket.io-client` comes back by itself then. After a DISCONNECT packet it would not.
pub(super) async fn goodbye(client: &Client, packet: String) {
    let (packet, mark) = Mark::on(Str::from(packet));
    if client.emit(packet).is_ok() {
        let flushed = async {
            for pause in pauses() {
                if mark.is_passed() || client.is_closed() {
                    break;
                }
                sleep(pause).await;
            }
        };
        let _ = timeout(FLUSH, flushed).await;
    }
    client.close(DisconnectReason::ClosingServer);
    // Whoever reads has all of it then; for anybody else the write timeout comes.
    let _ = timeout(CLOSE, client.closed()).await;
}

struct Pump<'a> {
    client: &'a Client,
    subscription: Subscription,
    pace: Pace,
}

impl Pump<'_> {
    /// Returns what the client is to be told when it has to go.
    async fn run(&mut self) -> Option<Bye> {
        let mut frames = Vec::new();
        loop {
            self.subscription.carried_by(transport(self.client));
            let step = tokio::select! {
                step = self.subscription.next(&mut frames) => step,
                () = self.client.closed() => return None,
            };
            let given = match step {
                Step::Frames => {
                    let mut given = Continue(());
                    for frame in frames.drain(..) {
                        given = self.give(frame.packet().clone()).await;
                        if given.is_break() {
                            break;
                        }
                    }
                    frames.shrink_to(FEW);
                    given
                }
                Step::Position(position) => self.give(packet::position(position).into()).await,
                Step::Resync(resync) => self.give(packet::resync(resync).into()).await,
                Step::End(bye) => Break(Some(bye)),
            };
            if let Break(end) = given {
                return end;
            }
        }
    }

    /// Gives the session a packet as soon as there is room. Breaks when there never will be: the client has gone, or has to go.
    async fn give(&mut self, packet: Str) -> ControlFlow<Option<Bye>> {
        for pause in pauses() {
            if self.pace.has_room(self.client.transport_type())
                && let Ok(place) = self.client.reserve()
            {
                place.emit(self.pace.give(packet));
                return Continue(());
            }
            tokio::select! {
                () = sleep(pause) => {}
                bye = self.subscription.ended() => return Break(Some(bye)),
                () = self.client.closed() => return Break(None),
            }
        }
        Break(None)
    }
}

/// How the client is connected now. It is looked at whenever there is something for it, and that is often enough for a figure.
fn transport(client: &Client) -> Transport {
    match client.transport_type() {
        TransportType::Polling => Transport::Polling,
        TransportType::Websocket => Transport::Websocket,
    }
}
