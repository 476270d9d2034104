//! The program `waypost-dispatcher`: configuration, listener, signal. The service is in the library.

use std::process::ExitCode;

use waypost_dispatcher::{Config, run};
use waypost_runtime::program::Program;
use waypost_runtime::{Health, listen};

const PROGRAM: Program = Program {
    name: "waypost-dispatcher",
    version: env!("CARGO_PKG_VERSION"),
    about: "Takes messages from the outbox in Redis and sends them over the Graph API",
};

#[tokio::main]
async fn main() -> ExitCode {
    let start = async |config: Config, shutdown| {
        let admin = match config.admin.listen {
            Some(address) => Some(listen("admin.listen", address).await?),
            None => None,
        };
        Ok(run(config, admin, Health::default(), shutdown).await?)
    };
    PROGRAM
        .run(|lookup| Config::from_lookup(lookup), start)
        .await
}
