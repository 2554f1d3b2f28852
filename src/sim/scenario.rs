//! What to simulate.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::faults::{Faults, Partition};
use crate::target::Target;

/// One hash in 64 meets this target, so that a turn can be a single nonce.
pub const TARGET: Target = Target::from_zero_bits(6);

/// The wall clock at the start of every simulation, in Unix seconds.
pub const EPOCH: u32 = 1_700_000_000;

/// The part at the end of a simulation without faults: a quarter.
pub(super) const CALM_PART: u32 = 4;

/// When the network is split for the first time.
pub(super) const PARTITION_BEGINS: Duration = Duration::from_secs(60);

/// How long after the last fault all nodes must have agreed at least once. A block comes
/// about every ten seconds, a peer that seemed to stall is asked again after ten, and one
/// that seemed to lie after some minutes at the latest.
pub const AGREEMENT_BOUND: Duration = Duration::from_secs(10 * 60);

/// What to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The seed of all chance.
    pub seed: u64,
    /// The number of honest nodes.
    pub nodes: usize,
    /// The length, in virtual time.
    pub duration: Duration,
    /// What goes wrong.
    pub faults: Faults,
}

impl Scenario {
    /// Seven nodes, an hour, and every kind of fault, each as strong as the seed decides.
    pub fn campaign(seed: u64) -> Scenario {
        let faults = Faults::drawn(&mut ChaCha8Rng::seed_from_u64(seed));
        Scenario { seed, nodes: 7, duration: Duration::from_secs(60 * 60), faults }
    }

    /// The longest that [`Partition::Halves`] can last: it begins after a minute,
    /// and must be over before the last quarter of the time.
    pub fn max_partition(&self) -> Duration {
        (self.duration - self.duration / CALM_PART).saturating_sub(PARTITION_BEGINS)
    }

    /// When the faults end: before the last quarter of the time or, if a partition is the
    /// only fault, as soon as that has ended.
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

    /// A network without an end and without faults, except those of orders.
    pub fn endless(seed: u64, nodes: usize) -> Scenario {
        Scenario { seed, nodes, duration: Duration::MAX, faults: Faults::default() }
    }
}
