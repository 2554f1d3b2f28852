//! Groups of addresses.
//!
//! The addresses of one group probably have one owner, who can get more of them at little
//! cost. So connections are spread over groups.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Addresses that probably have one owner: a /16 of IPv4 or a /32 of IPv6, as in Bitcoin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group([u8; 5]);

/// The group of an address.
pub fn group(address: IpAddr) -> Group {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            Group([4, a, b, 0, 0])
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.octets();
            Group([6, a, b, c, d])
        }
    }
}

/// Whether an address belongs to this machine. The limits per address do not apply there,
/// as a whole network may run on it.
pub fn is_own_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Whether a node can listen at this address at all.
pub fn is_dialable(address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    let is_of_many = ip.is_multicast() || ip == Ipv4Addr::BROADCAST;
    address.port() != 0 && !ip.is_unspecified() && !is_of_many
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Group {
        group(text.parse().expect("an address"))
    }

    #[test]
    fn a_group_is_a_16_of_ipv4_and_a_32_of_ipv6() {
        assert_eq!(of("192.0.2.1"), of("192.0.99.7"));
        assert_ne!(of("192.0.2.1"), of("192.1.2.1"));
        assert_eq!(of("2001:db8::1"), of("2001:db8:ffff::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db9::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn an_address_of_none_or_of_many_cannot_be_dialled() {
        for text in ["0.0.0.0:1", "[::]:1", "192.0.2.1:0", "255.255.255.255:1", "239.1.2.3:1"] {
            assert!(!is_dialable(text.parse().expect("an address")), "{text}");
        }
        assert!(is_dialable("192.0.2.1:1".parse().expect("an address")));
    }
}
