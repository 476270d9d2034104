//! Compiles the protos with protox, so that no protoc is needed on any machine.

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let root = "../../proto";
    let names = [
        "options",
        "common",
        "queue",
        "number",
        "dead_letter",
        "message",
        "realtime",
        "audit",
    ];
    let files = names.map(|name| format!("{root}/waypost/v1/{name}.proto"));
    for file in &files {
        println!("cargo:rerun-if-changed={file}");
    }
    let mut compiler = protox::Compiler::new([root])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(files)?;
    // Encoded by protox and not by prost, which would drop our options: it does not know extensions.
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(
        out.join("descriptors.bin"),
        compiler.encode_file_descriptor_set(),
    )?;
    let mut config = prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .compile_fds_with_config(compiler.file_descriptor_set(), config)?;
    Ok(())
}
