//! A whole network in one thread: the same [`Node`] and the same store, under a
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

mod faults;
mod mallory;
mod network;
mod report;

pub use self::faults::{Faults, Partition};
pub use self::report::{Counts, Failure, Report};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use self::mallory::Mallory;
use self::network::Network;
use crate::chain::Chain;
use crate::event::Event;
use crate::hash::Hash;
use crate::miner;
use crate::node::{Input, Node, Now, Output, Settings};
use crate::peer::PeerName;
use crate::rules::{self, Tip};
use crate::sim_disk::SimDisk;
use crate::store::Store;
use crate::target::Target;

/// One hash in 64 will do, so that a turn can be a single nonce.
pub const TARGET: Target = Target::from_zero_bits(6);

/// The wall's clock at the start of every simulation, in Unix seconds.
pub const EPOCH: u32 = 1_700_000_000;

/// The part of a simulation, at its end, in which there are no faults: a quarter.
const CALM_PART: u32 = 4;

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

    /// Runs it, and tells `trace` of every step.
    ///
    /// # Errors
    /// What should never happen, and when it did.
    pub fn run<'a>(&'a self, trace: Trace<'a>) -> Result<Report, Failure> {
        let mut world = World::new(self, trace);
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

/// A machine with a node on it.
struct Host {
    name: PeerName,
    port: u16,
    disk: SimDisk,
    /// Node and store; `None` while the machine is down.
    up: Option<(Node, Store<SimDisk>)>,
    /// How many times it has been started.
    starts: u64,
    /// Seconds by which its wall clock is always wrong.
    skew: i64,
    /// Seconds by which it has jumped, for a while.
    jump: i64,
    /// Blocks in the longest chain that it has told anybody of.
    announced: usize,
    /// When its next wake is planned.
    wake: Option<Duration>,
}

