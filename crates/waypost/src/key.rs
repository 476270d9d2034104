//! `waypost key new`: a bearer key for the send API or the admin plane.

use waypost_ingress::send::new_key;
use waypost_monitor::new_token;
use waypost_rpc::v1::Role;
use waypost_runtime::keys::KeyFault;
use waypost_settings::{ExposeSecret, Origin, SettingsError};

use crate::{cli, terminal};

pub(crate) fn command(command: &cli::Key) -> anyhow::Result<()> {
    let cli::Key::New(cli::NewKey { name, grant }) = command;
    let (made, setting) = match grant.role {
        Some(role) => (new_token(name, of(role)), "monitor.tokens_file"),
        None => (
            new_key(name, &grant.numbers),
            "send.keys_file or realtime.keys_file",
        ),
    };
    let made = made.map_err(wrong_usage)?;
    // The key stands alone on the first line, for a script to take; it is shown this once.
    terminal::out(&format!(
        "{}\n\n# The key is above; it is kept nowhere. For {setting}:\n{}",
        made.key.expose_secret(),
        made.table
    ));
    Ok(())
}

fn of(role: cli::KeyRole) -> Role {
    match role {
        cli::KeyRole::Viewer => Role::Viewer,
        cli::KeyRole::Operator => Role::Operator,
        cli::KeyRole::Admin => Role::Admin,
    }
}

/// What the caller can mend ends as wrong usage does.
fn wrong_usage(fault: KeyFault) -> anyhow::Error {
    match fault {
        KeyFault::Wrong(reason) => SettingsError::Invalid {
            key: "waypost key new".to_owned(),
            origin: Origin::Given("--name, --numbers and --role".to_owned()),
            reason,
        }
        .into(),
        KeyFault::Random(_) => fault.into(),
    }
}
