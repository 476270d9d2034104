use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Set by those who have just built every program, so that not each test process asks cargo again.
pub(crate) const BUILT: &str = "WAYPOST_TEST_BINARIES_BUILT";

/// One of our programs, built from the sources as they are now, beside the running test.
///
/// # Panics
/// When it cannot be built.
pub fn bin(name: &str) -> PathBuf {
    static KNOWN: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    // Held while building: tests of one process that want the same program wait for it.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = known.get(name) {
        return path.clone();
    }
    let folder = profile_folder();
    let path = folder.join(name);
    if env::var_os(BUILT).is_none() || !path.exists() {
        build(name, &folder);
    }
    assert!(
        path.exists(),
        "cargo built {name}, but there is no {}",
        path.display()
    );
    known.insert(name.to_owned(), path.clone());
    path
}

/// `target/<profile>`: a test runs from `deps` in it, a program from the folder itself.
fn profile_folder() -> PathBuf {
    let exe = env::current_exe().expect("the path of this program");
    let folder = exe.parent().expect("a folder");
    let folder = if folder.ends_with("deps") {
        folder.parent().expect("a folder")
    } else {
        folder
    };
    folder.to_owned()
}

fn build(name: &str, folder: &Path) {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--bin", name])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"));
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(profile) => {
            command.args(["--profile", profile]);
        }
    }
    let status = command.status().expect("cargo runs");
    assert!(status.success(), "cargo could not build {name}: {status}");
}