struct World<'a> {
    scenario: &'a Scenario,
    trace: Trace<'a>,
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
            Host {
                name,
                port: 7000 + index as u16,
                disk,
                up: None,
                starts: 0,
                skew,
                jump: 0,
                announced: 0,
                wake: None,
            }
        });
        let hosts: Vec<_> = hosts.collect();
        World {
            scenario,
            trace,
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
        let calm = self.scenario.duration - self.scenario.duration / CALM_PART;
        let seconds = Duration::from_secs;
        if faults.partition.is_some() {
            self.plan_in(seconds(60), Happening::PartitionBegins);
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
        self.plan_in(calm, Happening::Calm);
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

    /// Switches a machine on: its store mends what is to be mended, by itself.
    fn start(&mut self, index: usize) -> Check {
        let peers = self.names().filter(|name| **name != self.hosts[index].name).cloned().collect();
        let host = &mut self.hosts[index];
        let (store, chain, repairs) = match Store::open(host.disk.clone(), TARGET) {
            Ok(opened) => opened,
            // The power may fail again while it starts.
            Err(_) if host.disk.is_off() => {
                self.crash(index);
                return Ok(());
            }
            Err(error) => return Err(format!("{} cannot start: {error}", host.name)),
        };
        if chain.count() < host.announced {
            let (name, count, announced) = (&host.name, chain.count(), host.announced);
            return Err(format!("{name} announced {announced} blocks and starts with {count}"));
        }
        check_whole(&host.name, &chain)?;
        self.counts.repairs += repairs.len() as u64;
        host.starts += 1;
        let settings = Settings {
            name: host.name.clone(),
            port: host.port,
            peers,
            nonces: 1,
            listen: Duration::from_secs(1),
            seed: self.scenario.seed ^ (host.starts << 32),
        };
        host.up = Some((Node::new(settings, chain), store));
        self.step(index, Input::Start)
    }

    /// All names, the hostile one's too.
    fn names(&self) -> impl Iterator<Item = &PeerName> {
        let mallory = self.mallory.iter().map(|mallory| &mallory.name);
        self.hosts.iter().map(|host| &host.name).chain(mallory)
    }

    /// Gives a node an input, and does all that it asks for in return.
    fn step(&mut self, index: usize, input: Input) -> Check {
        let now = self.now(index);
        let Some((node, _)) = &mut self.hosts[index].up else { return Ok(()) };
        let before = node.chain().count();
        let mut outputs = node.step(now, input);
        outputs.reverse();
        while let Some(output) = outputs.pop() {
            let host = &mut self.hosts[index];
            let Some((node, store)) = &mut host.up else { return Ok(()) };
            match output {
                Output::Search(search) => {
                    let found = miner::search(&search.header, search.counters.clone(), TARGET);
                    let more = node.step(now, Input::Searched { search, found });
                    outputs.extend(more.into_iter().rev());
                }
                Output::Save { from } => {
                    check_tail(&host.name, node.chain(), from)?;
                    if store.save(node.chain(), from).is_err() {
                        // The power failed in the midst of it.
                        self.crash(index);
                        return Ok(());
                    }
                }
                Output::Send { to, bytes } => self.send(index, &to, &bytes),
                Output::Broadcast(bytes) => {
                    let peers: Vec<_> = node.peers().cloned().collect();
                    peers.iter().for_each(|to| self.send(index, to, &bytes));
                }
                Output::Event(event) => self.tell(index, &event),
            }
        }
        self.after_step(index, before)
    }

    fn after_step(&mut self, index: usize, before: usize) -> Check {
        let host = &mut self.hosts[index];
        let Some((node, _)) = &host.up else { return Ok(()) };
        let count = node.chain().count();
        if count < before {
            return Err(format!("{}'s chain got shorter: {before} to {count}", host.name));
        }
        if let Some(wake) = node.wake().map(|wake| wake.max(self.time))
            && host.wake != Some(wake)
        {
            host.wake = Some(wake);
            self.plan_in(wake - self.time, Happening::Wake(index));
        }
        Ok(())
    }

    fn now(&self, index: usize) -> Now {
        let host = &self.hosts[index];
        let seconds = i64::from(EPOCH) + self.time.as_secs() as i64 + host.skew + host.jump;
        Now { monotonic: self.time, wall: seconds as u32 }
    }

    /// Puts a datagram of an honest node on its way.
    fn send(&mut self, index: usize, to: &PeerName, bytes: &[u8]) {
        if let Some((node, _)) = &self.hosts[index].up {
            self.hosts[index].announced = node.chain().count();
        }
        let from = self.hosts[index].name.clone();
        self.transmit(Some(index), from, to, bytes);
    }

    /// Notes what a node tells of.
    fn tell(&mut self, index: usize, event: &Event) {
        match event {
            Event::Created { height, hash } => self.made.entry(*height).or_default().push(*hash),
            Event::Copied { abandoned, .. } => self.counts.note_copy(*abandoned),
            Event::Ignored { .. } => self.counts.ignored += 1,
            _ => {}
        }
        if self.trace.is_some() {
            let name = self.hosts[index].name.clone();
            self.say(format_args!("{name}: {event}"));
        }
    }

    fn say(&mut self, what: std::fmt::Arguments) {
        if let Some(trace) = &mut self.trace {
            let (seconds, millis) = (self.time.as_secs(), self.time.subsec_millis());
            trace(&format!("{seconds:>5}.{millis:03} {what}"));
        }
    }

    /// Whether all machines are up and stand on the same block.
    fn is_agreed(&self) -> bool {
        let tip = |host: &Host| host.up.as_ref().map(|(node, _)| node.chain().tip_hash());
        let first = tip(&self.hosts[0]);
        first.is_some() && self.hosts.iter().all(|host| tip(host) == first)
    }

    fn check_agreement(&mut self) -> Check {
        if !self.is_calm || self.agreed.is_some() {
            return Ok(());
        }
        let calm = self.scenario.duration - self.scenario.duration / CALM_PART;
        if self.is_agreed() {
            self.agreed = Some(self.time - calm);
            let time = self.time - calm;
            self.say(format_args!("all agree, {time:?} after the last fault"));
        } else if self.time > calm + AGREEMENT_BOUND {
            let heights = self.hosts.iter().map(|host| match &host.up {
                Some((node, _)) => format!("{} at {}", host.name, node.chain().height()),
                None => format!("{} down", host.name),
            });
            let heights = heights.collect::<Vec<_>>().join(", ");
            return Err(format!("no agreement in {AGREEMENT_BOUND:?} without faults: {heights}"));
        }
        Ok(())
    }

    fn check_end(&mut self) -> Check {
        for host in &self.hosts {
            if let Some((node, _)) = &host.up {
                check_whole(&host.name, node.chain())?;
            }
        }
        if let Some(unused) = self.counts.unused(&self.scenario.faults) {
            return Err(format!("a fault that should have come never did: {unused}"));
        }
        let is_short = self.scenario.duration / CALM_PART < AGREEMENT_BOUND;
        match self.agreed {
            None if !is_short => Err("they never agreed after the last fault".to_owned()),
            _ => Ok(()),
        }
    }

    fn report(self) -> Report {
        let best = self.hosts.iter().filter_map(|host| host.up.as_ref());
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

/// Whether the blocks from a height on are valid, by the plain rules.
fn check_tail(name: &PeerName, chain: &Chain, from: usize) -> Check {
    let tail = chain.blocks()[from..].as_flattened();
    match rules::check(chain.tip_at(from), tail, TARGET) {
        Ok(tip) if tip.hash() == chain.tip_hash() => Ok(()),
        Ok(_) => Err(format!("{name} has another tip than its chain")),
        Err(invalid) => Err(format!("{name}'s chain is not valid: {invalid}")),
    }
}

fn check_whole(name: &PeerName, chain: &Chain) -> Check {
    match rules::check(Tip::START, chain.as_bytes(), TARGET) {
        Ok(tip) if tip.hash() == chain.tip_hash() => Ok(()),
        Ok(_) => Err(format!("{name} has another tip than its chain")),
        Err(invalid) => Err(format!("{name}'s chain is not valid: {invalid}")),
    }
}
