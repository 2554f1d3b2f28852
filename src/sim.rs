//! A whole network in one thread: the same [`Node`](crate::node::Node) and the same store, under a
//! virtual clock, a faulty network, faulty disks and a hostile peer.
//!
//! Everything that happens follows from the seed: the same seed gives the same
//! steps, byte for byte, on any machine. After every step the world is checked:
//!
//! - *safety*: a node's chain is valid and never gets shorter, and what it has
//!   announced survives its crash;
//! - *liveness*: when the faults are over and mining goes on, all nodes agree
//!   within [`AGREEMENT_BOUND`].
//!
//! Hashing costs next to nothing, as the target is easy and a turn tries a
//! single nonce; blocks come at the real network's rate.

mod sight;
mod faults;
mod report;
mod validity;
mod machine;
mod network;
mod mallory;
mod checks;

pub use self::faults::{Faults, Partition};
pub use self::report::{Counts, Failure, Report};
pub use self::sight::{Sight, Watch};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use self::machine::Host;
use self::mallory::Mallory;
use self::network::Network;
use crate::chain::Chain;
use crate::hash::Hash;
use crate::node::Input;
use crate::peer::PeerName;
use crate::sim_disk::SimDisk;
use crate::target::Target;

/// One hash in 64 will do, so that a turn can be a single nonce.
pub const TARGET: Target = Target::from_zero_bits(6);

/// The wall's clock at the start of every simulation, in Unix seconds.
pub const EPOCH: u32 = 1_700_000_000;

/// The part of a simulation, at its end, in which there are no faults: a quarter.
const CALM_PART: u32 = 4;

/// When the network is split for the first time.
const PARTITION_BEGINS: Duration = Duration::from_secs(60);

/// How long after the last fault all nodes must have agreed at least once. A
/// block comes every ten seconds or so, a peer that seemed to stall is asked
/// again after ten, and one that seemed to lie some minutes later at the worst.
pub const AGREEMENT_BOUND: Duration = Duration::from_secs(10 * 60);

/// First names, as simulated nodes have them.
const NAMES: [&str; 12] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "kim",
    "leo",
];

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
    fn calm(&self) -> Duration {
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

    /// Runs it, and tells `trace` of every step.
    ///
    /// # Errors
    /// What should never happen, and when it did.
    pub fn run<'a>(&'a self, trace: Trace<'a>) -> Result<Report, Failure> {
        self.run_watched(trace, None)
    }

    /// Runs it, tells `trace` of every step, and shows `watch` what the nodes do.
    ///
    /// # Errors
    /// What should never happen, and when it did.
    pub fn run_watched<'a>(
        &'a self,
        trace: Trace<'a>,
        watch: Watch<'a>,
    ) -> Result<Report, Failure> {
        let mut world = World { watch, ..World::new(self, trace) };
        match world.run() {
            Ok(()) => Ok(world.report()),
            Err(what) => Err(Failure { seed: self.seed, time: world.time, what }),
        }
    }
}

/// Who is told of every step, if anybody: a line without its end.
pub type Trace<'a> = Option<&'a mut dyn FnMut(&str)>;

/// What should never happen, in words.
type Check<T = ()> = Result<T, String>;

/// What is going to happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Wake(usize),
    Deliver { to: usize, from: PeerName, bytes: Vec<u8> },
    PartitionBegins,
    PartitionEnds,
    CrashBegins,
    CrashEnds(usize),
    ClockJumps,
    ClockReturns(usize),
    MalloryActs,
    Calm,
}

