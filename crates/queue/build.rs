//! Compiles the protos with protox, so that no protoc is needed on any machine.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let root = "../../proto";
    let files = [
        "../../proto/waypost/queue/v1/envelope.proto",
        "../../proto/waypost/queue/v1/outbox.proto",
    ];
    for file in files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, [root])?;
    prost_build::Config::new()
        .bytes([
            ".waypost.queue.v1.Envelope.body",
            ".waypost.queue.v1.Outgoing.body",
            ".waypost.queue.v1.DeadOutgoing.entry",
        ])
        .compile_fds(descriptors)?;
    Ok(())
}
