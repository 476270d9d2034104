//! The program `waypost`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    waypost::run(std::env::args_os())
}
