//! Asking before something that cannot be taken back.

use std::io::{self, BufRead, IsTerminal};

use super::fault::Fault;
use super::screen;

/// Asks on the terminal, unless the answer was given by `--yes`.
pub(crate) async fn confirm(question: &str, yes: bool) -> Result<(), Fault> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Fault::unconfirmed(
            "not confirmed, nothing was done: there is no terminal to ask at; add --yes to go on without being asked",
        ));
    }
    screen::aside(&format!("{question} Type yes to go on: "));
    // Reading a terminal blocks. Ctrl-C ends the process here, as anywhere.
    let answer = tokio::task::spawn_blocking(|| read(&mut io::stdin().lock())).await;
    match answer {
        Ok(true) => Ok(()),
        _ => Err(Fault::unconfirmed("not confirmed, nothing was done")),
    }
}

fn read(from: &mut impl BufRead) -> bool {
    let mut line = String::new();
    from.read_line(&mut line).is_ok() && matches!(line.trim(), "yes" | "y" | "Yes" | "YES")
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn only_yes_is_yes() {
        for (typed, yes) in [
            ("yes\n", true),
            ("y\n", true),
            ("\n", false),
            ("", false),
            ("no\n", false),
            ("yes please\n", false),
        ] {
            assert_eq!(read(&mut typed.as_bytes()), yes, "{typed:?}");
        }
    }
}
