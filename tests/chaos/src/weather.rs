use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Chooses moments. Its seed is shown when the test fails; the moment itself still depends on the machine.
#[derive(Debug)]
pub struct Weather {
    seed: u64,
    dice: StdRng,
}

impl Weather {
    /// Weather that nobody has seen yet.
    pub fn new() -> Self {
        let seed = rand::random();
        Self {
            seed,
            dice: StdRng::seed_from_u64(seed),
        }
    }

    /// Waits for a while between these two. Not to give anything time to happen: what is under test is that the moment
    /// does not matter.
    pub async fn pass(&mut self, from_ms: u64, to_ms: u64) {
        let pause = self.dice.random_range(from_ms..=to_ms);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    /// A number below `limit`.
    pub fn pick(&mut self, limit: usize) -> usize {
        self.dice.random_range(0..limit)
    }
}

impl Default for Weather {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Weather {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed of the weather: {}", self.seed);
        }
    }
}
