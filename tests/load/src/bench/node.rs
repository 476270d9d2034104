//! The Node services that Waypost replaces, if they and node are there, and the ingress against theirs.

use std::net::SocketAddr;
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

/// What the replaced services need to run.
pub(super) struct Baseline {
    folder: PathBuf,
}

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let baseline = match Baseline::find() {
        Ok(baseline) => baseline,
        Err(why) => {
            println!("ingress_vs_node left out: {why:#}");
            return Ok(());
        }
    };
    let stack = Stack::start().await?;
    let corpus = requests(&webhooks(20_000, 1), "/webhook");
    let (node, node_at) = baseline.ingress(&stack).await?;
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

impl Baseline {
    /// Copies the baseline into the target folder and installs its packages there.
    pub(super) fn find() -> Result<Self> {
        let source = std::env::var_os(VARIABLE).map_or_else(beside_the_checkout, PathBuf::from);
        ensure!(
            source.join("ingress.js").exists(),
            "there is no baseline (name its folder in {VARIABLE})"
        );
        let program = std::env::current_exe()?;
        let target = program.ancestors().nth(2).context("target folder")?;
        let folder = target.join("node-baseline");
        std::fs::create_dir_all(&folder)?;
        for name in ["package.json", "ingress.js", "worker.js"] {
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
        Ok(Self { folder })
    }

    /// Their webhook route, with the promises of ours: the signature is checked, the job is in Redis before the answer.
    pub(super) async fn ingress(&self, stack: &Stack) -> Result<(Program, SocketAddr)> {
        let settings = [
            ("APP_SECRET", SECRET.to_owned()),
            ("VERIFY", "1".to_owned()),
            ("AFTER", "1".to_owned()),
        ];
        self.start("ingress.js", "PORT", stack, &settings).await
    }

    /// Their worker, and where its Socket.IO server listens.
    pub(super) async fn worker(
        &self,
        stack: &Stack,
        database: &str,
    ) -> Result<(Program, SocketAddr)> {
        let settings = [("DATABASE_URL", database.to_owned())];
        self.start("worker.js", "SOCKET_PORT", stack, &settings)
            .await
    }

    async fn start(
        &self,
        script: &str,
        port: &str,
        stack: &Stack,
        settings: &[(&str, String)],
    ) -> Result<(Program, SocketAddr)> {
        let at = local(free_port()?);
        let mut environment = settings.to_vec();
        environment.push((port, at.port().to_string()));
        environment.push(("REDIS_PORT", stack.redis.port().to_string()));
        let script = self.folder.join(script);
        let mut node = Program::start(
            Path::new("node"),
            &[&script.to_string_lossy()],
            &environment,
        )?;
        node.listening(at).await?;
        Ok((node, at))
    }
}

fn beside_the_checkout() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let parent = package.ancestors().nth(3).unwrap_or(package);
    ["shared", "bench", "node-baseline"]
        .iter()
        .fold(parent.to_owned(), |path, name| path.join(name))
}
