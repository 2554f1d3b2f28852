//! A whole network in one thread: the same [`Node`] and the same store, under a
//! virtual clock, a faulty network, faulty disks and a hostile peer.
//!
//! Everything that happens follows from the seed: the same seed gives the same
//! steps, byte for byte, on any machine. After every step the world is checked:
//!
//! - *safety*: a node's chain is valid and never gets shorter, and its announced blocks
//!   survive a crash;
//! - *liveness*: when the faults are over and mining goes on, all nodes agree
//!   within [`AGREEMENT_BOUND`].
//!
//! [`Scenario::run`] runs a scenario to its end. A program that shows a network, or lets
//! people play with it, drives a [`World`] step by step, at its own pace, and can give it
//! an [`Order`] at any time.
//!
//! Hashing costs next to nothing, because the target is easy and a turn tries a single
//! nonce; blocks come at the real network's rate.

mod sight;
mod faults;
mod scenario;
mod report;
mod validity;
mod machine;
mod network;
mod mallory;
mod checks;
mod driving;
mod orders;
mod outside;

pub use self::faults::{Faults, Partition};
pub use self::orders::{MAX_DELAY, MAX_NODES, Order, Refusal};
pub use self::report::{Counts, Failure, Report};
pub use self::scenario::{AGREEMENT_BOUND, EPOCH, Scenario, TARGET};
pub use self::sight::{Sight, Watch};

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use self::machine::Host;
use self::mallory::Mallory;
use self::network::Network;
use self::scenario::PARTITION_BEGINS;
use crate::chain::Chain;
use crate::node::{Input, Node, Search};
use crate::pages::Pool;
use crate::peer::PeerName;
use crate::sim_disk::SimDisk;
use crate::target::Target;

/// First names, the names of simulated nodes.
const NAMES: [&str; 12] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "kim",
    "leo",
];

impl Scenario {
    /// Runs it, and gives every step to `trace`.
    ///
    /// # Errors
    /// A failed check, and when it failed.
    pub fn run<'a>(&'a self, trace: Trace<'a>) -> Result<Report, Failure> {
        self.run_watched(trace, None)
    }

    /// Runs it, gives every step to `trace`, and shows `watch` what the nodes do.
    ///
    /// # Errors
    /// A failed check, and when it failed.
    pub fn run_watched<'a>(
        &'a self,
        trace: Trace<'a>,
        watch: Watch<'a>,
    ) -> Result<Report, Failure> {
        let trace = trace.map(|trace| Box::new(trace) as _);
        let watch = watch.map(|watch| Box::new(watch) as _);
        let mut world = World { trace, watch, ..World::new(self.clone()) };
        world.start()?;
        world.run_to(self.duration)?;
        world.end()?;
        Ok(world.report())
    }
}

/// The receiver of every step, if there is one: a line without its end.
pub type Trace<'a> = Option<&'a mut dyn FnMut(&str)>;

type Tracer<'a> = Box<dyn FnMut(&str) + 'a>;
type Watcher<'a> = Box<dyn FnMut(Duration, Sight) + 'a>;

/// The index of the hostile peer: after all machines.
const MALLORY: usize = usize::MAX;

/// A failed check, in words.
type Check<T = ()> = Result<T, String>;

/// A planned event.
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

/// A network under a virtual clock, which advances step by step.
///
/// ```
/// use std::time::Duration;
/// use cairn::sim::{Order, Scenario, World};
///
/// let mut world = World::new(Scenario::endless(7, 3));
/// world.start()?;
/// world.run_to(Duration::from_secs(60))?;
/// world.obey(Order::Add)?;
/// world.run_to(Duration::from_secs(120))?;
/// assert_eq!(world.nodes().count(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct World<'a> {
    scenario: Scenario,
    trace: Option<Tracer<'a>>,
    watch: Option<Watcher<'a>>,
    random: ChaCha8Rng,
    time: Duration,
    /// The planned events, by time and then in the order in which they were planned.
    plan: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    planned: u64,
    hosts: Vec<Host>,
    /// The parts of chains and files that machines share.
    pool: Pool,
    network: Network,
    mallory: Option<Mallory>,
    /// The target that every block's hash must meet.
    target: Target,
    /// The nonces of a mining turn, and the length of a turn of listening.
    nonces: u64,
    listen: Duration,
    /// The searches that wait for a program outside, if they are not done here.
    outside: Option<Vec<(PeerName, Search)>>,
    is_calm: bool,
    counts: Counts,
    /// The number of blocks made at each height.
    made: Vec<u32>,
    /// When all agreed for the first time after the faults.
    agreed: Option<Duration>,
}

impl<'a> World<'a> {
    /// The world of a scenario, before its start.
    pub fn new(scenario: Scenario) -> World<'a> {
        let mut random = ChaCha8Rng::seed_from_u64(scenario.seed);
        random.set_stream(1);
        let mut world = World {
            trace: None,
            watch: None,
            time: Duration::ZERO,
            plan: BinaryHeap::new(),
            planned: 0,
            mallory: scenario.faults.mallory.then(Mallory::new),
            counts: Counts::default(),
            hosts: Vec::new(),
            pool: Pool::default(),
            network: Network::default(),
            random,
            target: TARGET,
            nonces: 1,
            listen: Duration::from_secs(1),
            outside: None,
            is_calm: false,
            made: Vec::new(),
            agreed: None,
            scenario,
        };
        (0..world.scenario.nodes).for_each(|_| world.add_host());
        world
    }

    /// From now on shows `watch` what the nodes do.
    #[must_use]
    pub fn watched(self, watch: impl FnMut(Duration, Sight) + 'a) -> World<'a> {
        World { watch: Some(Box::new(watch)), ..self }
    }

    /// Adds one more machine, which is off.
    fn add_host(&mut self) {
        let index = self.hosts.len();
        let name = match NAMES.get(index) {
            Some(name) => PeerName::new(name),
            None => PeerName::new(format_args!("node{index}")),
        };
        let disk = SimDisk::new(&format!("{name}.chain"), self.random.random());
        let skew = self.scenario.faults.skew(&mut self.random);
        self.counts.skewed += u64::from(skew != 0);
        self.hosts.push(Host::new(name, 7000 + index as u16, disk, skew));
    }

    /// The nodes whose machines are up.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.hosts.iter().filter_map(|host| host.up.as_deref()).map(|(node, _)| node)
    }

    fn plan_faults(&mut self) {
        let faults = self.scenario.faults.clone();
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
            Happening::Deliver { to: MALLORY, from, bytes } => {
                self.mallory_hears(&from, &bytes);
                Ok(())
            }
            Happening::Deliver { to, from, bytes } => {
                self.step(to, Input::Datagram { from, bytes: &bytes })
            }
            Happening::MalloryActs => {
                self.mallory_acts();
                Ok(())
            }
            fault => self.fault(fault),
        }
    }

    /// The report of the run.
    pub fn report(&self) -> Report {
        let chain = self.nodes().map(Node::chain).max_by_key(|chain| chain.count());
        let made = self.made.iter().map(|&made| made as usize).sum();
        Report {
            seed: self.scenario.seed,
            time: self.time,
            nodes: self.hosts.len(),
            height: chain.map_or(0, Chain::height),
            made,
            forks: self.made.iter().filter(|&&made| made > 1).count(),
            is_agreed: self.is_agreed(),
            agreed: self.agreed,
            counts: self.counts.clone(),
        }
    }
}
