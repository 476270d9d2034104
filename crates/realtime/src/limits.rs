//! How many connections a token, and an address, may have.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;
use waypost_token::Claims;

/// Counts connections. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    tokens: Counter<Uuid>,
    addresses: Counter<IpAddr>,
}

/// No more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMany {
    #[error("the token has as many connections as it may have; close one or get another token")]
    OfToken,
    #[error("your address has as many connections as it may have")]
    OfAddress,
}

/// A place. Dropping it gives it back.
pub(crate) struct Pass(#[expect(dead_code, reason = "held for its drop")] Box<dyn Send + Sync>);

impl Limits {
    pub(crate) fn new(per_token: usize, per_address: usize) -> Self {
        Self {
            tokens: Counter::new(per_token),
            addresses: Counter::new(per_address),
        }
    }

    /// A connection with this token.
    pub(crate) fn admit_token(&self, claims: &Claims) -> Result<Pass, TooMany> {
        self.tokens.take(claims.id).ok_or(TooMany::OfToken)
    }

    /// A connection from this address.
    pub(crate) fn admit_address(&self, address: IpAddr) -> Result<Pass, TooMany> {
        let network = network(address);
        self.addresses.take(network).ok_or(TooMany::OfAddress)
    }
}

/// Whose an address is: of IPv6 everybody has at least 2^64, so the first half counts.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[derive(Debug)]
struct Counter<K> {
    most: usize,
    counts: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K> Clone for Counter<K> {
    fn clone(&self) -> Self {
        Self {
            most: self.most,
            counts: Arc::clone(&self.counts),
        }
    }
}

impl<K: Copy + Eq + Hash + Send + Sync + 'static> Counter<K> {
    fn new(most: usize) -> Self {
        Self {
            most,
            counts: Arc::default(),
        }
    }

    fn take(&self, key: K) -> Option<Pass> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        let counter = self.clone();
        Some(Pass(Box::new(Taken { counter, key })))
    }
}

struct Taken<K: Copy + Eq + Hash> {
    counter: Counter<K>,
    key: K,
}

impl<K: Copy + Eq + Hash> Drop for Taken<K> {
    fn drop(&mut self) {
        let counts = &self.counter.counts;
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pass")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left_and_nothing_remains() {
        let limits = Limits::new(1, 2);
        let at = |text: &str| limits.admit_address(text.parse().unwrap());
        let first = at("10.0.0.1").unwrap();
        // The same address, as a listener for both families sees it.
        let second = at("::ffff:10.0.0.1").unwrap();
        assert_eq!(at("10.0.0.1").unwrap_err(), TooMany::OfAddress);
        assert!(at("10.0.0.2").is_ok());
        drop(first);
        assert!(at("10.0.0.1").is_ok());
        drop(second);
        assert!(limits.addresses.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn of_ipv6_the_network_counts() {
        let limits = Limits::new(1, 1);
        let _one = limits
            .admit_address("2001:db8::1".parse().unwrap())
            .unwrap();
        assert!(
            limits
                .admit_address("2001:db8::2".parse().unwrap())
                .is_err()
        );
        assert!(
            limits
                .admit_address("2001:db8:0:1::2".parse().unwrap())
                .is_ok()
        );
    }
}
