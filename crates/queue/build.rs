//! Compiles the protos with protox, so that no protoc is needed on any machine.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let root = "../../proto";
    let file = "../../proto/waypost/queue/v1/envelope.proto";
    println!("cargo:rerun-if-changed={file}");
    let descriptors = protox::compile([file], [root])?;
    prost_build::Config::new()
        .bytes([".waypost.queue.v1.Envelope.body"])
        .compile_fds(descriptors)?;
    Ok(())
}
