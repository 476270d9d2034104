//! The program `waypost-monitor`: configuration, listeners, signal. The service is in the library.

use std::process::ExitCode;

use waypost_monitor::{Config, Listeners, run};
use waypost_runtime::Health;
use waypost_runtime::program::Program;

const PROGRAM: Program = Program {
    name: "waypost-monitor",
    version: env!("CARGO_PKG_VERSION"),
    about: "Serves the admin plane: queue statistics and control over gRPC and HTTP, and the dashboard",
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
