//! `waypost key new`: a bearer key for the send API.

use waypost_ingress::send::{KeyFault, new_key};
use waypost_settings::{ExposeSecret, Origin, SettingsError};

use crate::{cli, terminal};

pub(crate) fn command(command: &cli::Key) -> anyhow::Result<()> {
    let cli::Key::New(arguments) = command;
    let made = new_key(&arguments.name, &arguments.numbers).map_err(wrong_usage)?;
    // The key stands alone on the first line, for a script to take; it is shown this once.
    terminal::out(&format!(
        "{}\n\n# The key is above; it is kept nowhere. For send.keys_file:\n{}",
        made.key.expose_secret(),
        made.table
    ));
    Ok(())
}

/// What the caller can mend ends as wrong usage does.
fn wrong_usage(fault: KeyFault) -> anyhow::Error {
    match fault {
        KeyFault::Wrong(reason) => SettingsError::Invalid {
            key: "waypost key new".to_owned(),
            origin: Origin::Given("--name and --numbers".to_owned()),
            reason,
        }
        .into(),
        KeyFault::Random(_) => fault.into(),
    }
}
