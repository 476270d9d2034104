use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use crate::error::{During, LocalError};

/// A temporary folder for servers. Others may pass through it (mode 711) but not list it: when we are root, Postgres runs
/// as another user and has to reach its own folder inside.
///
/// # Errors
/// When the system's folder for temporary files cannot be written.
pub fn scratch_dir() -> Result<TempDir, LocalError> {
    let dir = tempfile::Builder::new()
        .prefix("waypost-")
        .tempdir()
        .during(|| "make a temporary folder".to_owned())?;
    fs::set_permissions(dir.path(), Permissions::from_mode(0o711))
        .during(|| format!("open {} for passage", dir.path().display()))?;
    Ok(dir)
}
