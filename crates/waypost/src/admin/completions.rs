//! `waypost completions`: for bash, zsh, fish and others.

use clap::CommandFactory;

use super::cli::Completions;
use super::screen;

pub(crate) fn command(arguments: &Completions) {
    let mut script = Vec::new();
    let mut command = crate::cli::Cli::command();
    clap_complete::generate(arguments.shell, &mut command, "waypost", &mut script);
    let _ = screen::write(&String::from_utf8_lossy(&script));
}
