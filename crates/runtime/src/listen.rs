//! Binding the address of a key.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Binds `address`, which the configuration key `key` named, and logs where it ended up: port 0 takes any.
pub async fn listen(key: &str, address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot listen on {address} ({key}): {error}"),
        )
    })?;
    tracing::info!("listening on {} ({key})", listener.local_addr()?);
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_in_use_is_named_with_its_key() {
        let held = listen("a.listen", "127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let address = held.local_addr().unwrap();
        let text = listen("b.listen", address).await.unwrap_err().to_string();
        assert!(
            text.contains("b.listen") && text.contains(&address.to_string()),
            "{text}"
        );
    }
}
