//! What the system knows of this process. Nothing is shown where it does not say.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime};

use super::catalog::common;

/// The first look at the clock, made when telemetry starts: near enough to the start of the process.
static STARTED: LazyLock<(Instant, SystemTime)> =
    LazyLock::new(|| (Instant::now(), SystemTime::now()));

/// Begins to count how long the process has been running.
pub(crate) fn started() -> SystemTime {
    STARTED.1
}

pub(super) fn look() {
    common::UP.set(STARTED.0.elapsed().as_secs_f64());
    if let Some(bytes) = resident() {
        common::RESIDENT_MEMORY.set(bytes);
    }
    if let Some(seconds) = cpu() {
        common::CPU.set(seconds);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        // One of them is the folder that is being read.
        common::OPEN_FDS.set(open.count().saturating_sub(1) as f64);
    }
    if let Some(most) = max_fds() {
        common::MAX_FDS.set(most);
    }
}

fn resident() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes: f64 = after(&text, "VmRSS:")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn max_fds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/limits").ok()?;
    match after(&text, "Max open files")? {
        "unlimited" => Some(f64::INFINITY),
        number => number.parse().ok(),
    }
}

/// The first word behind a name at the beginning of a line.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()
}

#[cfg(unix)]
fn cpu() -> Option<f64> {
    use rustix::time::{ClockId, clock_gettime};
    let used = clock_gettime(ClockId::ProcessCPUTime);
    Some(used.tv_sec as f64 + used.tv_nsec as f64 / 1e9)
}

#[cfg(not(unix))]
fn cpu() -> Option<f64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_behind_their_name() {
        let text =
            "Name:\twaypost\nVmRSS:\t    5120 kB\nMax open files            1024   4096   files\n";
        assert_eq!(after(text, "VmRSS:"), Some("5120"));
        assert_eq!(after(text, "Max open files"), Some("1024"));
        assert_eq!(after(text, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_says_what_we_use() {
        look();
        assert!(common::RESIDENT_MEMORY.of(()).get().unwrap() > 100_000.0);
        let held = std::fs::File::open("/proc/self/stat").unwrap();
        look();
        assert!(common::OPEN_FDS.of(()).get().unwrap() >= 3.0);
        assert!(common::MAX_FDS.of(()).get().unwrap() >= 64.0);
        assert!(common::CPU.of(()).get().unwrap() > 0.0);
        drop(held);
    }
}