struct World<'a> {
    scenario: &'a Scenario,
    trace: Trace<'a>,
    watch: Watch<'a>,
    random: ChaCha8Rng,
    time: Duration,
    /// What is going to happen, by time and then in the order it was planned.
    plan: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    planned: u64,
    hosts: Vec<Host>,
    network: Network,
    mallory: Option<Mallory>,
    is_calm: bool,
    counts: Counts,
    /// Every block that was made, and how many at each height.
    made: BTreeMap<usize, Vec<Hash>>,
    /// When all agreed for the first time since the faults are over.
    agreed: Option<Duration>,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario, trace: Trace<'a>) -> World<'a> {
        let mut random = ChaCha8Rng::seed_from_u64(scenario.seed);
        random.set_stream(1);
        let hosts = (0..scenario.nodes).map(|index| {
            let name = match NAMES.get(index) {
                Some(name) => PeerName::new(name),
                None => PeerName::new(format_args!("node{index}")),
            };
            let disk = SimDisk::new(&format!("{name}.chain"), random.random());
            let skew = scenario.faults.skew(&mut random);
            Host::new(name, 7000 + index as u16, disk, skew)
        });
        let hosts: Vec<_> = hosts.collect();
        World {
            scenario,
            trace,
            watch: None,
            time: Duration::ZERO,
            plan: BinaryHeap::new(),
            planned: 0,
            mallory: scenario.faults.mallory.then(|| Mallory::new(hosts.len())),
            counts: Counts {
                skewed: hosts.iter().filter(|host| host.skew != 0).count() as u64,
                ..Counts::default()
            },
            hosts,
            network: Network::default(),
            random,
            is_calm: false,
            made: BTreeMap::new(),
            agreed: None,
        }
    }

    fn run(&mut self) -> Check {
        self.plan_faults();
        for index in 0..self.hosts.len() {
            self.start(index)?;
        }
        while let Some(Reverse((time, _, happening))) = self.plan.pop() {
            if time > self.scenario.duration {
                break;
            }
            self.time = time;
            self.happen(happening)?;
            self.check_agreement()?;
        }
        self.check_end()
    }

    fn plan_faults(&mut self) {
        let faults = &self.scenario.faults;
        let seconds = Duration::from_secs;
        if faults.partition.is_some() {
            self.plan_in(PARTITION_BEGINS, Happening::PartitionBegins);
        }
        if faults.crashes {
            self.plan_in(seconds(30), Happening::CrashBegins);
        }
        if faults.clock_jumps {
            self.plan_in(seconds(300), Happening::ClockJumps);
        }
        if faults.mallory {
            self.plan_in(seconds(5), Happening::MalloryActs);
        }
        self.plan_in(self.scenario.calm(), Happening::Calm);
    }

    fn plan_in(&mut self, time: Duration, happening: Happening) {
        self.planned += 1;
        self.plan.push(Reverse((self.time + time, self.planned, happening)));
    }

    fn happen(&mut self, happening: Happening) -> Check {
        match happening {
            Happening::Wake(index) => {
                if self.hosts[index].wake == Some(self.time) {
                    self.hosts[index].wake = None;
                    return self.step(index, Input::Wake);
                }
                Ok(())
            }
            Happening::Deliver { to, from, bytes } if to < self.hosts.len() => {
                self.step(to, Input::Datagram { from, bytes: &bytes })
            }
            Happening::Deliver { from, bytes, .. } => {
                self.mallory_hears(&from, &bytes);
                Ok(())
            }
            Happening::MalloryActs => {
                self.mallory_acts();
                Ok(())
            }
            fault => self.fault(fault),
        }
    }

    fn report(self) -> Report {
        let best = self.hosts.iter().filter_map(|host| host.up.as_deref());
        let chain = best.map(|(node, _)| node.chain()).max_by_key(|chain| chain.count());
        let made = self.made.values().map(Vec::len).sum();
        Report {
            seed: self.scenario.seed,
            time: self.scenario.duration,
            nodes: self.hosts.len(),
            height: chain.map_or(0, Chain::height),
            made,
            forks: self.made.values().filter(|hashes| hashes.len() > 1).count(),
            is_agreed: self.is_agreed(),
            agreed: self.agreed,
            counts: self.counts,
        }
    }
}
