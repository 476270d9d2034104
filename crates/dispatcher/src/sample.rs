//! Figures of numbers that only Redis knows, read now and then: rate, circuit breaker, stops.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;
use waypost_queue::{LaneSettings, NumberStats, QueueError};
use waypost_telemetry::metrics::dispatcher;
use waypost_telemetry::metrics::label::Number;

use crate::context::Context;

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// Numbers looked at; metrics have no room for more.
const MOST: usize = 1_000;

/// Numbers that had a turn here.
#[derive(Default)]
pub(crate) struct Served(RwLock<HashSet<String>>);

impl Served {
    /// It has one now.
    pub(crate) fn note(&self, phone_number_id: &str) {
        let served = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if served.contains(phone_number_id) || served.len() >= MOST {
            return;
        }
        drop(served);
        let mut served = self.0.write().unwrap_or_else(PoisonError::into_inner);
        served.insert(phone_number_id.to_owned());
    }

    fn all(&self) -> HashSet<String> {
        let served = self.0.read().unwrap_or_else(PoisonError::into_inner);
        served.clone()
    }
}

/// Runs until the process stops.
pub(crate) async fn sample(context: Arc<Context>, lanes: LaneSettings) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rates = Rates::new(&lanes);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = context.stopping.cancelled() => return,
        }
        // Those who take and settle complain already.
        if let Err(error) = look(&context, &mut rates).await {
            tracing::debug!("figures of numbers: {error}");
        }
    }
}

async fn look(context: &Context, rates: &mut Rates) -> Result<(), QueueError> {
    let mut wanted = context.served.all();
    wanted.extend(context.outbox.halted(MOST).await?);
    let wanted: Vec<String> = wanted.into_iter().collect();
    let mut stopped = 0_u32;
    for stats in context.outbox.numbers_of(&wanted).await? {
        stopped += u32::from(stats.stop.is_some());
        let number = Number::of(&stats.phone_number_id);
        // Several would share that one.
        if number == Number::OTHER {
            continue;
        }
        dispatcher::BREAKER_STATE.of(number).set(breaker(&stats));
        let level = dispatcher::LIMITER_RATE.of(number);
        match rates.of(&stats, Instant::now()) {
            Some(rate) => level.set(rate),
            None => level.unset(),
        }
    }
    dispatcher::NUMBERS_STOPPED.set(f64::from(stopped));
    Ok(())
}

fn breaker(stats: &NumberStats) -> f64 {
    match stats.breaker.as_deref() {
        None => 0.0,
        Some("probing") => 1.0,
        Some(_) => 2.0,
    }
}

/// What rates are by now. Redis notes how far one has climbed only when its number has a turn.
struct Rates {
    limit: f64,
    climb: f64,
    /// A lowered rate, and since when that is what Redis says.
    lowered: HashMap<String, (f64, Instant)>,
}

impl Rates {
    fn new(lanes: &LaneSettings) -> Self {
        Self {
            limit: lanes.number_limit,
            climb: lanes.climb,
            lowered: HashMap::new(),
        }
    }

    /// `None` while there is no limit.
    fn of(&mut self, stats: &NumberStats, now: Instant) -> Option<f64> {
        let limit = stats.limit.unwrap_or(self.limit);
        let id = &stats.phone_number_id;
        let Some(rate) = stats.lowered_rate.filter(|_| limit > 0.0) else {
            self.lowered.remove(id);
            return Some(limit).filter(|limit| *limit > 0.0);
        };
        let noted = self.lowered.entry(id.clone()).or_insert((rate, now));
        if noted.0 != rate {
            *noted = (rate, now);
        }
        let climbed = limit * self.climb * now.duration_since(noted.1).as_secs_f64();
        Some((rate + climbed).min(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(limit: Option<f64>, lowered_rate: Option<f64>) -> NumberStats {
        NumberStats {
            phone_number_id: "1".to_owned(),
            limit,
            lowered_rate,
            ..NumberStats::default()
        }
    }

    #[test]
    fn a_lowered_rate_climbs_while_nobody_looks() {
        let mut rates = Rates::new(&LaneSettings::default());
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(rates.of(&stats(None, None), now), Some(80.0));
        let lowered = stats(Some(100.0), Some(50.0));
        assert_eq!(rates.of(&lowered, now), Some(50.0));
        assert_eq!(rates.of(&lowered, after(5)), Some(60.0));
        assert_eq!(rates.of(&lowered, after(60)), Some(100.0));
        let again = stats(Some(100.0), Some(25.0));
        assert_eq!(rates.of(&again, after(60)), Some(25.0));
    }

    #[test]
    fn without_a_limit_there_is_no_rate() {
        let mut rates = Rates::new(&LaneSettings::default());
        let now = Instant::now();
        assert_eq!(rates.of(&stats(Some(0.0), Some(5.0)), now), None);
    }

    #[test]
    fn a_breaker_is_closed_half_open_or_open() {
        let state = |word: Option<&str>| {
            breaker(&NumberStats {
                breaker: word.map(str::to_owned),
                ..stats(None, None)
            })
        };
        let states = [None, Some("probing"), Some("open")].map(state);
        assert_eq!(states, [0.0, 1.0, 2.0]);
    }

    #[test]
    fn only_so_many_numbers_are_remembered() {
        let served = Served::default();
        (0..2 * MOST).for_each(|i| served.note(&i.to_string()));
        served.note("0");
        assert_eq!(served.all().len(), MOST);
    }
}
