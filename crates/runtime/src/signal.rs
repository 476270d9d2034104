//! What ends a process.

use std::io;

/// Completes at SIGTERM (Kubernetes, systemd) or SIGINT (Ctrl-C).
///
/// Handlers are installed by the call itself, not by the first poll, so a signal that comes while the process is
/// still starting is not lost. Call it inside a tokio runtime.
#[cfg(unix)]
pub fn shutdown() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!("received {name}, draining");
    })
}

/// Completes at Ctrl-C.
#[cfg(not(unix))]
pub fn shutdown() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!("cannot wait for Ctrl-C: {error}");
        }
    })
}
