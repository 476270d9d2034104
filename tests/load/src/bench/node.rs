//! Ingress against the Node service that it replaces, if that and node are there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use waypost_harness::free_port;

use super::Plan;
use super::ingress::saturate;
use super::report::Report;
use super::stack::{Stack, local};
use crate::client::requests;
use crate::corpus::{SECRET, webhooks};
use crate::process::Program;

/// Where the baseline may lie: named by this variable, else beside the checkout.
const VARIABLE: &str = "NODE_BASELINE";

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let folder = match install() {
        Ok(folder) => folder,
        Err(why) => {
            println!("ingress_vs_node left out: {why:#}");
            return Ok(());
        }
    };
    let stack = Stack::start().await?;
    let corpus = requests(&webhooks(20_000, 1), "/webhook");
    let node_at = local(free_port()?);
    let mut node = Program::start(
        Path::new("node"),
        &[&folder.join("ingress.js").to_string_lossy()],
        &[
            ("PORT", node_at.port().to_string()),
            ("REDIS_PORT", stack.redis.port().to_string()),
            ("APP_SECRET", SECRET.to_owned()),
            ("VERIFY", "1".to_owned()),
            ("AFTER", "1".to_owned()),
        ],
    )?;
    node.listening(node_at).await?;
    let (ingress, ingress_at) = stack.ingress().await?;
    let mut ratios = Vec::new();
    for round in 0..=plan.rounds {
        let theirs = saturate(node_at, node.pid(), &corpus, plan.seconds).await?;
        stack.empty().await?;
        let ours = saturate(ingress_at, ingress.pid(), &corpus, plan.seconds).await?;
        stack.empty().await?;
        println!(
            "ingress: {:.0}/s, {:.2} us CPU each; node: {:.0}/s, {:.2} us CPU each",
            ours.rate, ours.cpu_us, theirs.rate, theirs.cpu_us
        );
        if round > 0 {
            ratios.push(ours.rate / theirs.rate);
        }
    }
    report.figure("ingress_vs_node", ratios);
    node.stop().await?;
    ingress.stop().await
}

fn beside_the_checkout() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let parent = package.ancestors().nth(3).unwrap_or(package);
    ["shared", "bench", "node-baseline"]
        .iter()
        .fold(parent.to_owned(), |path, name| path.join(name))
}

/// Copies the baseline into the target folder and installs its packages there.
fn install() -> Result<PathBuf> {
    let source = std::env::var_os(VARIABLE).map_or_else(beside_the_checkout, PathBuf::from);
    ensure!(
        source.join("ingress.js").exists(),
        "there is no baseline (name its folder in {VARIABLE})"
    );
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("target folder")?;
    let folder = target.join("node-baseline");
    std::fs::create_dir_all(&folder)?;
    for name in ["package.json", "ingress.js"] {
        // Written anew, not copied: the original may be read-only, and its copy would be too.
        std::fs::write(folder.join(name), std::fs::read(source.join(name))?)?;
    }
    if !folder.join("node_modules").exists() {
        println!("installing the packages of the Node baseline …");
        let done = Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .status()
            .context("npm is not there")?;
        ensure!(done.success(), "npm could not install the packages");
    }
    Ok(folder)
}
