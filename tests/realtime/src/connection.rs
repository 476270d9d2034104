use std::time::Duration;

use tokio::time::timeout;

use crate::{Dial, Failed, Item, SocketIo, Sse};

/// The two ways to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Server-sent events.
    Sse,
    /// Socket.IO over WebSocket.
    SocketIo,
}

impl Transport {
    /// For what must hold on both.
    pub const BOTH: [Self; 2] = [Self::Sse, Self::SocketIo];

    /// Connects.
    ///
    /// # Errors
    /// When nobody answers, or the server will not have it.
    pub async fn connect(self, dial: &Dial) -> Result<Connection, Failed> {
        Ok(match self {
            Self::Sse => Connection::Sse(Box::new(Sse::connect(dial).await?)),
            Self::SocketIo => Connection::SocketIo(Box::new(SocketIo::connect(dial).await?)),
        })
    }
}

/// A connection of either kind. Reads only when it is asked to.
#[derive(Debug)]
pub enum Connection {
    /// Server-sent events.
    Sse(Box<Sse>),
    /// Socket.IO.
    SocketIo(Box<SocketIo>),
}

impl Connection {
    /// Waits for what comes next. `None` at the end, however it came. May be dropped.
    pub async fn next(&mut self) -> Option<Item> {
        match self {
            Self::Sse(sse) => sse.next().await,
            Self::SocketIo(socket) => socket.next().await,
        }
    }

    /// What comes next, which must be soon.
    ///
    /// # Panics
    /// When nothing comes, or the end.
    pub async fn soon(&mut self) -> Item {
        self.first(|_| true).await
    }

    /// The next that is no position.
    ///
    /// # Panics
    /// When nothing comes, or the end.
    pub async fn news(&mut self) -> Item {
        self.first(|item| !matches!(item, Item::Position(_))).await
    }

    async fn first(&mut self, wanted: impl Fn(&Item) -> bool) -> Item {
        let first = timeout(SOON, async {
            loop {
                let item = self.next().await.expect("something, not the end");
                if wanted(&item) {
                    return item;
                }
            }
        });
        let first = first.await;
        first.unwrap_or_else(|_| panic!("nothing of the kind came within {SOON:?}"))
    }
}

/// For what happens at once.
pub const SOON: Duration = Duration::from_secs(30);
