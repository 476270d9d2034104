//! Whom failures are counted against.

use std::net::{IpAddr, Ipv4Addr};

/// An address as far as one party has it for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// A call from inside this process.
    Unknown,
    V4(Ipv4Addr),
    /// The first 64 bits: the rest is the customer's to vary at will.
    V6([u16; 4]),
}

impl Origin {
    /// `address` must be canonical: all of IPv4 is in one /64 of IPv6.
    pub(super) fn of(address: Option<IpAddr>) -> Self {
        match address {
            None => Self::Unknown,
            Some(IpAddr::V4(address)) => Self::V4(address),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one() {
        let of = |text: &str| Origin::of(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_ne!(of("::1"), Origin::of(None));
    }
}
