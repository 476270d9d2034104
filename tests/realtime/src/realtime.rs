use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

use waypost_harness::{Process, Services};
use waypost_local::port_is_free;

use crate::Dial;

const PROGRAM: &str = "waypost-realtime";

/// A realtime service as a process, which comes back on the same port. Killed when this value is dropped.
#[derive(Debug)]
pub struct Realtime {
    /// The process, to signal and look at.
    pub process: Process,
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where tokens are issued, when there is a file of keys.
    pub tokens: SocketAddr,
    admin: SocketAddr,
    environment: Vec<(String, String)>,
}

impl Realtime {
    /// Starts one and waits until it is ready.
    ///
    /// # Panics
    /// When it cannot be built or started, or does not become ready.
    pub async fn start(services: &Services) -> Self {
        // Somebody may take a port before it does; then there are others.
        for _ in 0..3 {
            let [address, tokens, admin] = [steady_port(), steady_port(), steady_port()]
                .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
            let services = services
                .clone()
                .with("realtime.listen", address.to_string())
                .with("realtime.tokens_listen", tokens.to_string())
                .with("admin.listen", admin.to_string());
            let environment = services.environment();
            let mut process = spawn(&environment);
            if process.try_ready(admin).await.is_ok() {
                return Self {
                    process,
                    address,
                    tokens,
                    admin,
                    environment,
                };
            }
            let log = process.log();
            assert!(log.contains("cannot listen"), "{PROGRAM} ended:\n{log}");
        }
        panic!("no port was free for {PROGRAM}, three times");
    }

    /// Kills it (SIGKILL), as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(&mut self) {
        self.process.kill9().await;
    }

    /// Asks it to end (SIGTERM) and waits for that; it must end well.
    ///
    /// # Panics
    /// When it does not end in time, or with an error.
    pub async fn drain(&mut self) {
        self.process.sigterm();
        let status = self.process.wait().await;
        assert!(status.success(), "{status}\n{}", self.process.log());
    }

    /// Starts it again where it was, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_again(&mut self) {
        self.process = spawn(&self.environment);
        self.process.ready(self.admin).await;
    }

    /// How to connect with a token.
    pub fn dial(&self, token: impl Into<String>) -> Dial {
        Dial::to(self.address, token)
    }

    /// Memory that it takes at the moment, in bytes.
    ///
    /// # Panics
    /// When there is no Linux to say so.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid()));
        let status = status.expect("what Linux says of a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        1024 * kib.and_then(|kib| kib.parse::<u64>().ok()).expect("VmRSS")
    }
}

fn spawn(environment: &[(String, String)]) -> Process {
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    Process::spawn(PROGRAM, &[], &environment)
}

/// A free port that stays so while nobody listens: below those that the kernel gives to outgoing connections, such as those of
/// clients that try again and again until the service is back.
///
/// # Panics
/// When there is none.
pub fn steady_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test processes that run side by side begin at different places.
    let offset = (std::process::id() as u16).wrapping_mul(97) % COUNT;
    let ports = std::iter::from_fn(|| {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        Some(FIRST + (offset + next) % COUNT)
    });
    let mut ports = ports.take(usize::from(COUNT));
    ports.find(|&port| port_is_free(port)).expect("a free port")
}
