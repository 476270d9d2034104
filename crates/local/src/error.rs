use std::io;
use std::path::PathBuf;

/// Why a local server could not be started or stopped. None of these is worth an automatic retry: a person has to change something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// A program is not installed, or not where we look.
    #[error(
        "{what} was not found on PATH, nor where Debian and Homebrew put it. Install it: {install}"
    )]
    NotFound {
        /// The program, as a person calls it.
        what: &'static str,
        /// What to type to get it.
        install: &'static str,
    },
    /// The wanted port belongs to another process.
    #[error(
        "port {port} on 127.0.0.1 is taken, so {what} cannot use it: stop the other process or choose another port"
    )]
    PortTaken {
        /// Which server wanted it.
        what: &'static str,
        /// The port.
        port: u16,
    },
    /// Another running server holds the folder.
    #[error("{} is in use by another {what} that is still running: stop it or choose another folder", dir.display())]
    InUse {
        /// Which server.
        what: &'static str,
        /// The folder.
        dir: PathBuf,
    },
    /// The account that the server runs as cannot enter the folder.
    #[error("{what} must not run as root, so it runs as user {user}, who cannot enter {}: choose a folder that everybody can enter (chmod a+x on its parents)", dir.display())]
    Unreachable {
        /// Which server.
        what: &'static str,
        /// The account.
        user: String,
        /// The folder.
        dir: PathBuf,
    },
    /// We are root and there is no other account to run as.
    #[error(
        "{what} must not run as root and there is neither a user postgres nor nobody: run this as an ordinary user"
    )]
    NoAccount {
        /// Which server.
        what: &'static str,
    },
    /// The server ended while starting, or a helper of it failed.
    #[error("{what} did not start ({status}). The end of {}:\n{tail}", log.display())]
    Exited {
        /// Which program.
        what: &'static str,
        /// How it ended.
        status: String,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// The server runs but does not answer.
    #[error("{what} did not answer within {seconds} s. The end of {}:\n{tail}", log.display())]
    Slow {
        /// Which server.
        what: &'static str,
        /// How long we waited.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// A statement that sets the server up failed.
    #[error("Postgres refused a statement while being set up")]
    Sql(#[from] tokio_postgres::Error),
    /// A file or process operation failed.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried, in words.
        action: String,
        /// The system's answer.
        source: io::Error,
    },
}

/// Names what was tried when an [`io::Error`] passes by.
pub(crate) trait During<T> {
    fn during(self, action: impl FnOnce() -> String) -> Result<T, LocalError>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, action: impl FnOnce() -> String) -> Result<T, LocalError> {
        self.map_err(|source| LocalError::Io {
            action: action(),
            source,
        })
    }
}
