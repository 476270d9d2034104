//! What can be configured of the Send API.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use waypost_model::OnUnknown;
use waypost_settings::{Key, Lookup, Reader, SettingsError};

/// The section `[send]`.
#[derive(Clone, Debug)]
pub struct SendSettings {
    /// Where to listen, when there is a file of keys.
    pub listen: SocketAddr,
    /// The file of keys. Without one there is no Send API.
    pub keys_file: Option<PathBuf>,
    /// Largest body of a single message.
    pub body_limit: usize,
    /// Largest body of a batch.
    pub batch_body_limit: usize,
    /// Policy of messages that name none.
    pub on_unknown: OnUnknown,
    /// How far ahead a message may be scheduled.
    pub max_ahead: Duration,
}

impl SendSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "send.listen",
            "0.0.0.0:8081",
            "Address of the private listener with the send API; used only when send.keys_file is set.",
        ),
        Key::optional(
            "send.keys_file",
            "TOML file with a table for each bearer key, by name: sha256, numbers; `waypost key new` makes one. Read again when it changes. Without it the send API is off.",
        ),
        Key::new(
            "send.body_limit",
            "256KiB",
            "Largest body of POST /v1/messages; larger ones are answered 413.",
        ),
        Key::new(
            "send.batch_body_limit",
            "8MiB",
            "Largest body of POST /v1/messages:batch.",
        ),
        Key::new(
            "send.on_unknown",
            "fail",
            "What to do with a message that names no on_unknown, when nobody can say whether Meta took it: resend, fail or hold.",
        ),
        Key::new("send.max_ahead", "30d", "How far ahead send_at may lie."),
    ];

    /// Reads the keys.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let policies: Vec<_> = OnUnknown::ALL
            .iter()
            .map(|policy| (policy.as_str(), *policy))
            .collect();
        Ok(Self {
            listen: read.socket_addr("send.listen")?,
            keys_file: read.opt_path("send.keys_file")?,
            body_limit: size(&read, "send.body_limit")?,
            batch_body_limit: size(&read, "send.batch_body_limit")?,
            on_unknown: read.choice("send.on_unknown", &policies)?,
            max_ahead: read.duration("send.max_ahead")?,
        })
    }
}

fn size(read: &Reader<'_>, path: &str) -> Result<usize, SettingsError> {
    match usize::try_from(read.bytes(path)?) {
        Ok(size) if size > 0 => Ok(size),
        _ => Err(read.invalid(path, "must be above 0 and what this machine can address")),
    }
}
