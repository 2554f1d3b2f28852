//! The machines: each has a node, a store, a disk, and its own clock.

use std::ops::{ControlFlow, Range};
use std::time::Duration;

use super::scenario::EPOCH;
use super::sight::Sight;
use super::validity::{check_tail, check_whole};
use super::{Check, Happening, World};
use crate::block::Nonce;
use crate::driver::give;
use crate::event::Event;
use crate::fast;
use crate::node::{Input, Node, Now, Output, Save, Settings};
use crate::peer::PeerName;
use crate::sim_disk::SimDisk;
use crate::store::Store;

/// How many blocks are shared at once: one page.
const SHARED_AT_ONCE: usize = 1024;

/// A machine with a node on it.
pub(super) struct Host {
    pub(super) name: PeerName,
    pub(super) port: u16,
    pub(super) disk: SimDisk,
    /// Node and store; `None` while the machine is down. In a box, because every step takes
    /// them out and puts them back, and a node is a kilobyte to move.
    pub(super) up: Option<Box<(Node, Store<SimDisk>)>>,
    /// How many times it was started.
    pub(super) starts: u64,
    /// Seconds by which its wall clock is always wrong.
    pub(super) skew: i64,
    /// Seconds by which its clock has jumped for a while.
    pub(super) jump: i64,
    /// Blocks in the longest chain that it has announced.
    pub(super) announced: usize,
    /// The factor by which it tries more nonces in a turn than its node asks for.
    pub(super) speed: u64,
    /// Whether it stays down until an order switches it on.
    pub(super) is_stopped: bool,
    /// The number of blocks in its chain when its old blocks were last shared.
    pub(super) shared: usize,
    /// When its next wake is planned.
    pub(super) wake: Option<Duration>,
}

/// Why a step of a machine ended early.
enum Stop {
    /// The power failed in the middle of a write.
    PowerCut,
    /// A check failed.
    Failed(String),
}

impl Host {
    /// A machine that has never been switched on.
    pub(super) fn new(name: PeerName, port: u16, disk: SimDisk, skew: i64) -> Host {
        Host {
            name,
            port,
            disk,
            up: None,
            starts: 0,
            skew,
            jump: 0,
            announced: 0,
            speed: 1,
            is_stopped: false,
            shared: 0,
            wake: None,
        }
    }
}

impl World<'_> {
    /// Switches a machine on: its store repairs its files by itself.
    pub(super) fn start_host(&mut self, index: usize) -> Check {
        let peers = self.names().filter(|name| **name != self.hosts[index].name).cloned().collect();
        let host = &mut self.hosts[index];
        let (store, chain, repairs) = match Store::open(host.disk.clone(), self.target) {
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
        host.shared = 0;
        let settings = Settings {
            nonces: self.nonces,
            listen: self.listen,
            seed: self.scenario.seed ^ (host.starts << 32),
            ..Settings::tutorial(host.name.clone(), host.port, peers)
        };
        host.up = Some(Box::new((Node::new(settings, chain), store)));
        self.step(index, Input::Start)
    }

    /// All names, including that of the hostile peer.
    pub(super) fn names(&self) -> impl Iterator<Item = &PeerName> {
        let mallory = self.mallory.iter().map(|mallory| &mallory.name);
        self.hosts.iter().map(|host| &host.name).chain(mallory)
    }

    /// Gives a node an input, and carries out its outputs.
    pub(super) fn step(&mut self, index: usize, input: Input) -> Check {
        let now = self.now(index);
        let Some(mut up) = self.hosts[index].up.take() else { return Ok(()) };
        let (node, store) = &mut *up;
        let before = node.chain().count();
        let given =
            give(node, || now, input, |node, output| self.carry_out(index, node, store, output));
        match given {
            ControlFlow::Continue(()) => {
                self.hosts[index].up = Some(up);
                self.after_step(index, before)
            }
            ControlFlow::Break(Stop::PowerCut) => {
                drop(up);
                self.crash(index);
                Ok(())
            }
            ControlFlow::Break(Stop::Failed(what)) => Err(what),
        }
    }

    fn carry_out(
        &mut self,
        index: usize,
        node: &Node,
        store: &mut Store<SimDisk>,
        output: Output,
    ) -> ControlFlow<Stop, Option<Input<'static>>> {
        match output {
            Output::Search(search) if self.outside.is_some() => {
                let name = self.hosts[index].name.clone();
                self.outside.get_or_insert_default().push((name, search));
            }
            Output::Search(mut search) => {
                let Range { start, end } = search.counters;
                let tries = (end - start).saturating_mul(self.hosts[index].speed);
                search.counters.end = start.saturating_add(tries).min(Nonce::COUNTER_END);
                let found = fast::search(&search.header, search.counters.clone(), search.target);
                return ControlFlow::Continue(Some(Input::Searched { search, found }));
            }
            Output::Save(save) => self.save(index, node, store, &save)?,
            Output::Send { to, bytes } => {
                self.hosts[index].announced = node.chain().count();
                to.iter().for_each(|to| self.send(index, to, &bytes));
            }
            Output::Event(event) => self.tell(index, node, &event),
        }
        ControlFlow::Continue(None)
    }

    fn save(
        &self,
        index: usize,
        node: &Node,
        store: &mut Store<SimDisk>,
        save: &Save,
    ) -> ControlFlow<Stop> {
        let host = &self.hosts[index];
        if let Err(what) = check_tail(&host.name, node.chain(), save.from) {
            return ControlFlow::Break(Stop::Failed(what));
        }
        match store.save(save.from, &save.blocks) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) if host.disk.is_off() => ControlFlow::Break(Stop::PowerCut),
            Err(error) => {
                let what = format!("{} cannot save: {error}", host.name);
                ControlFlow::Break(Stop::Failed(what))
            }
        }
    }

    fn after_step(&mut self, index: usize, before: usize) -> Check {
        let host = &mut self.hosts[index];
        let Some((node, _)) = host.up.as_deref_mut() else { return Ok(()) };
        let count = node.chain().count();
        if count >= host.shared + SHARED_AT_ONCE {
            host.shared = count;
            node.share_chain(&mut self.pool);
            host.disk.share(&mut self.pool);
        }
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

    /// Sends a datagram of an honest node.
    fn send(&mut self, index: usize, to: &PeerName, bytes: &[u8]) {
        let from = self.hosts[index].name.clone();
        self.transmit(Some(index), from, to, bytes);
    }

    /// Notes an event of a node.
    pub(super) fn tell(&mut self, index: usize, node: &Node, event: &Event) {
        self.show(Sight::Event(node, event));
        match event {
            Event::Created { height, .. } => {
                self.made.resize(self.made.len().max(height + 1), 0);
                self.made[*height] += 1;
            }
            Event::Copied { abandoned, .. } => self.counts.note_copy(*abandoned),
            Event::Ignored { .. } => self.counts.ignored += 1,
            _ => {}
        }
        if self.trace.is_some() {
            let name = self.hosts[index].name.clone();
            self.say(format_args!("{name}: {event}"));
        }
    }

    pub(super) fn show(&mut self, sight: Sight) {
        if let Some(watch) = &mut self.watch {
            watch(self.time, sight);
        }
    }

    pub(super) fn say(&mut self, what: std::fmt::Arguments) {
        if let Some(trace) = &mut self.trace {
            let (seconds, millis) = (self.time.as_secs(), self.time.subsec_millis());
            trace(&format!("{seconds:>5}.{millis:03} {what}"));
        }
    }
}
