//! Where the server programs are.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::LocalError;

const INSTALL_REDIS: &str =
    "apt-get install redis-server (Debian, Ubuntu) or brew install redis (macOS)";
const INSTALL_POSTGRES: &str =
    "apt-get install postgresql (Debian, Ubuntu) or brew install postgresql@16 (macOS)";

/// Homebrew on Apple silicon, Homebrew on Intel, Linuxbrew.
const BREW_PREFIXES: [&str; 3] = ["/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"];

/// Debian keeps one folder per major version here and links none of the servers into PATH.
const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

/// The two programs of Postgres that we run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresPrograms {
    /// The server.
    pub postgres: PathBuf,
    /// What makes a data folder.
    pub initdb: PathBuf,
}

/// Redis, or Valkey, which speaks the same protocol.
///
/// # Errors
/// [`LocalError::NotFound`] says which package to install.
pub fn redis() -> Result<PathBuf, LocalError> {
    redis_in(
        env::var_os("PATH").as_deref(),
        &BREW_PREFIXES.map(Path::new),
    )
}

/// Postgres: PATH first, then the newest version of Debian's and Homebrew's folders.
///
/// # Errors
/// [`LocalError::NotFound`] says which package to install.
pub fn postgres() -> Result<PostgresPrograms, LocalError> {
    postgres_in(
        env::var_os("PATH").as_deref(),
        Path::new(DEBIAN_POSTGRES),
        &BREW_PREFIXES.map(Path::new),
    )
}

fn redis_in(path: Option<&OsStr>, brew: &[&Path]) -> Result<PathBuf, LocalError> {
    let mut folders = folders_of(path);
    folders.extend(brew.iter().map(|prefix| prefix.join("bin")));
    ["redis-server", "valkey-server"]
        .iter()
        .find_map(|name| {
            folders
                .iter()
                .map(|folder| folder.join(name))
                .find(|file| is_program(file))
        })
        .ok_or(LocalError::NotFound {
            what: "Redis (redis-server)",
            install: INSTALL_REDIS,
        })
}

fn postgres_in(
    path: Option<&OsStr>,
    debian: &Path,
    brew: &[&Path],
) -> Result<PostgresPrograms, LocalError> {
    let mut folders = folders_of(path);
    folders.extend(newest_first(debian, ""));
    for prefix in brew {
        folders.push(prefix.join("bin"));
        folders.extend(newest_first(&prefix.join("opt"), "postgresql@"));
    }
    folders
        .iter()
        .map(|folder| PostgresPrograms {
            postgres: folder.join("postgres"),
            initdb: folder.join("initdb"),
        })
        .find(|found| is_program(&found.postgres) && is_program(&found.initdb))
        .ok_or(LocalError::NotFound {
            what: "Postgres (postgres, initdb)",
            install: INSTALL_POSTGRES,
        })
}

fn folders_of(path: Option<&OsStr>) -> Vec<PathBuf> {
    path.map(|path| {
        env::split_paths(path)
            .filter(|folder| folder.is_absolute())
            .collect()
    })
    .unwrap_or_default()
}

/// `<parent>/<prefix><number>/bin`, the highest number first.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let version = entry
                .file_name()
                .to_str()?
                .strip_prefix(prefix)?
                .parse()
                .ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn is_program(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests;
