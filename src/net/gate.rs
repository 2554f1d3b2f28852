//! The limits on handshakes: they are counted before any work is done for them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::group::is_own_machine;

/// How many connections and handshakes are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections from one address, other than this machine's own, and handshakes a second
    /// from it.
    pub per_address: usize,
    /// Handshakes a second.
    pub handshakes: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { per_address: 4, handshakes: 50 }
    }
}

/// Why a handshake is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All connections are taken.
    Total,
    /// All connections for this address are taken, or it has begun as many handshakes this
    /// second as it may.
    Address,
    /// There were as many handshakes this second as there may be.
    Handshakes,
}

impl Full {
    /// The name of the refusal, by which handshakes are counted.
    pub fn name(self) -> &'static str {
        match self {
            Full::Total => "full",
            Full::Address => "full-address",
            Full::Handshakes => "full-second",
        }
    }
}

/// Counts the connections and handshakes by their addresses.
#[derive(Clone, Debug)]
pub struct Gate {
    limits: Limits,
    /// The most connections inside.
    most: usize,
    inside: Counts,
    /// The second that is counted, and its handshakes.
    second: (u64, Counts),
}

/// The number for each address.
type Counts = BTreeMap<IpAddr, usize>;

impl Gate {
    /// Nobody is inside yet. There may be more inside than `connections`, by the handshakes
    /// of a second: a newcomer must say who it is before it can take another's place.
    pub fn new(limits: Limits, connections: usize) -> Gate {
        let most = connections.saturating_add(limits.handshakes as usize);
        Gate { limits, most, inside: Counts::new(), second: (0, Counts::new()) }
    }

    /// Lets a handshake begin. It holds its place until [`Gate::leave`].
    ///
    /// # Errors
    /// Why it is turned away.
    pub fn enter(&mut self, now: Duration, address: IpAddr) -> Result<(), Full> {
        let Limits { per_address, handshakes } = self.limits;
        let is_own = is_own_machine(address);
        let address = holder(address);
        if self.second.0 != now.as_secs() {
            self.second = (now.as_secs(), Counts::new());
        }
        let (inside, begun) = (&mut self.inside, &mut self.second.1);
        if inside.values().sum::<usize>() >= self.most {
            return Err(Full::Total);
        }
        let most = inside.get(&address).max(begun.get(&address)).copied().unwrap_or(0);
        if most >= per_address && !is_own {
            return Err(Full::Address);
        }
        if begun.values().sum::<usize>() >= handshakes as usize {
            return Err(Full::Handshakes);
        }
        *begun.entry(address).or_insert(0) += 1;
        *inside.entry(address).or_insert(0) += 1;
        Ok(())
    }

    /// A connection from this address has ended.
    pub fn leave(&mut self, address: IpAddr) {
        let address = holder(address);
        let here = self.inside.get(&address).copied().unwrap_or(0);
        match here {
            0 | 1 => drop(self.inside.remove(&address)),
            more => drop(self.inside.insert(address, more - 1)),
        }
    }
}

/// The unit that counts as one address: for IPv6 a whole /64, as one customer has at least
/// that many.
fn holder(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            Ipv6Addr::from_bits(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { per_address: 2, handshakes: 100 };

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let mut gate = Gate::new(LIMITS, 6);
        assert_eq!(gate.enter(seconds(0), address(1)), Ok(()));
        assert_eq!(gate.enter(seconds(0), address(1)), Ok(()));
        assert_eq!(gate.enter(seconds(1), address(1)), Err(Full::Address));
        assert_eq!(gate.enter(seconds(1), address(2)), Ok(()));
        gate.leave(address(1));
        assert_eq!(gate.enter(seconds(1), address(1)), Ok(()));
    }

    #[test]
    fn of_ipv6_a_64_is_one_address() {
        let mut gate = Gate::new(LIMITS, 6);
        let of = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(gate.enter(seconds(0), of("2001:db8::1")), Ok(()));
        assert_eq!(gate.enter(seconds(0), of("2001:db8::ffff:1")), Ok(()));
        assert_eq!(gate.enter(seconds(1), of("2001:db8::2")), Err(Full::Address));
        assert_eq!(gate.enter(seconds(1), of("2001:db8:0:1::1")), Ok(()));
        gate.leave(of("2001:db8::7"));
        assert_eq!(gate.enter(seconds(1), of("2001:db8::2")), Ok(()));
    }

    #[test]
    fn this_machine_has_no_share_but_counts_in_all() {
        let mut gate = Gate::new(Limits { handshakes: 5, ..LIMITS }, 4);
        let loopback = IpAddr::from([127, 0, 0, 1]);
        for number in 0..9 {
            assert_eq!(gate.enter(seconds(number), loopback), Ok(()));
        }
        assert_eq!(gate.enter(seconds(9), loopback), Err(Full::Total));
        assert_eq!(gate.enter(seconds(9), address(1)), Err(Full::Total));
    }

    #[test]
    fn handshakes_are_counted_by_the_second_also_of_those_who_left() {
        let mut gate = Gate::new(Limits { handshakes: 3, ..LIMITS }, 6);
        for _ in 0..2 {
            assert_eq!(gate.enter(seconds(0), address(1)), Ok(()));
            gate.leave(address(1));
        }
        assert_eq!(gate.enter(seconds(0), address(1)), Err(Full::Address), "others need some");
        assert_eq!(gate.enter(seconds(0), address(2)), Ok(()));
        assert_eq!(gate.enter(seconds(0), address(3)), Err(Full::Handshakes));
        assert_eq!(gate.enter(seconds(1), address(1)), Ok(()));
    }
}
