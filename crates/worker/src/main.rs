//! The program `waypost-worker`: configuration, listener, signal. The service is in the library.

use std::process::ExitCode;

use waypost_runtime::program::Program;
use waypost_runtime::{Health, listen};
use waypost_worker::{Config, run};

const PROGRAM: Program = Program {
    name: "waypost-worker",
    version: env!("CARGO_PKG_VERSION"),
    about: "Takes webhooks from the inbox in Redis and puts them into Postgres",
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
