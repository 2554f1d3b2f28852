//! What to simulate.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::faults::{Faults, Partition};
use crate::target::Target;

/// One hash in 64 will do, so that a turn can be a single nonce.
pub const TARGET: Target = Target::from_zero_bits(6);

/// The wall's clock at the start of every simulation, in Unix seconds.
pub const EPOCH: u32 = 1_700_000_000;

/// The part of a simulation, at its end, in which there are no faults: a quarter.
pub(super) const CALM_PART: u32 = 4;

/// When the network is split for the first time.
pub(super) const PARTITION_BEGINS: Duration = Duration::from_secs(60);

/// How long after the last fault all nodes must have agreed at least once. A
/// block comes every ten seconds or so, a peer that seemed to stall is asked
/// again after ten, and one that seemed to lie some minutes later at the worst.
pub const AGREEMENT_BOUND: Duration = Duration::from_secs(10 * 60);

/// What to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What all chance is grown from.
    pub seed: u64,
    /// How many honest nodes there are.
    pub nodes: usize,
    /// For how long, in virtual time.
    pub duration: Duration,
    /// What goes wrong.
    pub faults: Faults,
}

impl Scenario {
    /// Seven nodes, an hour, and every fault there is, each as strong as the
    /// seed draws it.
    pub fn campaign(seed: u64) -> Scenario {
        let faults = Faults::drawn(&mut ChaCha8Rng::seed_from_u64(seed));
        Scenario { seed, nodes: 7, duration: Duration::from_secs(60 * 60), faults }
    }

    /// The longest that [`Partition::Halves`] can last: it begins after a minute,
    /// and must be over before the last quarter of the time.
    pub fn max_partition(&self) -> Duration {
        (self.duration - self.duration / CALM_PART).saturating_sub(PARTITION_BEGINS)
    }

    /// When the faults are over: before the last quarter of the time or, where a
    /// partition is the only one, as soon as that has ended.
    pub(super) fn calm(&self) -> Duration {
        let latest = self.duration - self.duration / CALM_PART;
        let partition = self.faults.partition;
        match partition {
            Some(Partition::Halves(time))
                if self.faults == (Faults { partition, ..Faults::default() }) =>
            {
                latest.min(PARTITION_BEGINS + time)
            }
            _ => latest,
        }
    }

    /// A network in which nothing goes wrong but what orders ask for, and which has no end.
    pub fn endless(seed: u64, nodes: usize) -> Scenario {
        Scenario { seed, nodes, duration: Duration::MAX, faults: Faults::default() }
    }
}
