//! Who may begin a handshake: counted before any of its work is done.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::group::is_own_machine;

/// How much is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all.
    pub total: usize,
    /// Connections from one address, other than this machine's own.
    pub per_address: usize,
    /// Handshakes in a second.
    pub handshakes: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { total: 125, per_address: 4, handshakes: 50 }
    }
}

/// Why somebody is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// There are as many connections as there may be.
    Total,
    /// There are as many from this address as there may be from one.
    Address,
    /// There have been as many handshakes this second as there may be.
    Handshakes,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Full::Total => "all connections are taken",
            Full::Address => "all connections for its address are taken",
            Full::Handshakes => "too many handshakes this second",
        })
    }
}

/// Counts those who came in, by their addresses.
#[derive(Clone, Debug)]
pub struct Gate {
    limits: Limits,
    inside: BTreeMap<IpAddr, usize>,
    /// The second that is counted, and the handshakes in it.
    second: (u64, u32),
}

impl Gate {
    /// Nobody is inside yet.
    pub fn new(limits: Limits) -> Gate {
        Gate { limits, inside: BTreeMap::new(), second: (0, 0) }
    }

    /// Lets somebody begin a handshake. The place is theirs until [`Gate::leave`].
    ///
    /// # Errors
    /// Why not.
    pub fn enter(&mut self, now: Duration, address: IpAddr) -> Result<(), Full> {
        let address = address.to_canonical();
        if self.inside.values().sum::<usize>() >= self.limits.total {
            return Err(Full::Total);
        }
        let here = self.inside.get(&address).copied().unwrap_or(0);
        if here >= self.limits.per_address && !is_own_machine(address) {
            return Err(Full::Address);
        }
        if self.second.0 != now.as_secs() {
            self.second = (now.as_secs(), 0);
        }
        if self.second.1 >= self.limits.handshakes {
            return Err(Full::Handshakes);
        }
        self.second.1 += 1;
        self.inside.insert(address, here + 1);
        Ok(())
    }

    /// Somebody from this address has gone.
    pub fn leave(&mut self, address: IpAddr) {
        let address = address.to_canonical();
        let here = self.inside.get(&address).copied().unwrap_or(0);
        match here {
            0 | 1 => drop(self.inside.remove(&address)),
            more => drop(self.inside.insert(address, more - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { total: 6, per_address: 2, handshakes: 100 };

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let mut gate = Gate::new(LIMITS);
        let now = Duration::ZERO;
        assert_eq!(gate.enter(now, address(1)), Ok(()));
        assert_eq!(gate.enter(now, address(1)), Ok(()));
        assert_eq!(gate.enter(now, address(1)), Err(Full::Address));
        assert_eq!(gate.enter(now, address(2)), Ok(()));
        gate.leave(address(1));
        assert_eq!(gate.enter(now, address(1)), Ok(()));
    }

    #[test]
    fn this_machine_has_no_share_but_counts_in_all() {
        let mut gate = Gate::new(LIMITS);
        let loopback = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..6 {
            assert_eq!(gate.enter(Duration::ZERO, loopback), Ok(()));
        }
        assert_eq!(gate.enter(Duration::ZERO, loopback), Err(Full::Total));
        assert_eq!(gate.enter(Duration::ZERO, address(1)), Err(Full::Total));
    }

    #[test]
    fn handshakes_are_counted_by_the_second_also_of_those_who_left() {
        let mut gate = Gate::new(Limits { handshakes: 2, ..LIMITS });
        for _ in 0..2 {
            assert_eq!(gate.enter(Duration::ZERO, address(1)), Ok(()));
            gate.leave(address(1));
        }
        assert_eq!(gate.enter(Duration::ZERO, address(2)), Err(Full::Handshakes));
        assert_eq!(gate.enter(Duration::from_secs(1), address(2)), Ok(()));
    }
}
