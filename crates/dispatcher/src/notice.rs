//! What somebody should look at is told once a minute, and not for each of a hundred thousand messages.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the same trouble of the same number is not told again.
const QUIET: Duration = Duration::from_secs(60);
/// Troubles remembered; beyond, those are forgotten that may be told again.
const MOST: usize = 10_000;

/// When each number's trouble was told last.
#[derive(Default)]
pub(crate) struct Notices {
    told: Mutex<HashMap<(String, i64), Instant>>,
}

impl Notices {
    /// Whether it is to be told now; then it counts as told.
    pub(crate) fn is_due(&self, phone_number_id: &str, code: i64) -> bool {
        self.is_due_at(phone_number_id, code, Instant::now())
    }

    fn is_due_at(&self, phone_number_id: &str, code: i64, now: Instant) -> bool {
        let is_over = |at: &Instant| now.saturating_duration_since(*at) >= QUIET;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (phone_number_id.to_owned(), code);
        if told.get(&key).is_some_and(|at| !is_over(at)) {
            return false;
        }
        if told.len() >= MOST {
            told.retain(|_, at| !is_over(at));
        }
        told.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_minute_for_each_number_and_code() {
        let (notices, now) = (Notices::default(), Instant::now());
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(notices.is_due_at("1", 190, now));
        assert!(!notices.is_due_at("1", 190, after(59)));
        assert!(notices.is_due_at("2", 190, after(59)));
        assert!(notices.is_due_at("1", 10, after(59)));
        assert!(notices.is_due_at("1", 190, after(60)));
        assert!(!notices.is_due_at("1", 190, after(61)));
    }
}
