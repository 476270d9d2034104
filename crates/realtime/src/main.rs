//! The program `waypost-realtime`: configuration, listeners, signal. The service is in the library.

use std::process::ExitCode;

use waypost_realtime::{Config, Listeners, run};
use waypost_runtime::Health;
use waypost_runtime::program::Program;

const PROGRAM: Program = Program {
    name: "waypost-realtime",
    version: env!("CARGO_PKG_VERSION"),
    about: "Pushes events to browsers: Socket.IO and server-sent events",
};

#[tokio::main]
async fn main() -> ExitCode {
    let start = async |config: Config, shutdown| {
        let listeners = Listeners::bind(&config).await?;
        Ok(run(config, listeners, Health::default(), shutdown).await?)
    };
    PROGRAM
        .run(|lookup| Config::from_lookup(lookup), start)
        .await
}
