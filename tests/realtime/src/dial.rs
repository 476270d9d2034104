use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpSocket, TcpStream};

/// How a client connects.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Where to.
    pub address: SocketAddr,
    /// What it shows; nothing at all when there is none.
    pub token: Option<String>,
    /// From where it resumes, as it writes it.
    pub after: Option<String>,
    /// The page that a browser would be on.
    pub origin: Option<String>,
    /// Bytes that the kernel takes for a client that does not read. Small, so that a test need not send megabytes.
    pub receive_buffer: Option<u32>,
}

impl Dial {
    /// To `address`, from now on.
    pub fn to(address: SocketAddr, token: impl Into<String>) -> Self {
        Self {
            address,
            token: Some(token.into()),
            after: None,
            origin: None,
            receive_buffer: None,
        }
    }

    /// From a position.
    #[must_use]
    pub fn after(mut self, position: &(impl ToString + ?Sized)) -> Self {
        self.after = Some(position.to_string());
        self
    }

    /// As a page of another origin would.
    #[must_use]
    pub fn from_page(mut self, origin: &str) -> Self {
        self.origin = Some(origin.to_owned());
        self
    }

    /// With as little room in the kernel as it allows.
    #[must_use]
    pub fn with_little_room(mut self) -> Self {
        self.receive_buffer = Some(4096);
        self
    }

    pub(crate) async fn stream(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(size) = self.receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
