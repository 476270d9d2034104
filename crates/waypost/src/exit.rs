//! How this process ends.

use std::process::ExitCode;

use waypost_settings::SettingsError;

use crate::admin::fault::Fault;
use crate::terminal;

/// What sysexits.h calls EX_USAGE: starting again won't help, the command or the configuration has to change.
pub(crate) const USAGE: u8 = 64;

/// Prints what clap has to say: an error, or the help and version that somebody asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Where to print it is clap's business; nowhere left to report that it failed.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

/// Prints one line that says what is wrong.
pub(crate) fn failure(error: &anyhow::Error) -> ExitCode {
    terminal::error(&format!("{error:#}"));
    if let Some(fault) = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Fault>())
    {
        ExitCode::from(fault.code())
    } else if error.chain().any(|cause| cause.is::<SettingsError>()) {
        ExitCode::from(USAGE)
    } else {
        ExitCode::FAILURE
    }
}
