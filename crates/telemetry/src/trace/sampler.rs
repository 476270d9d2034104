//! Which traces are kept: a hash of the id against the ratio, so that whoever has the id comes to the same decision.

/// The part of all traces that is sampled, as a bound for hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampler(Option<u64>);

impl Sampler {
    pub(super) fn new(ratio: f64) -> Self {
        match ratio {
            all if all >= 1.0 => Self(None),
            // Saturates at both ends, and not a number is nothing.
            part => Self(Some((part * u64::MAX as f64) as u64)),
        }
    }

    pub(super) fn takes(self, trace: u128) -> bool {
        let (high, low) = ((trace >> 64) as u64, trace as u64);
        // Ids of one millisecond share their high bits and count up in the middle ones, so all bits have to be mixed.
        self.0
            .is_none_or(|bound| mix(high ^ low.rotate_left(32)) < bound)
    }
}

/// The finaliser of MurmurHash3, with the constants of David Stafford's variant 13: every bit depends on every other.
/// Other versions of Waypost in the same cluster must agree, so it is never to be changed.
pub(super) const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_ratio_holds_within_a_burst_of_ids() {
        let ids: Vec<u128> = (0..20_000).map(|_| Uuid::now_v7().as_u128()).collect();
        for ratio in [0.0, 0.01, 0.25, 1.0] {
            let sampler = Sampler::new(ratio);
            let taken = ids.iter().filter(|id| sampler.takes(**id)).count() as f64;
            let wanted = ratio * ids.len() as f64;
            // Five standard deviations.
            let slack = 5.0 * (wanted * (1.0 - ratio)).sqrt();
            assert!((taken - wanted).abs() <= slack, "{taken} of {wanted}");
        }
    }

    #[test]
    fn a_higher_ratio_takes_all_that_a_lower_one_does() {
        let (few, many) = (Sampler::new(0.1), Sampler::new(0.3));
        for _ in 0..1000 {
            let id = Uuid::now_v7().as_u128();
            assert!(!few.takes(id) || many.takes(id));
        }
    }

    #[test]
    fn the_decision_never_changes() {
        let id = "0193614f-7b2c-7d1e-8f00-123456789abc".parse::<Uuid>();
        let hash = mix({
            let (high, low) = id.unwrap().as_u64_pair();
            high ^ low.rotate_left(32)
        });
        assert_eq!(
            hash, 0xeb9a_ed31_2570_62d1,
            "another hash breaks up traces while versions are mixed"
        );
    }
}
