//! The program `waypost-ingress`: configuration, listeners, signal. The service is in the library.

use std::process::ExitCode;

use waypost_ingress::{Config, Listeners, run};
use waypost_runtime::program::Program;

const PROGRAM: Program = Program {
    name: "waypost-ingress",
    version: env!("CARGO_PKG_VERSION"),
    about: "Takes WhatsApp webhooks in and queues them",
};

#[tokio::main]
async fn main() -> ExitCode {
    let start = async |config: Config, shutdown| {
        let listeners = Listeners::bind(&config).await?;
        Ok(run(config, listeners, shutdown).await?)
    };
    PROGRAM.run(Config::read, start).await
}
