//! What can be wrong with a configuration.

use std::io;
use std::path::PathBuf;

use crate::Origin;

/// Why the configuration was refused. None of these heals by trying again, and none contains a secret's value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A name that no part of Waypost reads: most often a misspelling.
    #[error("unknown setting `{name}`{}", did_you_mean(.nearest.as_deref()))]
    Unknown {
        /// The name as it was given.
        name: String,
        /// The known name that looks most like it.
        nearest: Option<String>,
    },
    /// A required key that nobody set.
    #[error("`{key}` is not set: set it in the configuration file or as {env}")]
    Missing {
        /// Dotted name.
        key: &'static str,
        /// Its environment variable.
        env: String,
    },
    /// A value that can't be read as what the key wants.
    #[error("`{key}` ({origin}): {reason}")]
    Invalid {
        /// Dotted name.
        key: String,
        /// Who set it.
        origin: Origin,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// Values that are each right and can't both be meant.
    #[error("{} contradict one another: {reason}", quoted(.keys))]
    Contradiction {
        /// The keys involved.
        keys: Vec<&'static str>,
        /// Why they can't both hold, and what to do.
        reason: String,
    },
    /// A secret and the file that holds it are both set, and either could be the stale one.
    #[error(
        "`{name}` and `{file_name}` are both set: set the secret or the file that holds it, not both"
    )]
    Twice {
        /// The name that holds the secret.
        name: String,
        /// The name that names its file.
        file_name: String,
    },
    /// A file that can't be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A configuration file that is not TOML, or has a value of a kind that no key takes.
    #[error("{path}, line {line}: {reason}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1; 0 when not known.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Code asked for a key that its own table doesn't declare. A bug in Waypost, not in the configuration.
    #[error("`{0}` is read but not declared (a bug in Waypost)")]
    Undeclared(String),
}

fn did_you_mean(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None => "; `waypost config` lists the known ones".to_owned(),
    }
}

fn quoted(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    keys.join(" and ")
}
