use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::Up;

const PYTHON: &str = "python.sh";
const BROWSER: &str = "../browser/run.sh";
/// How long the packages may take to come, the first time.
const INSTALL: Duration = Duration::from_secs(300);

/// Runs a script of this crate's folder against a running `up`; its output is shown when it fails.
///
/// # Panics
/// When it fails, or does not end before the deadline.
pub async fn python(script: &str, up: &Up, deadline: Duration) {
    // One at a time in this process: two that install into one folder would be in each other's way.
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    INSTALLED.get_or_init(|| run(PYTHON, &[], INSTALL)).await;
    let script = folder().join(script);
    run(PYTHON, &[&script, up.ready_file()], deadline).await;
}

/// Drives the pages of a running `up` in a browser; what the tests print is shown when one fails.
///
/// # Panics
/// When one fails, or they do not end before the deadline.
pub async fn browser(up: &Up, deadline: Duration) {
    run(BROWSER, &[], INSTALL).await;
    run(BROWSER, &[up.ready_file()], deadline).await;
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

async fn run(script: &str, args: &[&Path], deadline: Duration) {
    let child = Command::new(folder().join(script))
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // The script becomes Python, or Node, by exec, so that this ends that too.
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let output = tokio::time::timeout(deadline, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("{script} {args:?} did not end within {deadline:?}"))
        .unwrap();
    assert!(
        output.status.success(),
        "{script} {args:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
