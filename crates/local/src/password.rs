use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{During, LocalError};

/// The password kept in `file`, or a new one (32 letters and digits, so it needs no escaping in a URL) put there.
pub(crate) fn kept_in(file: &Path) -> Result<String, LocalError> {
    match fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).during(|| format!("read {}", file.display())),
    }
    let password = format!("{:032x}", rand::random::<u128>());
    write_private(file, &password)?;
    Ok(password)
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<(), LocalError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .during(|| format!("write {}", file.display()))
}
