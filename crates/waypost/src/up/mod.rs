//! `waypost up`: one process that runs everything there is.
//!
//! Start, in `stack`: the ports are taken first, so that one in use is said at once; then Redis and Postgres (`children`, or
//! those of the configuration: `options`). What else nobody has configured is made (`prepare`): the key and the fake Meta
//! (`sending`), the admin plane's token (`plane`), the secret and the key of events for browsers (`realtime`). Then the
//! migrations, and all services (`services`). When all say they are ready, the ready file is written (`ready`) and the
//! addresses (`addresses`) are printed (`table`).
//!
//! Stop, in the order in which data flows: the ready file goes, ingress drains, the dispatcher ends what is in flight, the
//! worker finishes what it holds, the browsers, which have heard of all that, are asked to come back, and the admin plane
//! follows; then the children end.
//! A second Ctrl-C (`signals`) quits at once; even then the children end, each by its watchdog.

mod addresses;
mod children;
mod given;
mod options;
mod plane;
mod prepare;
mod ready;
mod realtime;
mod sending;
mod services;
mod stack;
mod table;

use std::path::Path;

use waypost_telemetry::{LogSettings, TelemetrySettings};

pub(crate) use addresses::Addresses;
use options::Home;
pub(crate) use options::Options;
pub(crate) use stack::Stack;

use crate::signals::Signals;
use crate::{cli, settings, terminal};

/// Where the commands of the admin plane look for it, in the folder of the data.
pub(crate) const PLANE_FILE: &str = "admin.json";

/// What this process is called in metrics and traces.
const PROGRAM: &str = "waypost";

/// What a shell reports of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

pub(crate) async fn command(arguments: &cli::Up, file: Option<&Path>) -> anyhow::Result<()> {
    let lookup = settings::load(file)?;
    let options = Options::read(arguments, &lookup)?;
    let log = LogSettings::from_lookup(&lookup)?;
    let exported = TelemetrySettings::from_lookup(&lookup)?;
    // Of all services together: they are one process, and each adds its part when it starts.
    let _telemetry =
        waypost_telemetry::init(&log)?.export(&exported, PROGRAM, env!("CARGO_PKG_VERSION"))?;
    options.tell_unused(&lookup)?;
    let mut signals = Signals::listen()?;
    let ready_file = arguments
        .ready_file
        .as_deref()
        .map(ready::ReadyFile::at)
        .transpose()?;

    let started = tokio::select! {
        started = Stack::start(&options, &lookup) => started,
        // What has been started so far ends with this process.
        () = signals.next() => return Ok(()),
    };
    let mut stack = started?;
    let plane_file = match &options.home {
        Home::Folder(folder) => {
            children::make_home(folder)?;
            Some(ready::ReadyFile::at(&folder.join(PLANE_FILE))?)
        }
        Home::Temporary => None,
    };
    terminal::out(&table::of(stack.addresses(), &options));
    if let Some(file) = &ready_file {
        file.write(stack.addresses(), &options)?;
    }
    if let Some(file) = &plane_file {
        file.write_plane(stack.addresses())?;
    }
    let verdict = tokio::select! {
        error = stack.failed() => Err(error),
        () = signals.next() => Ok(()),
    };
    drop((ready_file, plane_file));
    tokio::select! {
        stopped = stack.stop() => verdict.and(stopped),
        () = signals.next() => {
            terminal::error("quitting at once");
            std::process::exit(INTERRUPTED)
        }
    }
}
