//! Why the store could not do it, and whether trying again can help.

use std::error::Error as _;
use std::io;

use deadpool_postgres::PoolError;
use tokio_postgres::error::DbError;
use waypost_telemetry::metrics::postgres;

/// Why the store could not do it.
///
/// Postgres quotes row content in its messages and details (`Key (wamid)=(…)`), so nothing of those is kept: only
/// the SQLSTATE and the names of table, column and constraint.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Something in the row is what Postgres can never take. Trying again is no use.
    #[error("Postgres refuses the row: SQLSTATE {code}{place}")]
    Data {
        /// SQLSTATE, of class 21, 22, 23 or 54; `client` when the driver already refused the value.
        code: String,
        /// Where: table, column and constraint, as far as told.
        place: String,
    },
    /// The server answered with an error that is not the row's fault.
    #[error("Postgres can't do it now: SQLSTATE {code} ({severity}){place}")]
    Server {
        /// SQLSTATE.
        code: String,
        /// Postgres' word: ERROR, FATAL, PANIC.
        severity: String,
        /// Where: table, column and constraint, as far as told.
        place: String,
    },
    /// No connection, or the connection broke.
    #[error("no connection to Postgres: {0}")]
    Connection(String),
    /// No answer in time.
    #[error("Postgres did not answer in time: {0}")]
    Timeout(&'static str),
    /// The migrations could not be applied, or differ from what was applied before.
    #[error("migration failed: {0}")]
    Migration(String),
    /// The connection settings can't work.
    #[error("postgres settings: {0}")]
    Settings(String),
}

impl StoreError {
    /// Whether the same call may succeed later with no change to its input. Only what is known to be the row's own
    /// fault is final: a missing table (migrations not run) or a wrong password must not cost anybody's message.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Data { .. } | Self::Settings(_) => false,
            Self::Server { .. } | Self::Connection(_) | Self::Timeout(_) | Self::Migration(_) => {
                true
            }
        }
    }

    /// No answer in time, which is counted like one that says no.
    pub(crate) fn timeout(what: &'static str) -> Self {
        postgres::ERRORS.inc();
        Self::Timeout(what)
    }

    /// SQLSTATE, if the server gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Data { code, .. } | Self::Server { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Deadlock or serialization failure: the transaction may be run again at once.
    pub(crate) fn is_conflict(&self) -> bool {
        self.code().is_some_and(|code| code.starts_with("40"))
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        postgres::ERRORS.inc();
        if let Some(db) = error.as_db_error() {
            return of_server(db);
        }
        let text = error.to_string();
        // The driver keeps its kinds to itself; its fixed texts are the only way to tell them apart. What follows the
        // first colon may quote a value and is dropped.
        let kind = text.split(':').next().unwrap_or_default().to_owned();
        if kind.starts_with("error serializing parameter") {
            return Self::Data {
                code: "client".to_owned(),
                place: String::new(),
            };
        }
        match error.source().and_then(|s| s.downcast_ref::<io::Error>()) {
            Some(io) => Self::Connection(format!("{kind} ({})", io.kind())),
            None => Self::Connection(kind),
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        let failed = match error {
            PoolError::Backend(error) => return error.into(),
            PoolError::Timeout(_) => Self::Timeout("no free connection in the pool"),
            PoolError::Closed => Self::Connection("the pool is closed".to_owned()),
            PoolError::NoRuntimeSpecified => {
                Self::Settings("the pool has no runtime for its timeouts".to_owned())
            }
            PoolError::PostCreateHook(_) => {
                Self::Connection("a new connection could not be set up".to_owned())
            }
        };
        postgres::ERRORS.inc();
        failed
    }
}

fn of_server(db: &DbError) -> StoreError {
    let code = db.code().code().to_owned();
    let mut place = String::new();
    for (what, name) in [
        ("table", db.table()),
        ("column", db.column()),
        ("constraint", db.constraint()),
    ] {
        if let Some(name) = name {
            place.push_str(&format!(", {what} {name}"));
        }
    }
    let is_data = matches!(&code[..2.min(code.len())], "21" | "22" | "23" | "54");
    if is_data {
        StoreError::Data { code, place }
    } else {
        StoreError::Server {
            code,
            severity: db.severity().to_owned(),
            place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: &str) -> StoreError {
        StoreError::Server {
            code: code.to_owned(),
            severity: "ERROR".to_owned(),
            place: String::new(),
        }
    }

    #[test]
    fn only_the_row_s_own_fault_is_final() {
        let data = StoreError::Data {
            code: "22021".to_owned(),
            place: String::new(),
        };
        assert!(!data.is_transient());
        for code in [
            "08006", "53300", "57P01", "40P01", "55P03", "25006", "42P01",
        ] {
            assert!(server(code).is_transient(), "{code}");
        }
        assert!(server("40001").is_conflict() && !server("57014").is_conflict());
    }
}
