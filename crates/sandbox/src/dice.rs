//! Chance that is the same everywhere and for ever.
//!
//! SplitMix64 (Steele, Lea, Flood 2014), in a few lines of our own: the generators of a library may change with its
//! version, and then an old seed would no longer show the old failure.

use std::ops::Range;
use std::time::Duration;

/// A seeded generator. Not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 when there is none. The bias of the remainder does not matter here.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        match limit as u64 {
            0 => 0,
            limit => (self.next() % limit) as usize,
        }
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        // 53 bits, as many as an f64 has.
        ((self.next() >> 11) as f64) < share * (1u64 << 53) as f64
    }

    /// A time of this range; its beginning when it is empty.
    pub(crate) fn between(&mut self, range: &Range<Duration>) -> Duration {
        let span = range.end.saturating_sub(range.start);
        match u64::try_from(span.as_nanos()).unwrap_or(u64::MAX) {
            0 => range.start,
            span => range.start + Duration::from_nanos(self.next() % span),
        }
    }

    /// Fisher and Yates.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T], otherwise: T) -> T {
        let at = self.below(items.len());
        items.get(at).copied().unwrap_or(otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_published_sequence() {
        let mut dice = Dice::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| dice.next()).collect();
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(first, published);
    }

    #[test]
    fn shares_and_limits_hold() {
        let mut dice = Dice::new(1);
        let hits = (0..10_000).filter(|_| dice.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| dice.below(7) < 7));
        assert!((0..1_000).all(|_| !dice.chance(0.0)) && (0..1_000).all(|_| dice.chance(1.0)));
    }
}
