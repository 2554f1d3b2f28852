//! The connections of a process: how many there may be in total and for one address.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::origin::household;

/// The most connections, even if the system allows more: a thousand pages that follow three
/// nodes each, with one request to each, and a quarter more.
const MAX_CONNECTIONS: usize = 8_192;

/// Fewer are useless: a browser opens six at once to a node.
const MIN_CONNECTIONS: usize = 16;

/// Open files that a process has besides its nodes: the standard streams, the pipe of its
/// signals, a file that it reads at the start, and a reserve.
const FILES_OF_PROCESS: usize = 24;

/// Open files of each node: two sockets, three of its chain, three of the server's runtime,
/// a connection that is being refused, and a reserve.
const FILES_OF_NODE: usize = 16;

/// The connections that all nodes of a process share. Clones are the same pool.
///
/// While more than three quarters of the places are taken, an address that has more than a
/// quarter of them gets no more: one client alone cannot lock out the others, and a class
/// behind one router has room.
#[derive(Clone, Debug)]
pub struct Pool {
    size: usize,
    /// How many places each address has; addresses without any are not listed.
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A place in a pool, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    pool: Pool,
    owner: IpAddr,
}

impl Pool {
    /// A pool of this many places.
    pub fn new(size: usize) -> Pool {
        Pool { size, taken: Arc::default() }
    }

    /// A pool for a process with this many nodes. Raises the process's soft limit of open
    /// files as far as useful; the pool gets what the nodes leave.
    ///
    /// # Errors
    /// If the limit cannot be read, or leaves next to nothing.
    pub fn of_process(nodes: usize) -> io::Result<Pool> {
        let needed = FILES_OF_PROCESS + nodes * FILES_OF_NODE;
        let limit = rlimit::increase_nofile_limit((needed + MAX_CONNECTIONS) as u64)?;
        let left = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(needed);
        if left < MIN_CONNECTIONS {
            let least = needed + MIN_CONNECTIONS;
            return Err(io::Error::new(
                ErrorKind::QuotaExceeded,
                format!("{limit} open files are allowed and {least} needed: try ulimit -n {least}"),
            ));
        }
        Ok(Pool::new(left.min(MAX_CONNECTIONS)))
    }

    /// A place for a connection from this address, if it can have one.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let owner = household(address);
        let mut taken = self.lock();
        let all: usize = taken.values().sum();
        let own = taken.get(&owner).copied().unwrap_or(0);
        let is_greedy = 4 * all > 3 * self.size && 4 * own > self.size;
        if all >= self.size || is_greedy {
            return None;
        }
        taken.insert(owner, own + 1);
        Some(Place { pool: self.clone(), owner })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // A panic under this lock leaves nothing half done.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.pool.lock();
        let own = taken.get_mut(&self.owner).expect("this place is among them");
        *own -= 1;
        if *own == 0 {
            taken.remove(&self.owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    /// Takes places for this address until there are none.
    fn fill(pool: &Pool, address: IpAddr) -> Vec<Place> {
        std::iter::from_fn(|| pool.take(address)).collect()
    }

    #[test]
    fn one_address_alone_fills_three_quarters_and_another_has_the_rest() {
        let pool = Pool::new(100);
        let alices = fill(&pool, ALICE);
        assert_eq!(alices.len(), 76, "the last is taken at three quarters");
        assert_eq!(fill(&pool.clone(), BOB).len(), 24, "a clone is the same pool");
        assert_eq!(pool.lock().get(&BOB), None, "what is dropped is free again");
        drop(alices);
        assert_eq!(fill(&pool, BOB).len(), 76);
    }

    #[test]
    fn an_address_with_a_quarter_or_less_is_let_in_to_the_last_place() {
        let pool = Pool::new(100);
        let alices: Vec<_> = fill(&pool, ALICE).into_iter().take(75).collect();
        assert_eq!(fill(&pool, BOB).len(), 25);
        assert_eq!(alices.len(), 75);
    }

    #[test]
    fn a_full_pool_is_full_for_all() {
        let pool = Pool::new(4);
        let places = [fill(&pool, ALICE), fill(&pool, BOB)];
        assert_eq!(places.each_ref().map(Vec::len), [4, 0]);
        assert!(pool.take(BOB).is_none());
    }
}
