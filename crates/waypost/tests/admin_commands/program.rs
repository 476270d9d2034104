//! `waypost` as a process: with pipes, or on a terminal of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use waypost_harness::eventually;

use crate::canned::Canned;

/// Within this everything has happened.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A server, and a program that knows where it is.
pub(crate) struct Desk {
    pub(crate) server: Canned,
    pub(crate) address: SocketAddr,
    /// Where the program runs, so that no `.waypost` of ours is found.
    pub(crate) folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It did what was wished, and said so.
    #[track_caller]
    pub(crate) fn well(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert!(self.err.is_empty(), "{self:?}");
        &self.out
    }

    /// It ended with this code and one line with these words on the error output.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.contains(words), "{words:?} is not in {self:?}");
        assert_eq!(self.err.trim_end().lines().count(), 1, "{self:?}");
    }
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let (server, address) = Canned::start(None).await;
        Self {
            server,
            address,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Just this environment.
    pub(crate) fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
        let mut command = self.command(arguments, environment);
        let output = tokio::time::timeout(SOON, command.output())
            .await
            .expect("it ends")
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// With the token of a role.
    pub(crate) async fn run_as(&self, role: &str, arguments: &[&str]) -> Run {
        let (address, token) = self.access(role);
        let environment = [("WAYPOST_ADMIN", &*address), ("WAYPOST_TOKEN", &*token)];
        self.run_with(arguments, &environment).await
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Run {
        self.run_as("admin", arguments).await
    }

    fn access(&self, role: &str) -> (String, String) {
        (self.address.to_string(), format!("{role}-token"))
    }

    /// On a terminal of 80 columns and so many rows.
    pub(crate) fn on_terminal(&self, arguments: &[&str], rows: u16) -> Terminal {
        let (address, token) = self.access("admin");
        let environment = [
            ("WAYPOST_ADMIN", &*address),
            ("WAYPOST_TOKEN", &*token),
            ("TERM", "xterm"),
        ];
        Terminal::start(self.command(arguments, &environment), rows)
    }
}

/// A program on a terminal, and what stands there.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    fn start(mut command: Command, rows: u16) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let size = Winsize {
            ws_row: rows,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&controller, size).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let terminal = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let child = command
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal)
            .spawn()
            .unwrap();
        // The command holds our ends of the terminal, and reading would never end.
        drop(command);
        let controller = File::from(controller);
        let shown = Arc::new(Mutex::new(String::new()));
        let mut screen = controller.try_clone().unwrap();
        let into = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Fails when the program has ended.
            while let Ok(read @ 1..) = screen.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                into.lock().unwrap().push_str(&text);
            }
        });
        Self {
            child,
            keyboard: controller,
            shown,
        }
    }

    pub(crate) fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    pub(crate) async fn shows(&self, words: &str) {
        eventually(SOON, words, async || self.shown().contains(words)).await;
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) async fn ends(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(SOON, self.child.wait()).await;
        ended.expect("it ends").unwrap().code()
    }

    pub(crate) fn interrupt(&self) {
        interrupt(&self.child);
    }
}

/// What Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::INT).unwrap();
}
